"""Everything at once, for long: clients, followers, imports, and restarts of both programs.

A soak is a number of clients, each doing one thing after the other, and a fiend that kills and stops the
responder and the dispatcher meanwhile. Every client keeps account of what it was told; in the end the records
must say the same, every run must have been executed once, and nothing may be left behind. The seed decides what
each client does (not in which order the clients come).
"""
import collections
import http.client
import json
import os
import random
import signal
import sqlite3
import threading
import time

from lib import PATIENCE, UNSETTLED, check, is_sanitized, processes, resident, run_all, threads, until
from streams import Slow

CLIENTS = 6
KEPT = 1 << 18          # bytes of output that are kept of each stream
LARGE = 3 << 20         # bytes that a large run says
LINES = 12              # that a talking run says
CALM = 0.3              # of the time at the beginning, and at the end, in which nothing is killed
GROWTH = 6 << 10        # KiB that a program may grow by in the calm at the end
DESCRIPTORS = 48        # of connections that the web server keeps, and a few more
SETTINGS = {"run": {"max_output": KEPT, "grace": 1, "parallel": 8, "queue_ttl": 600},
            "responder": {"stop_wait": 2, "peer_wait": 5}}
RETRIED = (502, 503, 504)   # while a program is restarted: the web server's, or our own with Retry-After

PROGRAM = """echo "$GATEHOUSE_JOB_ID" >>"{marks}/$GATEHOUSE_JOB_ID"
case $1 in
--kind=short) echo short ;;
--kind=fail) echo bad >&2; exit 3 ;;
--kind=sleep) sleep 600 & wait ;;
--kind=large) yes 0123456789abcde | head -c {large} ;;
--kind=talk) i=0; while [ $i -lt {lines} ]; do echo "line $i"; sleep 0.05; i=$((i + 1)); done ;;
esac
"""
ENDS = {"short": "completed", "fail": "failed", "sleep": "canceled", "large": "completed", "talk": "completed"}
TALK = "".join(f"line {i}\n" for i in range(LINES))


