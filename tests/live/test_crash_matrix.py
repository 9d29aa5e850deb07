"""Death at every step of a run's life: each point of the programs at which a test can make one of them die (CRASH_POINT in
src/) once, by SIGKILL, while a caller waits for a run. What has to hold at each: the service was executed at most once,
the record says what is true, the caller has an answer or was told to ask again, and nothing is left behind."""
import http.client
import os
import re
import signal

import lib
from frame import on, own
from lib import ROOT, UNSETTLED, Skip, check, run_all, until

# The program that dies there, and what can be true of the run afterwards: (state of the job or None, executions).
RAN, NEVER, CUT = ("completed", 1), (None, 0), [("lost", 0), ("lost", 1)]
POINTS = {
    # Nothing was accepted yet: the responder is gone and with it the order, or it sends it again to the next dispatcher.
    "order-unsent": ("responder", [NEVER]),
    "order-sent": ("responder", [RAN, NEVER]),
    "order-taken": ("dispatcher", [RAN]),
    "insert-written": ("dispatcher", [RAN]),
    # On disk, as running: it cannot be known whether it ran.
    "insert-committed": ("dispatcher", CUT),
    "accepted-told": ("dispatcher", CUT),
    "spawn-before": ("dispatcher", CUT),
    "spawn-after": ("dispatcher", CUT),
    "output-read": ("dispatcher", CUT),
    "output-written": ("dispatcher", CUT),
    "output-committed": ("dispatcher", CUT),
    "end-seen": ("dispatcher", CUT),
    "end-written": ("dispatcher", CUT),
    "end-committed": ("dispatcher", [RAN]),
    "end-told": ("dispatcher", [RAN]),
    # Accepted or done: the responder's death changes nothing for the run.
    "reply-heard": ("responder", [RAN]),
    "answer-unwritten": ("responder", [RAN]),
    "answer-written": ("responder", [RAN]),
}
# Only where a run has been queued before it starts.
QUEUED_POINTS = {
    "start-written": ("dispatcher", [RAN]),
    "start-committed": ("dispatcher", CUT),
}
# Only where an attempt has failed and another one follows: of two at most. What the first one came to, whether it could be
# known, and what the second one.
AGAIN, FIRST_CUT, NO_MORE = (["failed"], ("completed", 2)), (["lost"], ("completed", 2)), (["failed", "lost"], ("lost", 1))
RETRY_POINTS = {
    "pause-begins": ("dispatcher", FIRST_CUT),          # its end is not on disk yet
    "retry-written": ("dispatcher", FIRST_CUT),
    "retry-committed": ("dispatcher", AGAIN),
    "pause-over": ("dispatcher", AGAIN),
    "again-written": ("dispatcher", AGAIN),
    "again-committed": ("dispatcher", NO_MORE),
}
# Only where a dispatcher finds what another one has left: its end comes first, by a point above.
SETTLING = "settling"
# Of commands that no run meets: test_backup.
COMMANDS = {"backup-half", "backup-whole", "restore-staged", "restore-keys", "restore-kept", "restore-switched"}
GONE = (500, 502, 503, 504)     # what a web server or a responder says that could not get an answer
RETRIED = '''echo once >>"{marks}/$GATEHOUSE_JOB_ID"
[ $(wc -l <"{marks}/$GATEHOUSE_JOB_ID") -gt 1 ] && exit 0
sleep 0.5   # so that its start is on disk before its end
exit 3
'''
SERVICE = '''echo once >>"{marks}/$GATEHOUSE_JOB_ID"
echo begin
sleep 0.5   # so that what it wrote is committed before its end
while [ -e "{hold}" ]; do sleep 0.05; done
echo end
'''


def points_in_sources():
    found = set()
    for file in (ROOT / "src").rglob("*.c"):
        for call in re.findall(r"CRASH_POINT\(([^;]*)\);", file.read_text()):
            found |= set(re.findall(r'"([a-z-]+)"', call))
    return found


