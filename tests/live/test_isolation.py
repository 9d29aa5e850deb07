"""What a service in a sandbox cannot come to, of a whole Gatehouse; and that one without it can, so that this can fail."""
import json
import os
import pathlib
import pwd
import secrets
import shutil

import package_index
from frame import on, own
from git_servers import commit
from lib import ROOT, Skip, check, until

here = on("lighttpd")   # none of it depends on the web server

# Each line says what it came to. The socket of the dispatcher takes orders from who may connect: it answers nothing
# by itself, and closes at once on who is kept out.
LOOK = """
import os, socket
state = "STATE"
def attempt(name, do):
    try:
        print(name, "yes" if do() else "no")
    except OSError:
        print(name, "no")
def held():
    s = socket.socket(socket.AF_UNIX)
    s.connect(state + "/gatehoused.sock")
    s.settimeout(2)
    try:
        return s.recv(1) != b""
    except socket.timeout:
        return True
for name in ("gatehouse.db", "secret.key"):
    attempt(name, lambda: open(f"{state}/{name}", "rb").read(1) != b"")
attempt("runs", lambda: os.listdir(state + "/runs"))
attempt("socket", held)
attempt("made", lambda: open(state + "/made", "w").write("x") and not os.unlink(state + "/made"))
attempt("home", lambda: open(os.environ["HOME"] + "/f", "w").write("x"))
"""


def seen(g):
    gateway = g.gateway("local")
    folder = g.code / "look"
    folder.mkdir()
    (folder / "main.py").write_text(LOOK.replace("STATE", str(g.state)))
    document = {"services": [{"name": "look", "type": "python-script", "working-directory": str(folder),
                              "filename": "main.py"}]}
    g.ok("POST", f"/gateways/{gateway}/configuration/import", {"options": {"source": "content", "content": document}})
    result = g.run(gateway, "look")["result"]
    check(result["return_code"] == 0, result)
    return dict(line.split() for line in result["stdout"].splitlines())


@here
@own()
def test_isolation_none(g):
    there = seen(g)
    check(all(v == "yes" for v in there.values()) and len(there) == 6, there)


@here
@own(local={"sandbox": "landlock"})
def test_isolation_sandbox(g):
    if "no Landlock" in g.admin("doctor").stdout:
        raise Skip("a kernel with Landlock")
    there = seen(g)
    check(there.pop("home") == "yes", there)
    check(all(v == "no" for v in there.values()) and len(there) == 5, there)


@here
@own(local={"run_as": "nobody"})
def test_isolation_another_user(g):
    need(g, root=True)
    there = seen(g)
    check(there.pop("home") == "yes", there)
    check(all(v == "no" for v in there.values()) and len(there) == 5, there)


# --- what a service is given ---

GIVEN = """
import json, os, resource
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
mask = os.umask(0)
json.dump({
    "names": sorted(os.environ), "raw": sorted(n.split(b"=")[0].decode() for n in open("/proc/self/environ", "rb").read().split(b"\\0") if n),
    "no_new_privs": status["NoNewPrivs"].strip(), "umask": oct(mask), "groups": os.getgroups(), "uid": os.getresuid(),
    "stdin": os.readlink("/proc/self/fd/0"), "open": sorted(map(int, os.listdir("/proc/self/fd"))), "leads": os.getsid(0) == os.getpid(),
    "limits": [resource.getrlimit(getattr(resource, "RLIMIT_" + n)) for n in ("AS", "NPROC", "FSIZE")],
    "home": oct(os.stat(os.environ["HOME"]).st_mode & 0o777), "ignored": status["SigIgn"].strip(), "blocked": status["SigBlk"].strip(),
}, __import__("sys").stdout)
"""
ALLOWED = {"PATH", "HOME", "LANG", "TZ", "GATEHOUSE_JOB_ID", "GATEHOUSE_SERVICE"}


def python_service(g, gateway, name, text, **more):
    folder = g.code / name
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(text)
    item = {"name": name, "type": "python-script", "working-directory": str(folder), "filename": "main.py", **more}
    g.ok("POST", f"/gateways/{gateway}/configuration/import",
         {"options": {"source": "content", "content": {"services": [item]}}})


def variables(pid):
    text = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    return {n.split(b"=")[0].decode() for n in text.split(b"\0") if n}


