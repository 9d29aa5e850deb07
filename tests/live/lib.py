"""A whole Gatehouse for a test: a state directory, the responder, a web server before it.

Standard library only. Everything is below one temporary directory and goes with it: the processes are
found by that directory's name, so that a test can say that none is left.

    with Gatehouse("nginx") as g:
        g.call("GET", "/health/status").json

GATEHOUSE_BUILD names the directory of the programs (build-test/ in the clone where it is unset).
"""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GATEHOUSE_BUILD") or ROOT / "build-test").resolve()
API = "/gateway_manager/v1"
PATIENCE = 120          # s until something that has to happen is taken for one that does not
PAUSE = 0.05            # s between two looks
UNSETTLED = ("queued", "running")


class Skip(Exception):
    """A test lacks something of the host; the message says what."""


class Reply:
    def __init__(self, answer):
        self.status, self.headers, self.raw = answer.status, answer.headers, answer.read()
        try:
            self.json = json.loads(self.raw)
        except ValueError:
            self.json = None

    def __repr__(self):
        return f"{self.status} {self.raw[:400]!r}"


def check(holds, *seen):
    """An assertion that shows what was seen."""
    if not holds:
        raise AssertionError(" ".join(str(s) for s in seen) or "does not hold")


def until(what, holds):
    """Waits until HOLDS() gives something true, and gives it back."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(PAUSE)
    raise AssertionError(f"waited {PATIENCE} s in vain for {what}")


def run_all(functions):
    """Calls all of them at once, each in a thread; gives their results, or raises the first fault."""
    results = [None] * len(functions)

    def one(i, function):
        try:
            results[i] = (function(), None)
        except Exception as e:
            results[i] = (None, e)

    threads = [threading.Thread(target=one, args=a) for a in enumerate(functions)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for _, fault in results:
        if fault:
            raise fault
    return [value for value, _ in results]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def processes(text):
    """The living processes whose arguments or environment hold TEXT: {pid: command line}."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, IndexError):
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            line = (entry / "cmdline").read_bytes()
            if text.encode() not in line + (entry / "environ").read_bytes():
                continue
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def resident(pid):
    """Resident memory in KiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def threads(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))


def is_sanitized():
    return b"__asan_init" in (BUILD / "gatehouse.fcgi").read_bytes()


class Responder:
    """The responder on a listening unix socket as descriptor 0, started anew when it ends, as systemd does."""

    def __init__(self, program, path, env, log):
        self.arguments, self.env, self.log = [str(program)], env, log
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, 0o666)           # Apache's workers may be another user's
        self.socket.listen(128)
        self.ending, self.ends, self.lock = False, [], threading.Lock()
        self.process = self.spawn()
        self.thread = threading.Thread(target=self.keep, daemon=True)
        self.thread.start()

    def spawn(self):
        return subprocess.Popen(self.arguments, stdin=self.socket, stdout=self.log, stderr=self.log, env=self.env)

    def keep(self):
        while True:
            self.ends.append(self.process.wait())
            with self.lock:
                if self.ending:
                    return
                self.process = self.spawn()

    def stop(self):
        with self.lock:
            self.ending = True
            self.process.terminate()
        self.thread.join(PATIENCE)
        if self.thread.is_alive():
            self.process.kill()
            raise AssertionError("the responder did not end on SIGTERM")
        self.socket.close()


class Gatehouse:
    """One running Gatehouse. KIND is one of servers.KINDS; SETTINGS are lines of gatehouse.conf by section."""

    def __init__(self, kind, settings=None, unbuffered=False):
        self.unbuffered = unbuffered
        self.kind, self.user, self.password = kind, "admin", secrets.token_urlsafe(18)
        servers.need(kind)
        for name in ("gatehouse.fcgi", "gatehoused", "gatehouse"):
            check((BUILD / name).exists(), f"{BUILD / name} is not built")
        self.responder = self.server = None
        self.programs = BUILD
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-live-"))
        self.state, self.code, self.logs = self.dir / "state", self.dir / "code", self.dir / "sanitizer"
        self.log = open(self.dir / "log", "ab")
        try:
            self.prepare(settings or {})
            self.start()
        except Exception as fault:
            self.__exit__(type(fault), fault, fault.__traceback__)
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, fault, trace):
        if not fault or kind is Skip:
            self.stop()
            return
        more = self.tail()
        try:
            self.stop()
        except AssertionError as also:
            more = f"and then: {also}"
        raise AssertionError(f"{kind.__name__}: {fault}\n{more}").with_traceback(trace) from None

    # Starting

    def prepare(self, settings):
        os.chmod(self.dir, 0o755)
        for d in (self.state, self.code, self.logs):
            d.mkdir()
        self.become = servers.other_user(self.kind)
        if self.become:                 # another user may not be able to read the clone
            self.programs = self.dir / "bin"
            self.programs.mkdir()
            for name in ("gatehouse.fcgi", "gatehoused", "gatehouse"):
                shutil.copy2(BUILD / name, self.programs / name)
                os.chmod(self.programs / name, 0o755)
            for d in (self.state, self.code, self.logs):
                shutil.chown(d, self.become, self.become)
        lines = {"state": {"dir": self.state}, "dispatcher": {"program": self.programs / "gatehoused"},
                 "local": {"roots": self.code}, "run": {"grace": 1}}
        for section, keys in settings.items():
            lines.setdefault(section, {}).update(keys)
        self.config = self.dir / "gatehouse.conf"
        self.config.write_text("".join(f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items())
                                       for section, keys in lines.items()))
        self.environment = {
            "GATEHOUSE_CONFIG": str(self.config),
            "ASAN_OPTIONS": f"log_path={self.logs}/asan:exitcode=99",
            "UBSAN_OPTIONS": f"log_path={self.logs}/ubsan:print_stacktrace=1",
            "LSAN_OPTIONS": f"suppressions={self.dir}/lsan.supp:print_suppressions=0",
            "GATEHOUSE_CRASH": str(self.dir / "crash"),     # where there is such a file: src/base/crash.h
        }
        shutil.copy(ROOT / "tests" / "lsan.supp", self.dir)
        self.env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", **self.environment}
        self.init()

    def init(self):
        out, into = os.pipe()
        os.write(into, self.password.encode())
        os.close(into)
        try:
            made = self.admin("init", "--user", self.user, "--password-fd", str(out), pass_fds=[out])
        finally:
            os.close(out)
        check(made.returncode == 0, "gatehouse init:", made.returncode, made.stdout, made.stderr)

    def admin(self, *words, **more):
        """Runs the admin command; gives the finished process."""
        if self.become:
            more.update(user=self.become, group=self.become, extra_groups=[])
        return subprocess.run([self.programs / "gatehouse", *map(str, words)], env=self.env, cwd=self.dir,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, **more)

    def start(self):
        self.socket_path = str(self.dir / "fcgi.sock")
        if self.kind in servers.FASTCGI:
            self.responder = Responder(self.programs / "gatehouse.fcgi", self.socket_path, self.env, self.log)
        for _ in range(3):              # another program may have taken the port meanwhile
            self.port = free_port()
            self.server = servers.start(self)
            if self.is_up():
                break
        else:
            raise AssertionError(f"{self.kind} does not serve:\n{self.tail()}")
        # Only our own server knows our password, and only a true one refuses another.
        right, wrong = self.call("GET", "/gateways"), self.call("GET", "/gateways", auth=(self.user, "wrong"))
        check((right.status, wrong.status) == (200, 401), "not the server that was started:", right, wrong)

    def is_up(self):
        def answers():
            if self.server.poll() is not None:
                return "ended"
            with contextlib.suppress(OSError, http.client.HTTPException):
                return "serves" if self.call("GET", "/health/status", auth=None).status == 200 else None
        return until(f"an answer of {self.kind}", answers) == "serves"

    def tail(self):
        self.log.flush()
        files = [self.dir / "log", self.dir / "server.log"]
        return "\n".join(f.read_text(errors="replace")[-2000:] for f in files if f.exists())

    # Stopping

    def stop(self):
        """Ends all processes in order. Raises where one is left or a sanitizer had something to say."""
        faults = []
        if self.responder and self.responder.ends and self.server:
            # A new one may be starting just now: only one that serves can end in order.
            with contextlib.suppress(OSError, AssertionError):
                self.is_up()
        if self.server and self.server.poll() is not None:
            faults.append(f"the web server ended by itself with {self.server.poll()}")
        elif self.server:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(PATIENCE)
        if self.responder:
            try:
                self.responder.stop()
                check(self.responder.ends[-1] == 0, "the responder ended with", self.responder.ends[-1])
            except AssertionError as e:
                faults.append(str(e))
        faults += self.stop_dispatcher()
        try:
            until("the end of all processes", lambda: not processes(str(self.dir)))
        except AssertionError:
            left = processes(str(self.dir))
            faults.append(f"processes left: {left}")
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        groups = self.state / "gatehoused.cgroup"
        if groups.exists() and os.path.exists(groups.read_text().strip()):
            faults.append(f"control groups left: {groups.read_text()}")
        for report in sorted(self.logs.glob("*")) if self.logs.exists() else []:
            faults.append(f"sanitizer:\n{report.read_text(errors='replace')[:4000]}")
        if faults and os.environ.get("GATEHOUSE_KEEP"):
            faults.append(f"kept: {self.dir}")
        else:
            faults and faults.append(self.tail())
            shutil.rmtree(self.dir, ignore_errors=True)
        self.log.close()
        check(not faults, "\n".join(faults))

    def stop_dispatcher(self):
        pid = self.dispatcher_pid()
        if pid:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
            try:
                until("the dispatcher's end", lambda: self.dispatcher_pid() != pid)
            except AssertionError as e:
                return [str(e)]
        return []

    def dispatcher_pid(self):
        """The living dispatcher's, or 0."""
        try:
            pid = int((self.state / "gatehoused.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0
        return pid if "gatehoused" in processes(str(self.dir)).get(pid, "") else 0

    # Calling

    def connect(self, timeout=PATIENCE * 3):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def call(self, method, path, body=None, auth="own", headers=None, raw=None, connection=None):
        """One request. PATH is below the API's base, or whole where it begins with //. AUTH: (user, password)."""
        sent = {"Accept": "application/json"}
        if body is not None:
            raw, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        if auth == "own":
            auth = (self.user, self.password)
        if auth:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        sent.update(headers or {})
        own = connection is None
        connection = connection or self.connect()
        try:
            connection.request(method, path[1:] if path.startswith("//") else API + path, raw, sent)
            return Reply(connection.getresponse())
        finally:
            if own:
                connection.close()

    def ok(self, method, path, body=None, **more):
        """A call that has to answer 200; gives its JSON."""
        reply = self.call(method, path, body, **more)
        check(reply.status == 200 and reply.json is not None, method, path, reply)
        return reply.json

    # What tests need again and again

    def gateway(self, kind, settings=None):
        """Makes a gateway with a name of its own; gives the name."""
        name = f"{kind}-{secrets.token_hex(4)}"
        self.ok("POST", "/gateways", {"gateway": {"cluster_id": name, "enabled": True, "readonly": False,
                                                  "connector": {"kind": kind, "settings": settings or {}}}})
        return name

    def gateway_named(self, name, document):
        """A local gateway NAME with what the service file DOCUMENT says."""
        self.ok("POST", "/gateways", {"gateway": {"cluster_id": name, "enabled": True, "readonly": False}})
        self.ok("POST", f"/gateways/{name}/configuration/import", {"options": {"source": "content", "content": document}})

    def program_gateway(self, name, text):
        """A local gateway whose one service NAME is the shell program TEXT; gives the gateway's name."""
        folder = self.code / name
        folder.mkdir(exist_ok=True)
        (folder / "main.sh").write_text(text)
        os.chmod(folder, 0o755)
        os.chmod(folder / "main.sh", 0o755)
        gateway = self.gateway("local")
        document = {
            "executable-objects": [{"name": "sh", "exec-command": "/bin/sh"}],
            "services": [{"name": name, "type": "executable", "executable-object": "sh",
                          "working-directory": str(folder), "filename": "main.sh",
                          "arg-format": "--{{.Key}}={{.Value}}"}]}
        self.ok("POST", f"/gateways/{gateway}/configuration/import",
                {"options": {"source": "content", "content": document}})
        return gateway

    def run(self, gateway, service, params=None, **more):
        return self.ok("POST", "/services/run",
                       {"serviceName": service, "clusterId": gateway, "params": params or {}}, **more)

    def submit(self, gateway, service, params=None):
        """Starts a run and doesn't wait; gives the job's id."""
        return self.run(gateway, service, params, headers={"Prefer": "respond-async"})["result"]["job_id"]

    def job(self, job_id):
        answer = self.ok("GET", f"/jobs/{job_id}")
        return answer.get("result") or answer.get("results") or answer

    def jobs(self, gateway):
        """All jobs of a gateway."""
        answer = self.ok("GET", f"/jobs?cluster_id={gateway}&limit=1000")
        return answer["results"]