class World:
    def __init__(self, g):
        self.g, self.service = g, "once"
        if b"GATEHOUSE_CRASH" not in (lib.BUILD / "gatehoused").read_bytes():
            raise Skip("crash points: configure with --enable-crash-points")
        self.file, self.marks, self.hold = g.dir / "crash", g.code / "marks", g.code / "hold"
        self.marks.mkdir()
        self.marks.chmod(0o777)
        self.gateway = g.program_gateway("once", SERVICE.format(marks=self.marks, hold=self.hold))
        self.known = set()

    def retried(self):
        """A service that fails at first, and may be tried once more; gives its gateway's name."""
        gateway = self.g.program_gateway("twice", RETRIED.format(marks=self.marks))
        definition = {"name": "twice", "type": "executable", "executable-object": "sh", "filename": "main.sh",
                      "working-directory": str(self.g.code / "twice"), "idempotent": True, "retries": 1, "retry-delay": 1}
        self.g.ok("POST", f"/gateways/{gateway}/configuration/import",
                  {"options": {"source": "content", "force": True, "content": {"services": [definition]}}})
        return gateway

    def arm(self, line):
        # As a whole: whoever comes to the point while it is written must not see half of it.
        aside = self.file.with_suffix(".new")
        aside.write_text(line + "\n")
        aside.rename(self.file)
        self.armed = line

    def call_armed(self, point):
        """A run that comes to POINT. What is there after each answer is armed while the run is under way: else another
        answer's last step might come to it, that the client has seen already."""
        if point != "answer-written":
            self.arm(point)
            return self.call()
        before = set(self.marks.iterdir())
        self.hold.touch()

        def under_way():
            until("the run's process", lambda: set(self.marks.iterdir()) - before)
            self.arm(point)
            self.hold.unlink()
        return run_all([self.call, under_way])[0]

    def call(self, prefer=None):
        """One run; gives what the caller saw: an answer's status and body, or the word that tells of a broken one."""
        try:
            reply = self.g.call("POST", "/services/run", {"serviceName": self.service, "clusterId": self.gateway},
                                headers={"Prefer": prefer} if prefer else None)
        except (OSError, http.client.HTTPException):
            return "broken", None
        return reply.status, reply.json

    def fired(self):
        point = self.armed
        until(f"the point {point} to be reached", lambda: not self.file.exists())

    def settled(self):
        """The one new job, or None, once nothing is under way."""
        def all_ended():
            # An order starts the next dispatcher where the responder doesn't by itself.
            reply = self.g.call("GET", f"/jobs?cluster_id={self.gateway}&limit=1000")
            jobs = reply.json["results"] if reply.status == 200 else None
            ended = jobs is not None and not [j for j in jobs if j["state"] in UNSETTLED]
            return (jobs,) if ended else None
        jobs = [j for j in until("settled jobs", all_ended)[0] if j["job_id"] not in self.known]
        self.known |= {j["job_id"] for j in jobs}
        return jobs

    def executions(self, job):
        mark = self.marks / job["job_id"]
        return mark.read_text().count("\n") if mark.exists() else 0

    def nothing_left(self):
        runs = self.g.state / "runs"
        until("an empty directory of runs", lambda: not runs.exists() or not list(runs.iterdir()))
        script = str(self.g.code / self.service / "main.sh")
        until("the end of all services", lambda: not [c for c in lib.processes(str(self.g.dir)).values() if script in c])

    def judge(self, point, seen, jobs, may_be):
        check(len(jobs) <= 1, f"{point}: {len(jobs)} jobs of one order", jobs)
        job = jobs[0] if jobs else None
        outcome = (job["state"] if job else None, self.executions(job) if job else 0)
        check(outcome in may_be, f"{point}: {outcome}, not one of {may_be}", seen, job)
        marks = sum(f.read_text().count("\n") for f in self.marks.iterdir() if f.name not in self.known)
        check(marks == 0, f"{point}: executed without a record")
        status, body = seen
        if status == 200:
            check(job and body["result"]["job_id"] == job["job_id"], f"{point}: an answer of another job", seen, job)
            check(body["status"] in ("running", "queued") or (body["status"] == "completed") == (job["state"] == "completed"),
                  f"{point}: the answer is not what the record says", seen, job)
        else:
            check(status == "broken" or status in GONE, f"{point}: the caller was told", seen)
        self.nothing_left()
        return f"{outcome[0] or 'no job'}, executed {outcome[1]}"


def row(point, who, seen, outcome):
    return f"    {point:18} {who:10} caller: {seen[0]!s:7} record: {outcome}"


@on("nginx")
@own(run={"grace": 1})
def test_crash_matrix(g):
    """Each point of a run that starts at once."""
    known = set(POINTS) | set(QUEUED_POINTS) | set(RETRY_POINTS) | {SETTLING} | COMMANDS
    check(points_in_sources() == known, "the points in src/ are not those of the table:", points_in_sources() ^ known)
    w = World(g)
    check(w.call()[0] == 200 and len(w.settled()) == 1, "a run before all")
    table = []
    for point, (who, may_be) in POINTS.items():
        seen = w.call_armed(point)
        w.fired()
        until("an answer", lambda: g.call("GET", "/health/status", auth=None).status == 200)
        table.append(row(point, who, seen, w.judge(point, seen, w.settled(), may_be)))
        after = w.call()
        check(after[0] == 200 and after[1]["status"] == "completed", f"{point}: the next run", after)
        w.settled()
    return "\n" + "\n".join(table)