def given(g, also):
    gateway = g.gateway("local")
    python_service(g, gateway, "given", GIVEN, runtime={"env": {"OWN": "1"}})
    result = g.run(gateway, "given")["result"]
    check(result["return_code"] == 0, result)
    seen = result["stdout_json"]
    check(variables(g.dispatcher_pid()) - ALLOWED - {"OWN"}, "the dispatcher itself has nothing that could be handed on")
    check(set(seen["names"]) <= ALLOWED | {"OWN"} | also and "OWN" in seen["names"] and set(seen["raw"]) <= set(seen["names"]), seen)
    check(seen["no_new_privs"] == "1" and seen["umask"] == "0o77" and seen["home"] == "0o700" and seen["leads"], seen)
    # The one more is of the directory that is read.
    check(seen["stdin"] == "/dev/null" and seen["open"] == [0, 1, 2, 3], seen)
    check(seen["limits"] == [[4 << 30] * 2, [4000] * 2, [64 << 20] * 2], seen)
    check(int(seen["blocked"], 16) == 0 and int(seen["ignored"], 16) & ~(1 << 12 | 1 << 24) == 0, seen)   # Python's own
    return seen


LIMITS = {"rlimit_memory": 4096, "rlimit_processes": 4000, "rlimit_files": 64}


@here
@own(run=LIMITS)
def test_isolation_given(g):
    check(given(g, {"LC_CTYPE"})["uid"] == [os.geteuid()] * 3)


@here
@own(run=LIMITS, local={"sandbox": "landlock", "run_as": "nobody"})
def test_isolation_given_to_another_user(g):
    need(g, root=True)
    uid, gid = pwd.getpwnam("nobody")[2:4]
    seen = given(g, {"LC_CTYPE", "TMPDIR"})
    check(seen["uid"] == [uid] * 3 and seen["groups"] == [gid], seen)


# --- runs at the same time, and the dispatcher ---

STAY = """
import os, sys, time
open(os.environ["HOME"] + "/secret", "w").write("mine\\n")
print(os.getpid(), os.environ["HOME"], flush=True)
time.sleep(3000)
"""
# What one run can do to another one, and to the dispatcher. PTRACE_SEIZE stops nothing, and is over with the tracer.
REACH = """
import ctypes, os, sys
told = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
c = ctypes.CDLL(None, use_errno=True)
def attempt(do):
    try:
        do()
        return "y"
    except OSError:
        return "n"
def trace(pid):
    if c.ptrace(0x4206, int(pid), None, None):
        raise OSError(ctypes.get_errno(), "ptrace")
print("".join([attempt(lambda: open(told["home"] + "/secret").read()), attempt(lambda: os.listdir(told["home"])),
    attempt(lambda: open(told["home"] + "/new", "w"))]
    + [attempt(do) for pid in (told["run"], told["dispatcher"]) for do in (
        lambda: os.kill(int(pid), 0), lambda: trace(pid), lambda: open(f"/proc/{pid}/environ").read(), lambda: open(f"/proc/{pid}/mem", "rb"))]))
"""


def need(g, root=False, landlock=False):
    if root and os.getuid() != 0:
        raise Skip("root")
    told = g.admin("doctor").stdout
    if landlock and ("no Landlock" in told or "is old" in told):
        raise Skip("a kernel with Landlock 6")
    os.chmod(g.state, 0o711)


def reached(g, settings=({}, {})):
    """What a run of the second gateway reaches of one of the first that is under way."""
    first, second = (g.gateway("local", s) for s in settings)
    python_service(g, first, "stay", STAY)
    python_service(g, second, "reach", REACH)
    job = g.submit(first, "stay")
    said = until("the first run", lambda: g.call("GET", f"/jobs/{job}/output?stream=stdout").raw.decode()).split()
    result = g.run(second, "reach", {"run": said[0], "home": said[1], "dispatcher": str(g.dispatcher_pid())})["result"]
    check(result["return_code"] == 0, result)
    check(g.job(job)["state"] == "running", "it was hurt", g.job(job))
    check((pathlib.Path(said[1]) / "secret").read_text() == "mine\n")
    g.call("POST", f"/jobs/{job}/cancel", {})
    return result["stdout"].strip()


@here
@own()
def test_isolation_of_runs_none(g):
    told = reached(g)
    check(told == "y" * 11, told)