class Soak:
    def __init__(self, g, seed, say=print):
        self.g, self.seed, self.say = g, seed, say
        self.counts = collections.Counter()
        self.jobs = {}          # job id: (kind, may be disturbed)
        self.told = {}          # job id: (state, return code) that a client was told
        self.deleted = set()
        self.kills = 0          # of the dispatcher, by now
        self.targets = set()    # those who were killed or stopped
        self.lock, self.over, self.calm = threading.Lock(), threading.Event(), threading.Event()

    # One step of a client

    def call(self, method, path, body=None, **more):
        """A call that is made again while a program is being restarted."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                reply = self.g.call(method, path, body, **more)
                if reply.status not in RETRIED:
                    return reply
                why = str(reply.status)
            except (OSError, http.client.HTTPException) as e:
                why = type(e).__name__
            check(not self.calm.is_set() or why == "503", "in the calm:", why, method, path)
            check(time.monotonic() < end, "no answer but", why, method, path)
            self.count("again after " + why)
            time.sleep(0.1)

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def ok(self, method, path, body=None, **more):
        reply = self.call(method, path, body, **more)
        check(reply.status == 200 and reply.json is not None, method, path, reply)
        return reply.json

    def submit(self, client, kind, wait=True):
        """One run, whatever happens: the key makes sure of it. Gives the answer."""
        client.n += 1
        key, kills = f"{self.seed}-{client.name}-{client.n}", self.kills
        body = {"serviceName": "soak", "clusterId": self.gateway, "params": {"kind": kind, "nr": key}}
        answer = self.ok("POST", "/services/run", body, headers={
            "Idempotency-Key": key, "Prefer": "wait=100" if wait else "respond-async"})
        job_id = answer["result"]["job_id"]
        with self.lock:
            check(job_id not in self.jobs, "the same job for two keys:", job_id)
            self.jobs[job_id] = kind
        if answer["status"] in ("completed", "error"):
            self.told_end(job_id, "return_code" in answer["result"] and answer["result"]["return_code"])
        # The same order again is the same job.
        if client.random.random() < 0.1:
            again = self.ok("POST", "/services/run", body, headers={"Idempotency-Key": key, "Prefer": "respond-async"})
            check(again["result"]["job_id"] == job_id, "two jobs for one key:", job_id, again)
        if wait and kills == self.kills and self.calm.is_set():
            check(answer["status"] == ("completed" if ENDS[kind] == "completed" else "error"), answer)
        return job_id, answer

    def told_end(self, job_id, return_code):
        with self.lock:
            self.told.setdefault(job_id, return_code)
            check(self.told[job_id] == return_code, job_id, "was said to end with", self.told[job_id], return_code)

    def short(self, client):
        job_id, answer = self.submit(client, "short")
        if answer["status"] == "completed":
            check(answer["result"]["stdout"] == "short\n", answer)

    def fail(self, client):
        _, answer = self.submit(client, "fail")
        if answer["result"].get("return_code") == 3:
            check(answer["result"]["stderr"] == "bad\n", answer)

    def large(self, client):
        _, answer = self.submit(client, "large")
        if answer["status"] == "completed":
            result = answer["result"]
            check(result["truncated"] and result["stdout_bytes"] == LARGE, result["stdout_bytes"])

    def cancel(self, client):
        job_id, _ = self.submit(client, "sleep", wait=False)
        time.sleep(client.random.random() / 2)
        reply = self.call("POST", f"/jobs/{job_id}/cancel", {})
        check(reply.status in (200, 409), reply)

    def follow(self, client):
        """All of a run's output, however often the stream breaks."""
        job_id, _ = self.submit(client, "talk", wait=False)
        text, at, end = "", 0, None
        until_ = time.monotonic() + PATIENCE
        while end is None:
            check(time.monotonic() < until_, "no end of", job_id, text)
            try:
                stream = Slow(self.g, "GET", f"/jobs/{job_id}/output?stream=stdout&offset={at}", "text/event-stream")
            except OSError:
                continue
            try:
                if stream.head() != 200:
                    time.sleep(0.1)
                    continue
                for name, data in stream.events():
                    if name == "stdout":
                        text, at = text + data["text"], data["offset"]
                    elif name == "end":
                        end = data
            except (OSError, ValueError, IndexError):
                self.count("streams that broke")
            finally:
                stream.close()
        check(TALK.startswith(text) and (end["state"] != "completed" or text == TALK), end, repr(text))
        self.told_end(job_id, end.get("return_code", False))

    def leave(self, client):
        """Followers and readers who go, or stop reading."""
        kind = client.random.choice(("talk", "large"))
        job_id, _ = self.submit(client, kind, wait=False)
        streams = []
        for _ in range(client.random.randrange(1, 8)):
            try:
                streams.append(Slow(self.g, "GET", f"/jobs/{job_id}/output?wait=30",
                                    client.random.choice(("text/event-stream", "application/json"))))
            except OSError:
                self.count("streams that broke")
        time.sleep(client.random.random())
        for s in streams:
            s.close()

    def bring(self, client):
        body = {"options": {"source": "content", "force": True, "content": self.document(client.random.randrange(5))}}
        check(self.call("POST", f"/gateways/{self.gateway}/configuration/import", body).status == 200)

    def look(self, client):
        path = client.random.choice(("/gateways", "/jobs?limit=50", "/services", "/health/status", "/connections",
                                     f"/gateways/{self.gateway}/configuration/export", "/gateways?limit=x"))
        check(self.call("GET", path).status == (400 if path.endswith("=x") else 200), path)

    def remove(self, client):
        """Deletes a job that has ended."""
        job_id, _ = self.submit(client, "short")
        reply = self.call("DELETE", f"/jobs/{job_id}")
        # Not found: an answer was lost on its way.
        check(reply.status in (200, 404, 409), reply)
        if reply.status != 409:
            with self.lock:
                self.deleted.add(job_id)

    STEPS = {short: 8, fail: 3, large: 1, cancel: 3, follow: 4, leave: 3, bring: 1, look: 6, remove: 2}

    # The fiend

    def disturb(self, chance):
        pid, dispatcher = self.g.responder.process.pid, self.g.dispatcher_pid()
        what, target, number = chance.choice((
            ("responder killed", pid, signal.SIGKILL), ("responder stopped", pid, signal.SIGTERM),
            ("dispatcher killed", dispatcher, signal.SIGKILL), ("dispatcher stopped", dispatcher, signal.SIGTERM)))
        if not target:
            return
        if target == dispatcher:
            self.kills += 1
        try:
            os.kill(target, number)
            self.count(what)
            self.targets.add(target)
        except ProcessLookupError:
            pass

    def recover(self):
        """Until none of those who were killed or stopped is there any more, and the next ones are."""
        until("the end of those who were told to end", lambda: not self.targets & processes(str(self.g.dir)).keys())
        until("a responder that lives", lambda: self.g.responder.process.pid not in self.targets)
        check(self.g.is_up(), "the web server has ended")

    # All of it

    def document(self, more=0):
        folder = str(self.g.code / "soak")
        def service(name):
            return {"name": name, "type": "executable", "executable-object": "sh", "working-directory": folder,
                    "filename": "main.sh", "arg-format": "--{{.Key}}={{.Value}}"}
        return {"executable-objects": [{"name": "sh", "exec-command": "/bin/sh"}],
                "services": [service("soak")] + [service(f"more-{i}") for i in range(more)]}

    def prepare(self):
        self.marks = self.g.code / "marks"
        self.marks.mkdir()
        self.marks.chmod(0o777)
        self.gateway = self.g.program_gateway("soak", PROGRAM.format(marks=self.marks, large=LARGE, lines=LINES))

    def client(self, name, steps):
        me = Client(f"{name}", random.Random(f"{self.seed}/{name}"))
        kinds, weights = zip(*self.STEPS.items())
        while not self.over.is_set() and steps() > 0:
            step = me.random.choices(kinds, weights)[0]
            self.count(step.__name__)
            try:
                step(self, me)
            except BaseException:
                self.over.set()
                raise

    def measure(self):
        """Of both programs: {name: (pid, KiB, descriptors, threads)}; one that is just being restarted is left out."""
        found = {}
        for name, pid in (("responder", self.g.responder.process.pid), ("dispatcher", self.g.dispatcher_pid())):
            try:
                found[name] = (pid, resident(pid), len(os.listdir(f"/proc/{pid}/fd")), threads(pid)) if pid else None
            except OSError:
                pass
        return {name: seen for name, seen in found.items() if seen}

    def run_steps(self, number, disturbed):
        """So many steps by all clients together."""
        left = [number]

        def steps():
            with self.lock:
                left[0] -= 1
                return left[0] + 1
        self.run_until(steps, disturbed)

    def run_seconds(self, seconds, disturbed):
        end = time.monotonic() + seconds
        self.run_until(lambda: end - time.monotonic(), disturbed)

    def run_until(self, steps, disturbed):
        """Until STEPS() says that none is left. Who comes and goes is a new client each time."""
        self.round = getattr(self, "round", 0) + 1
        (self.calm.clear if disturbed else self.calm.set)()
        done = threading.Event()

        def clients():
            try:
                run_all([lambda i=i: self.client(f"{self.round}.{i}", steps) for i in range(CLIENTS)])
            finally:
                done.set()

        def fiend():
            chance = random.Random(f"{self.seed}/{self.round}/fiend")
            while disturbed and not done.wait(0.5 + 2 * chance.random()):
                self.disturb(chance)

        run_all([clients, fiend])
        self.recover()

    def quiet(self):
        """Until all has ended that was begun."""
        def settled():
            states = collections.Counter(j["state"] for s in UNSETTLED for j in
                                         self.ok("GET", f"/jobs?cluster_id={self.gateway}&state={s}&limit=1000")["results"])
            return not states
        # A run that nobody canceled, for its cancel came too early or too late.
        for job_id, kind in self.jobs.items():
            if kind == "sleep" and job_id not in self.deleted:
                self.call("POST", f"/jobs/{job_id}/cancel", {})
        until("the end of all jobs", settled)

    def zombies(self):
        """Children that nobody has waited for."""
        ours, found = {self.g.responder.process.pid, self.g.dispatcher_pid()}, []
        for entry in os.listdir("/proc"):
            try:
                fields = open(f"/proc/{entry}/stat").read().rpartition(")")[2].split() if entry.isdigit() else []
            except OSError:
                continue
            if fields and fields[0] == "Z" and int(fields[1]) in ours:
                found.append(entry)
        return found

    def judge(self):
        """What the records say against what the clients were told, and what is left."""
        self.quiet()
        with sqlite3.connect(f"file:{self.g.state}/gatehouse.db?mode=ro", uri=True) as db:
            check(db.execute("PRAGMA integrity_check").fetchone() == ("ok",), "integrity_check")
        total = self.ok("GET", f"/jobs?cluster_id={self.gateway}&limit=1")["total"]
        known = len(self.jobs) - len(self.deleted)
        check(total == known, "jobs on record:", total, "that the clients know:", known)
        states = collections.Counter()
        for job_id, kind in self.jobs.items():
            marks = self.marks / job_id
            times = len(marks.read_text().split()) if marks.exists() else 0
            check(times <= 1, job_id, f"was executed {times} times")
            if job_id in self.deleted:
                check(self.call("GET", f"/jobs/{job_id}").status == 404, job_id, "is not deleted")
                continue
            self.judge_job(job_id, kind, times)
            states[self.ok("GET", f"/jobs/{job_id}")["result"]["state"]] += 1
        self.judge_leftovers()
        return states

    def judge_job(self, job_id, kind, times):
        job = self.ok("GET", f"/jobs/{job_id}")["result"]
        allowed = {ENDS[kind]} | ({"lost", "canceled", "failed"} if self.kills else set())
        check(job["state"] in allowed, job, "is not one of", allowed)
        check(times == 1 or job["state"] not in ("completed", "failed"), job, "without being executed")
        if self.told.get(job_id, False) is not False:
            check(job["return_code"] == self.told[job_id], job, "a client was told", self.told[job_id])

    def judge_leftovers(self):
        def programs():
            return {p: line for p, line in processes(str(self.g.dir)).items()
                    if "main.sh" in line or line.startswith("sleep")}
        until("the end of all runs' processes", lambda: not programs())
        folder = self.g.state / "runs"
        until("the end of all runs' directories", lambda: not folder.exists() or not os.listdir(folder))
        check(not self.zombies(), "zombies:", self.zombies())

    def judge_growth(self, before, after):
        check("responder" in before and "responder" in after, before, after)
        for name in before.keys() & after.keys():
            (pid, size, descriptors, n), (new_pid, new_size, new_descriptors, new_n) = before[name], after[name]
            if pid != new_pid:          # the dispatcher leaves when it is idle
                continue
            check(new_n <= n, name, "threads:", n, new_n)
            check(new_descriptors <= descriptors + DESCRIPTORS, name, "descriptors:", descriptors, new_descriptors)
            check(is_sanitized() or new_size <= size + GROWTH, name, "KiB:", size, new_size)


class Client:
    def __init__(self, name, chance):
        self.name, self.random, self.n = name, chance, 0


def soak(g, seed, run, amount, say):
    """RUN is a method's name (run_steps, run_seconds), AMOUNT of what it takes altogether."""
    s = Soak(g, seed, say)
    s.prepare()
    run = getattr(s, run)
    for part, disturbed in ((CALM / 2, False), (1 - 1.5 * CALM, True), (CALM / 2, False)):
        run(amount * part, disturbed)
        say(f"{sum(s.counts.values())} events, {s.measure()}")
    s.quiet()
    before = s.measure()
    run(amount * CALM / 2, False)
    s.quiet()
    after = s.measure()
    say(f"at the end: {after}")
    states = s.judge()
    s.judge_growth(before, after)
    say(json.dumps({"jobs": states, **s.counts}, sort_keys=True))
    return f"seed {seed}: {len(s.jobs)} jobs, " + ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
