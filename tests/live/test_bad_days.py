"""A host that has a bad day: locks that are held, no descriptors, no processes, a clock that is set back."""
import contextlib
import os
import resource
import signal
import socket
import sqlite3
import threading
import time

import streams
from frame import on, own
from lib import PATIENCE, Skip, check, processes, until

LOCKED = 10         # s that somebody else has the database, longer than [database] busy_timeout
HOUR = 3600 * 1000  # ms


@contextlib.contextmanager
def limited(pid, what, soft):
    """Process PID may have no more than SOFT of WHAT meanwhile."""
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, what, before)


@on("nginx")
@own(run={"grace": 1})
def test_locked_database(g):
    """Somebody locks the database for 10 s. Reads go on, a run that ends is recorded later, orders are taken or refused."""
    hold = g.code / "hold"
    hold.touch()
    gateway = g.program_gateway("held", f'while [ -e "{hold}" ]; do sleep 0.1; done; echo done\n')
    job = g.submit(gateway, "held")
    until("a running job", lambda: g.job(job)["state"] == "running")
    other = sqlite3.connect(g.state / "gatehouse.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    unlock = threading.Timer(LOCKED, lambda: other.execute("ROLLBACK"))
    unlock.start()
    try:
        hold.unlink()
        reply = g.call("POST", "/services/run", {"serviceName": "held", "clusterId": gateway})
        check(reply.status == 200 or (reply.status == 503 and reply.headers.get("Retry-After")), reply)
        check(g.call("GET", "/gateways").status == 200)
    finally:
        unlock.join()
        other.close()
    until("the end of the job", lambda: g.job(job)["state"] == "completed")
    count = len(g.jobs(gateway))
    check(count == (2 if reply.status == 200 else 1), "a refused order has a job, or a taken one none", reply, count)
    check(g.run(gateway, "held")["status"] == "completed", "the next run")


@on("nginx")
@own(run={"grace": 1})
def test_stop_while_locked(g):
    """SIGTERM while the database is locked: gatehoused leaves, and the next one says of its run what can be known."""
    gateway = g.program_gateway("sleeper", "sleep 3000\n")
    job = g.submit(gateway, "sleeper")
    until("a running job", lambda: g.job(job)["state"] == "running")
    pid = g.dispatcher_pid()
    other = sqlite3.connect(g.state / "gatehouse.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        os.kill(pid, signal.SIGTERM)
        until("its end", lambda: g.dispatcher_pid() != pid)
        check(g.job(job)["state"] == "running", "an end that nobody has written")
        until("the end of the process", lambda: "sleep 3000" not in processes(str(g.dir)).values())
    finally:
        other.execute("ROLLBACK")
        other.close()
    until("a settled job", lambda: g.job(job)["state"] == "lost")
    check(g.run(g.program_gateway("after", "echo after\n"), "after")["status"] == "completed", "the next run")


@on("nginx")
@own(run={"grace": 1})
def test_no_descriptors(g):
    """The dispatcher has no descriptor left: the run says so, and the next one goes well."""
    gateway = g.program_gateway("hello", "echo hello\n")
    check(g.run(gateway, "hello")["status"] == "completed", "a run before")
    pid = g.dispatcher_pid()
    used = len(os.listdir(f"/proc/{pid}/fd"))
    for more in range(6):           # each step of a start lacks one once
        with limited(pid, resource.RLIMIT_NOFILE, used + more):
            answer = g.run(gateway, "hello")
        check(answer["status"] in ("error", "completed"), answer)
        if answer["status"] == "error":
            check(answer["error"]["data"], "an error without a word", answer)
    check(g.dispatcher_pid() == pid, "the dispatcher did not survive")
    check(g.run(gateway, "hello")["result"]["stdout"] == "hello\n", "a run after")


@on("nginx")
@own()
def test_no_descriptors_for_connections(g):
    """Connections that nobody uses take no descriptor from those who are answered, and when they go all is well."""
    def connect():
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(PATIENCE)
        s.connect(g.socket_path)
        return s
    pid, log = g.responder.process.pid, g.dir / "log"
    time.sleep(6)       # an idle worker has closed its database by then
    with limited(pid, resource.RLIMIT_NOFILE, 64):
        first = connect()
        idle = [connect() for _ in range(100)]
        until("a connection has to wait", lambda: "a connection has to wait" in log.read_text(errors="replace"))
        first.sendall(streams.request(g, "/gateways", accept="application/json"))
        answer = first.makefile("rb").read()
        check(b"Status: 200" in answer, "the one that was let in:", answer)
        for s in idle:
            s.close()
        check(g.call("GET", "/gateways").status == 200)
    check(g.responder.process.pid == pid and not g.responder.ends, "the responder did not survive")


@on("apache-cgi")
@own(run={"grace": 1})
def test_no_processes(g):
    """The host gives no more processes: the run says so, and the next one goes well."""
    if not g.become:
        raise Skip("another user than root: root's processes are not counted")
    few, program = g.dir / "few", g.programs / "gatehoused"
    program.rename(g.programs / "gatehoused.own")
    # A sanitizer would look for leaks with a process of its own.
    program.write_text(f'#!/bin/bash\nif [ -e "{few}" ]; then\n\tulimit -u 0\n\tASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0\nfi\n'
                       f'exec "{g.programs}/gatehoused.own" "$@"\n')
    program.chmod(0o755)
    few.touch()
    gateway = g.program_gateway("hello", "echo hello\n")
    answer = g.run(gateway, "hello")
    check(answer["status"] == "error" and "Resource temporarily unavailable" in answer["error"]["data"], answer)
    few.unlink()
    g.stop_dispatcher()
    check(g.run(gateway, "hello")["result"]["stdout"] == "hello\n", "a run after")


@on("nginx")
@own(run={"grace": 1, "parallel": 1}, dispatcher={"idle_exit": 1})
def test_clock_set_back(g):
    """Records from the future, as after a clock was set back by an hour: queued runs start, ended ones stay, logins hold."""
    gateway = g.program_gateway("hello", "echo hello\n")
    done = g.run(gateway, "hello")["result"]["job_id"]
    until("the dispatcher to leave", lambda: not g.dispatcher_pid())
    with contextlib.closing(sqlite3.connect(g.state / "gatehouse.db")) as db, db:
        db.execute("UPDATE job SET created = created + ?, started = started + ?, ended = ended + ?", (HOUR,) * 3)
        columns = [c[1] for c in db.execute("PRAGMA table_info(job)") if c[1] not in ("seq", "id", "attempt_id", "request_id")]
        names = ", ".join(columns)
        db.execute(f"INSERT INTO job (id, attempt_id, request_id, {names}) SELECT 'f' || substr(id, 2), 'f' || substr(attempt_id, 2),"
                   f" 'f' || substr(request_id, 2), {names} FROM job")
        db.execute("UPDATE job SET state = 'queued', started = 0, ended = 0, return_code = NULL WHERE id LIKE 'f%'")
    check(g.run(gateway, "hello")["status"] == "completed", "a new run")
    jobs = g.jobs(gateway)
    check(len(jobs) == 3 and done in [j["job_id"] for j in jobs], jobs)
    until("the end of the queued one", lambda: all(j["state"] == "completed" for j in g.jobs(gateway)))