@here
@own(local={"sandbox": "landlock"})
def test_isolation_of_runs_in_a_sandbox(g):
    need(g, landlock=True)
    told = reached(g)
    check(told == "n" * 11, told)


@here
@own(local={"run_as_users": "nobody:games"})
def test_isolation_of_runs_of_two_users(g):
    need(g, root=True)
    told = reached(g, ({"user": "nobody"}, {"user": "games"}))
    check(told == "n" * 11, told)


# --- code that runs share ---

# It changes its own code, then tries all files below the folder of mirrors and trees.
CHANGE = """
echo changed >>"$(dirname "$0")/text"
find STATE/git -type f 2>/dev/null | while read -r f; do
    { chmod u+w "$f" && echo x >>"$f"; } 2>/dev/null && echo "wrote $f"
done
find STATE/git -type d 2>/dev/null | while read -r d; do
    { chmod u+w "$d" && echo x >"$d/new"; } 2>/dev/null && echo "made $d/new"
done
cat "$(dirname "$0")/text"
"""


def shared(g):
    """What there is of files below the folder of mirrors and trees: {path: content}."""
    return {str(f): f.read_bytes() for f in (g.state / "git").rglob("*") if f.is_file() and not f.is_symlink()
            and f.suffix != ".lock" and f.name != "lock" and "fetched-" not in f.name}


def changing(g):
    """A gateway with a service that changes what it can."""
    commit(g.code / "tools", {"main.sh": CHANGE.replace("STATE", str(g.state)), "text": "as it was\n"})
    os.chmod(g.code / "tools", 0o755)
    gateway = g.gateway("local")
    document = {"executable-objects": [{"name": "sh", "exec-command": "/bin/sh"}],
                "repositories": [{"name": "tools", "url": f"file://{g.code}/tools"}],
                "services": [{"name": "change", "type": "executable", "executable-object": "sh", "repository": "tools",
                              "filename": "main.sh"}]}
    g.ok("POST", f"/gateways/{gateway}/configuration/import", {"options": {"source": "content", "content": document}})
    return gateway


@here
@own()
def test_isolation_of_code_none(g):
    """A copy of its own all the same; but a process of our own user can do to the rest what we can."""
    said = g.run(changing(g), "change")["result"]["stdout"]
    check("wrote" in said and "made" in said and said.endswith("as it was\nchanged\n"), said)


def unchanged(g):
    gateway = changing(g)
    first = g.run(gateway, "change")["result"]
    before = shared(g)
    check(any(path.endswith("/text") for path in before) and any("/mirror/" in path for path in before), before.keys())
    second = g.run(gateway, "change")["result"]
    for result in (first, second):
        check(result["return_code"] == 0 and result["stdout"] == "as it was\nchanged\n", result)
    check(shared(g) == before, "something that is shared was changed")


@here
@own(local={"sandbox": "landlock"})
def test_isolation_of_code_in_a_sandbox(g):
    need(g, landlock=True)
    unchanged(g)


@here
@own(local={"run_as": "nobody"})
def test_isolation_of_code_of_another_user(g):
    need(g, root=True)
    unchanged(g)


# --- environments ---

USES = """
import greeting, json, os, sys
def attempt(do):
    try:
        do()
        return "y"
    except OSError:
        return "n"
home, inside = os.environ["HOME"], greeting.__file__
json.dump({"version": greeting.VERSION, "uid": os.getuid(), "owner": os.stat(inside).st_uid, "mode": oct(os.stat(inside).st_mode & 0o777),
           "left": [n for n in (".netrc", "pip.conf") if os.path.exists(f"{home}/{n}")],
           "changed": attempt(lambda: open(inside, "a")) + attempt(lambda: open(os.path.dirname(inside) + "/sitecustomize.py", "w"))
           + attempt(lambda: os.chmod(inside, 0o666)) + attempt(lambda: os.rename(inside, inside + ".old"))
           + attempt(lambda: os.listdir(os.environ["VIRTUAL_ENV"] + "/../.."))}, sys.stdout)
"""


