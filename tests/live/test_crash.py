"""What is left after our processes were killed, or told to stop, with runs under way."""
import os
import signal
import threading

from frame import fastcgi, on, own
from lib import UNSETTLED, check, processes, run_all, until

RUNS = 200
RESTARTS = 5
SLEEP = "sleep 3000\n"  # longer than any test: none can have completed by itself
MANY = {"parallel": RUNS, "grace": 1}


def sleepers(g):
    return [pid for pid, line in processes(str(g.dir)).items() if line.startswith("sleep 3000")]


def start_runs(g):
    """200 runs under way, each with a process; gives the gateway and the jobs' ids."""
    gateway = g.program_gateway("sleeper", SLEEP)
    ids = []
    for _ in range(RUNS // 20):
        ids += run_all([lambda: g.submit(gateway, "sleeper")] * 20)
    until(f"{RUNS} processes", lambda: len(sleepers(g)) == RUNS)
    return gateway, ids


def states(g, gateway, ids):
    """{state: number} of exactly these jobs."""
    jobs = {job["job_id"]: job["state"] for job in g.jobs(gateway)}
    check(set(ids) <= set(jobs), "jobs are gone:", set(ids) - set(jobs))
    count = {}
    for job_id in ids:
        count[jobs[job_id]] = count.get(jobs[job_id], 0) + 1
    return count


def serves_again(g):
    def answers():
        reply = g.call("GET", "/health/status", auth=None)
        return reply.status == 200
    until("an answer after the responder's end", answers)


@fastcgi
@own(run=MANY)
def test_kill_responder(g):
    """The responder's death costs no run: they go on, and their records say so."""
    gateway, ids = start_runs(g)
    g.responder.process.kill()
    until("the responder's end", lambda: g.responder.ends)
    check(g.responder.ends[0] == -signal.SIGKILL, g.responder.ends)
    serves_again(g)
    check(states(g, gateway, ids) == {"running": RUNS}, states(g, gateway, ids))
    check(len(sleepers(g)) == RUNS, len(sleepers(g)))
    for job_id in ids:
        check(g.call("POST", f"/jobs/{job_id}/cancel", {}).status == 200)
    until("the end of all processes", lambda: not sleepers(g))
    until("canceled jobs", lambda: states(g, gateway, ids) == {"canceled": RUNS})


@on("lighttpd", "nginx")
@own(run=MANY)
def test_kill_dispatcher(g):
    """After the dispatcher's death the next one settles its runs, runs none twice, and leaves no process."""
    gateway, ids = start_runs(g)
    pid = g.dispatcher_pid()
    check(pid, "no dispatcher")
    os.kill(pid, signal.SIGKILL)
    until("its end", lambda: g.dispatcher_pid() != pid)
    # An order starts the next one, if the responder has not done so yet.
    other = g.program_gateway("after", "echo after\n")
    answer = g.run(other, "after")
    check(answer["status"] == "completed" and answer["result"]["stdout"] == "after\n", answer)
    until("settled jobs", lambda: not set(states(g, gateway, ids)) & set(UNSETTLED))
    check(states(g, gateway, ids) == {"lost": RUNS}, states(g, gateway, ids))
    until("the end of all processes", lambda: not sleepers(g))


@on("lighttpd")
@own(run={"parallel": 2, "grace": 1})
def test_kill_dispatcher_with_a_queue(g):
    """What was only queued is started by the next dispatcher, once."""
    marks = g.code / "marks"
    marks.mkdir()
    marks.chmod(0o777)
    gateway = g.program_gateway("once", f'echo >>"{marks}/$GATEHOUSE_JOB_ID"; [ ! -e "{g.code}/hold" ] || sleep 3000\n')
    (g.code / "hold").touch()
    ids = [g.submit(gateway, "once") for _ in range(10)]
    until("two that run", lambda: len(sleepers(g)) == 2)
    pid = g.dispatcher_pid()
    (g.code / "hold").unlink()
    os.kill(pid, signal.SIGKILL)
    until("its end", lambda: g.dispatcher_pid() != pid)
    ids.append(g.submit(gateway, "once"))
    until("settled jobs", lambda: not set(states(g, gateway, ids)) & set(UNSETTLED))
    check(states(g, gateway, ids) == {"lost": 2, "completed": 9}, states(g, gateway, ids))
    for job_id in ids:
        times = (marks / job_id).read_text().count("\n")
        check(times == 1, f"job {job_id} was run {times} times")


@fastcgi
@own(run={"grace": 1})
def test_stop_responder(g):
    """SIGTERM while a caller waits: the caller gets a true answer, the next one finds a new responder."""
    file = g.code / "open"
    gateway = g.program_gateway("gate", f'until [ -e "{file}" ]; do sleep 0.1; done; echo open\n')

    def wait():
        return g.run(gateway, "gate")

    def stop():
        until("a running job", lambda: [j for j in g.jobs(gateway) if j["state"] == "running"])
        g.responder.process.terminate()
        file.touch()
        until("the responder's end", lambda: g.responder.ends)

    try:
        answer, _ = run_all([wait, stop])
    finally:
        file.touch()
    check(g.responder.ends[0] == 0, "the responder ended with", g.responder.ends[0])
    check(answer["state"] == "Success" and answer["status"] in ("completed", "running"), answer)
    serves_again(g)
    job_id = answer["result"]["job_id"]
    until("a completed job", lambda: g.job(job_id)["state"] == "completed")


@on("lighttpd", "nginx")
@own(run={"grace": 1})
def test_stop_dispatcher(g):
    """SIGTERM to the dispatcher: no process of a run is left, and no record says that it still runs."""
    gateway = g.program_gateway("sleeper", SLEEP)
    job_id = g.submit(gateway, "sleeper")
    until("its process", lambda: len(sleepers(g)) == 1)
    pid = g.dispatcher_pid()
    os.kill(pid, signal.SIGTERM)
    until("the dispatcher's end", lambda: g.dispatcher_pid() != pid)
    until("the end of the process", lambda: not sleepers(g))
    state = g.job(job_id)["state"]
    check(state not in ("running", "completed"), state)


@fastcgi
@own(run={"grace": 1}, responder={"stop_wait": 10})
def test_restarts_under_load(g):
    """SIGTERM while callers come one after the other, on connections that the web server keeps: each order that is answered is
    done once, and no other. One that comes in the very moment in which its connection ends is refused by the web server, as
    FastCGI has no word for it; that is rare, where it was one in nearly each restart."""
    gateway = g.gateway("simulator", {"services": [{"name": "quick", "type": "executable", "stdout": "x"}]})
    over, seen = threading.Event(), []

    def caller():
        while not over.is_set():
            seen.append(g.call("POST", "/services/run", {"serviceName": "quick", "clusterId": gateway}))

    def restarts():
        try:
            for n in range(RESTARTS):
                before = len(seen)
                until("some answers", lambda: len(seen) > before + 2)
                g.responder.process.terminate()
                until("the responder's end", lambda: len(g.responder.ends) > n)
        finally:
            over.set()

    run_all([caller] * 3 + [restarts])
    check(set(g.responder.ends) == {0}, g.responder.ends)
    refused = [reply for reply in seen if reply.status != 200]
    check(len(refused) <= RESTARTS // 2 and all(reply.status in (502, 503) for reply in refused), refused)
    done = {reply.json["result"]["job_id"] for reply in seen if reply.status == 200}
    check(len(done) == len(seen) - len(refused) == len(g.jobs(gateway)), len(seen), len(refused), len(done))
    return f"{len(done)} answered, {len(refused)} refused"