@on("nginx")
@own(run={"grace": 1, "parallel": 1})
def test_crash_matrix_queued(g):
    """The points of a run that waits for another one first. The first one ends, or is lost with its dispatcher."""
    w = World(g)
    table = []
    for point, (who, may_be) in QUEUED_POINTS.items():
        w.hold.touch()
        first = w.call("respond-async")[1]["result"]["job_id"]
        until("the first one's process", lambda: (w.marks / first).exists())
        second = w.call("respond-async")[1]["result"]["job_id"]
        w.arm(point)
        w.hold.unlink()
        w.fired()
        jobs = {j["job_id"]: j for j in w.settled()}
        check(set(jobs) == {first, second}, "other jobs than were ordered", jobs)
        check(jobs[first]["state"] in ("completed", "lost") and w.executions(jobs[first]) == 1, jobs[first])
        table.append(row(point, who, (200,), w.judge(point, (200, {"result": {"job_id": second}, "status": "queued"}),
                                                     [jobs[second]], may_be)))
    return "\n" + "\n".join(table)


@on("nginx")
@own(run={"grace": 1})
def test_crash_matrix_retry(g):
    """The points between two attempts: no more executions than the service allows, and each attempt is told as it was."""
    w = World(g)
    w.service, w.gateway = "twice", w.retried()
    seen = w.call()
    check(seen[0] == 200 and seen[1]["status"] == "completed" and w.executions(w.settled()[0]) == 2, "a run before all", seen)
    table = []
    for point, (who, (attempts, outcome)) in RETRY_POINTS.items():
        w.arm(point)
        seen = w.call()
        w.fired()
        jobs = w.settled()
        row_text = w.judge(point, seen, jobs, [outcome])
        told = g.job(jobs[0]["job_id"])
        got = [a["state"] for a in told["attempts"]]
        want = attempts if len(attempts) == 2 else attempts + ["completed"]
        check(got == want and told["attempt"] == 2, f"{point}: attempts {got}, not {want}", told)
        table.append(row(point, who, seen, f"{row_text}, attempts {' '.join(got)}"))
    return "\n" + "\n".join(table)


@on("nginx")
@own(run={"grace": 1, "parallel": 2})
def test_crash_while_settling(g):
    """The next dispatcher dies as well, while it settles what the first one left; the third one ends it."""
    w = World(g)
    w.hold.touch()
    ids = {w.call("respond-async")[1]["result"]["job_id"] for _ in range(2)}
    until("two processes", lambda: len(list(w.marks.iterdir())) == 2)
    w.arm(SETTLING)                 # the one that serves is past it
    os.kill(g.dispatcher_pid(), signal.SIGKILL)
    w.fired()
    w.hold.unlink()
    jobs = {j["job_id"]: j for j in w.settled()}
    check(ids == set(jobs) and all(jobs[i]["state"] == "lost" and w.executions(jobs[i]) == 1 for i in ids), jobs)
    w.nothing_left()


@on("nginx")
@own(run={"grace": 1}, dispatcher={"watchdog": 2})
def test_hanging_dispatcher(g):
    """One that hangs is ended by its watchdog; the caller's run is told as lost, and the next run works."""
    w = World(g)
    w.arm("spawn-after hang")
    seen = w.call()
    check(seen[0] == 200 and seen[1]["status"] == "error", seen)
    jobs = w.settled()
    check(len(jobs) == 1 and jobs[0]["state"] == "lost" and w.executions(jobs[0]) <= 1, jobs)
    w.nothing_left()
    after = w.call()
    check(after[0] == 200 and after[1]["status"] == "completed", after)


@on("nginx")
@own(run={"grace": 1})
def test_dispatchers_started_at_once(g):
    """Of many that are started at the same time one serves; the others leave."""
    w = World(g)
    command = [g.programs / "gatehoused", "--on-demand"]
    ends = run_all([lambda: lib.subprocess.Popen(command, env=g.env, cwd=g.dir, stdin=lib.subprocess.DEVNULL,
                                                 stdout=g.log, stderr=g.log)] * 8)
    until("one that serves", lambda: g.dispatcher_pid())
    until("the others' ends", lambda: sum(p.poll() is None for p in ends) <= 1)
    check(all(p.returncode == 0 for p in ends if p.poll() is not None), [p.returncode for p in ends])
    seen = run_all([w.call] * 8)
    check(all(s[0] == 200 and s[1]["status"] == "completed" for s in seen), seen)
    check(len([p for p, line in lib.processes(str(g.dir)).items() if "gatehoused" in line.split(" ")[0]]) == 1)
    g.stop_dispatcher()
    for p in ends:
        p.wait(lib.PATIENCE)