@here
@own(local={"run_as_users": "nobody:games"})
def test_isolation_of_environments(g):
    """Code from git and its environment, for two users: each builds and has its own, which none of them can change."""
    need(g, root=True)
    package_index.need_venv()
    commit(g.code / "tools", {"main.py": USES, "requirements.txt": "greeting==1.0\n"})
    with package_index.serving(g.dir / "packages", "me", "pass-92b1") as base:
        document = {"repositories": [{"name": "tools", "url": f"file://{g.code}/tools"}],
                    "registries": [{"name": "mine", "type": "pypi", "url": base + "simple/", "default": True, "username": "me",
                                    "password-name": "pass"}], "secrets": [{"name": "pass", "value": "pass-92b1"}],
                    "services": [{"name": "uses", "type": "python-script", "repository": "tools", "filename": "main.py",
                                  "runtime": {"req-file": "requirements.txt"}}]}
        for user in ("nobody", "games"):
            gateway = g.gateway("local", {"user": user})
            g.ok("POST", f"/gateways/{gateway}/configuration/import",
                 {"options": {"source": "content", "content": document}})
            for _ in range(2):
                answer = g.run(gateway, "uses", headers={"Prefer": "wait=1000"})
                check(answer["status"] == "completed", answer)
                check(answer["result"]["stdout_json"] == {
                    "version": "1.0", "uid": pwd.getpwnam(user)[2], "owner": 0, "mode": "0o444", "left": [], "changed": "nnnnn"}, answer)
    check(len(list((g.state / "environments").glob("*/complete"))) == 2, "not one for each")


# --- plans of another user ---

# Puts a link to what is ours in the place of the state, and tries to say that the state is of another service.
LINK = ("cd $(dirname $(tr '\\0' '\\n' </proc/$PPID/cmdline | sed -n 's/^-state=//p')) && id -un && ls -A && "
        "ln -sf STATE/secret.key link && mv link terraform.tfstate; cat ../of.json; mv ../of.json ../of; ls ..; echo tried")


def plan(g, command):
    (g.code / "main.tf.json").write_text(json.dumps({"resource": {"terraform_data": {
        "first": {"input": secrets.token_hex(4), "provisioner": [{"local-exec": {"command": command}}]}}}}))


def act(g, action):
    answer = g.ok("POST", "/services/run", {"clusterId": "lab", "serviceName": "net", "params": {"action": action}})
    check(answer["state"] == "Success", answer)
    return answer["result"]


@here
@own()
def test_isolation_of_plans(g):
    """The state goes to another user and comes back; what is put in its place is not taken for it."""
    need(g, root=True, landlock=True)
    shutil.copy(ROOT / "tests" / "standin" / "tofu", g.dir / "tofu")
    os.chmod(g.dir / "tofu", 0o755)
    with open(g.config, "a") as f:
        f.write(f"[local]\nrun_as = nobody\nsandbox = landlock\ntofu = {g.dir}/tofu\n"
                f"sandbox_read = /bin:/etc:/lib:/lib64:/proc:/usr:{g.dir}/tofu\n")
    check(g.stop_dispatcher() == [])
    g.gateway_named("lab", {})
    g.ok("POST", "/gateways/lab/configuration/import", {"options": {"source": "content", "content": {"services": [
        {"name": "net", "type": "opentofu-plan", "working-directory": str(g.code)}]}}})
    plan(g, "id -un")
    made = act(g, "apply")
    check(made["return_code"] == 0 and "\nnobody\n" in made["stdout"], made)
    check(json.loads(made["state_file"])["resources"][0]["name"] == "first", made)
    state = g.ok("GET", "/gateways/lab/services/net/state")
    check(state["version"] == 1 and not list((g.state / "states").iterdir()), state)
    plan(g, LINK.replace("STATE", str(g.state)))
    linked = act(g, "apply")
    said = linked["stdout"].partition("\nnobody\n")[2]      # before that tofu shows the command
    check("terraform.tfstate\n" in said and "\ntried\n" in said and "of.json" not in said and "gateway_id" not in said, linked)
    check(not list((g.state / "states").iterdir()), "a working copy is left")
    check(g.ok("GET", "/gateways/lab/services/net/state") == state, "something else was taken for the state")
    plan(g, "true")
    check(act(g, "destroy")["return_code"] == 0)
    check(g.ok("GET", "/gateways/lab/services/net/state")["version"] == 2)


# --- what the host can do ---

@here
@own(local={"sandbox": "landlock"})
def test_isolation_doctor(g):
    told = g.admin("doctor").stdout
    lines = [line for line in told.splitlines() if "Landlock" in line]
    check(len(lines) == 1, told)
    check("services run in a sandbox (Landlock" in lines[0] or "signals to processes" in lines[0] or "no Landlock" in lines[0], told)
