"""Output as it comes, and clients that don't take it."""
import subprocess
import types

from frame import fastcgi, on, own, unbuffered
from lib import check, resident, run_all, threads, until
from streams import Followers, Slow

LINES = 5
WORKERS = 2
STALLED = 4 * WORKERS
REQUESTS = 200
LARGE = 24 << 20        # bytes: more than all sockets on the way hold
FOLLOWERS = 1000
FEW = {"workers": WORKERS, "peer_wait": 3600}


def talker(g, name):
    """A service that says its next line when a file says that the one before was seen; gives gateway and folder."""
    seen = g.code / f"seen-{name}"
    seen.mkdir()
    seen.chmod(0o755)
    return g.program_gateway(name, f"""i=1
while [ $i -le {LINES} ]; do
    printf '\\033[3%dmline %d\\033[0m\\n' $i $i
    until [ -e "{seen}/$i" ]; do sleep 0.05; done
    i=$((i + 1))
done
""", ), seen


def line(i):
    return f"\033[3{i}mline {i}\033[0m\n"


def test_events_line_by_line(g):
    """Each line is with the client before the service says the next one: else it waits for ever."""
    gateway, seen = talker(g, f"events-{g.kind}")
    follower = Slow(g, "GET", f"/jobs/{g.submit(gateway, f'events-{g.kind}')}/output", "text/event-stream")
    check(follower.head() == 200)
    text, names = "", []
    for name, data in follower.events():
        names.append(name)
        text += data.get("text", "")
        if name == "stdout" and text.endswith("\n"):
            check(text == "".join(line(i + 1) for i in range(text.count("\n"))), repr(text))
            (seen / str(text.count("\n"))).touch()
    follower.close()
    check(text == "".join(line(i + 1) for i in range(LINES)) and names[-1] == "end", names, repr(text))


def test_waiting_reads_line_by_line(g):
    """The same by reads that wait for more than what is known."""
    gateway, seen = talker(g, f"reads-{g.kind}")
    job_id, text, state = g.submit(gateway, f"reads-{g.kind}"), b"", "running"
    for i in range(1, LINES + 1):
        want = "".join(line(n + 1) for n in range(i)).encode()
        while text != want:
            reply = g.call("GET", f"/jobs/{job_id}/output?stream=stdout&wait=60&offset={len(text)}")
            check(reply.status == 200 and reply.headers["X-Job-State"] in ("queued", "running"), reply, reply.headers)
            text += reply.raw
            check(want.startswith(text), text)
        (seen / str(i)).touch()
    while state in ("queued", "running"):
        reply = g.call("GET", f"/jobs/{job_id}/output?stream=stdout&wait=60&offset={len(text)}")
        state = reply.headers["X-Job-State"]
    check(state == "completed" and reply.raw == b"", state, reply)


@on("lighttpd")
def test_logs_line_by_line(g):
    gateway, seen = talker(g, "logs")
    with subprocess.Popen([g.programs / "gatehouse", "logs", "-f", g.submit(gateway, "logs")], env=g.env, cwd=g.dir,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as logs:
        for i in range(1, LINES + 1):
            got = logs.stdout.readline().decode()
            check(got == line(i), repr(got))
            (seen / str(i)).touch()
        check(logs.stdout.read() == b"")
    check(logs.returncode == 0, logs.returncode)


@on("lighttpd")
@own(run={"max_output": 400000})
def test_head_and_tail(g):
    """Of much output the first and the last half are kept, and both ways of reading say what lacks."""
    gateway = g.program_gateway("much", "seq 100000 299999\n")
    answer = g.run(gateway, "much")["result"]
    check(answer["truncated"] and answer["stdout_bytes"] == 1400000, answer["stdout_bytes"])
    raw = g.call("GET", f"/jobs/{answer['job_id']}/output?stream=stdout").raw
    whole = "".join(f"{i}\n" for i in range(100000, 300000)).encode()
    head = next(n for n in range(len(raw)) if raw[n] != whole[n])
    check(head >= 200000 and whole.endswith(raw[head:]) and 400000 <= len(raw) < 700000, head, len(raw))
    text = f"\n[{1400000 - len(raw)} bytes were not kept]\n".encode()
    follower = Slow(g, "GET", f"/jobs/{answer['job_id']}/output?stream=stdout", "text/event-stream")
    check(follower.head() == 200)
    told = "".join(data.get("text", "") for _, data in follower.events()).encode()
    follower.close()
    at = told.find(text)
    check(at >= 200000 and told == whole[:at] + text + whole[-(len(raw) - at):], at, len(told))


# Clients that stop

def large_job(g):
    gateway = g.program_gateway("large", f"yes 0123456789abcde | head -c {LARGE}\n")
    job_id = g.submit(gateway, "large")
    until("its end", lambda: g.job(job_id)["state"] == "completed")
    return job_id


def answers_meanwhile(g):
    for _ in range(REQUESTS // 2):
        check(g.call("GET", "/health/status", auth=None).status == 200)
        check(g.call("GET", "/gateways").status == 200)


@fastcgi
@own(run={"max_output": 2 * LARGE}, responder=FEW)
@unbuffered
def test_stalled_readers(g):
    """More readers than workers stop reading, streams and plain answers; all others are answered, and so are they."""
    job_id = large_job(g)
    before = threads(g.responder.process.pid)
    readers = [Slow(g, "GET", f"/jobs/{job_id}/output?stream=stdout",
                    "text/event-stream" if i % 2 else "application/json") for i in range(STALLED)]
    check([r.head() for r in readers] == [200] * STALLED)
    answers_meanwhile(g)
    check(threads(g.responder.process.pid) == before)
    whole = b"0123456789abcde\n" * (LARGE // 16)
    for i, r in enumerate(readers):
        got = "".join(d.get("text", "") for _, d in r.events()).encode() if i % 2 else r.body()
        r.close()
        check(got == whole, f"reader {i} got {len(got)} of {LARGE} bytes")


@fastcgi
@own(run={"max_output": 2 * LARGE}, responder={"workers": WORKERS, "peer_wait": 1})
@unbuffered
def test_stalled_readers_are_dropped(g):
    """Those who never read again are let go, and what was in memory for them."""
    job_id = large_job(g)
    readers = [Slow(g, "GET", f"/jobs/{job_id}/output?stream=stdout") for i in range(STALLED)]
    check([r.head() for r in readers] == [200] * STALLED)
    log = g.dir / "log"
    until("all of them dropped", lambda: log.read_text(errors="replace").count("is dropped: its web server") == STALLED)
    answers_meanwhile(g)
    for r in readers:
        r.close()


@on("nginx")
@own(run={"max_output": 2 * LARGE}, responder={"workers": WORKERS, "peer_wait": 3600, "max_unsent": LARGE * 2})
@unbuffered
def test_unsent_answers_are_bounded(g):
    """Answers that nobody takes hold no more memory than is said: the slowest readers lose theirs."""
    job_id = large_job(g)
    readers = []
    for _ in range(STALLED):
        readers.append(Slow(g, "GET", f"/jobs/{job_id}/output?stream=stdout"))
        check(readers[-1].head() == 200)
    log = g.dir / "log"
    until("most of them dropped", lambda: log.read_text(errors="replace").count("the slowest") >= STALLED - 3)
    check(readers[-1].body() == b"0123456789abcde\n" * (LARGE // 16), "the last one has lost its answer")
    for r in readers:
        r.close()


@fastcgi
@own(responder=FEW)
@unbuffered
def test_slow_senders(g):
    """More clients than workers send half of a body; all others are answered, and so are they in the end."""
    def body(i):
        return {"gateway": {"cluster_id": f"slow-{i}", "enabled": True, "readonly": False,
                            "connector": {"kind": "simulator", "settings": {}}, "description": "x" * 900}}
    senders = [Slow(g, "POST", "/gateways", body=body(i), sent=500) for i in range(STALLED)]
    answers_meanwhile(g)
    for s in senders:
        s.finish_body()
    check([s.head() for s in senders] == [200] * STALLED)
    for s in senders:
        s.close()
    names = [x["cluster_id"] for x in g.ok("GET", "/gateways")["results"]]
    check(sorted(names) == sorted(f"slow-{i}" for i in range(STALLED)), names)


@on("apache", "nginx")
@own(responder={"workers": 1, "max_import": 1 << 20, "peer_wait": 3600})
@unbuffered
def test_bodies_on_their_way_are_bounded(g):
    """What comes slowly is not kept without bound: who is too many is told to come again."""
    gateway = g.gateway("local")
    path, content = f"/gateways/{gateway}/configuration/import", {"users": [{"name": "x" * 800000}]}
    body = {"options": {"source": "content", "content": content, "force": True}}
    senders = [Slow(g, "POST", path, body=body, sent=700000) for _ in range(4)]
    answers_meanwhile(g)
    for s in senders:
        s.finish_body()
    seen = sorted(s.head() for s in senders)
    check(seen[0] == 200 and seen[-1] == 503 and set(seen) == {200, 503}, seen)
    for s in senders:
        s.close()
    check(g.call("POST", path, body).status == 200)


@on("nginx")
@own(run={"grace": 1})
def test_rights_that_are_lost_meanwhile(g):
    """Who follows a job and loses the role, or the account, is told so with the next line, and not that line."""
    gateway, seen = talker(g, "lost")
    job_id = g.submit(gateway, "lost")
    group = g.ok("POST", "//authorization/groups", {"group": {"name": "followers"}})["data"]
    ids = {x["cluster_id"]: x["_id"] for x in g.ok("GET", "/gateways")["results"]}
    g.ok("PUT", f"/gateways/{ids[gateway]}", {"payload": {"groups": ["followers"]}})
    followers = {}
    for i, loss in enumerate(({"inactive": True}, {"assignedRoles": []}, {"memberOf": []})):
        account = g.ok("POST", "//authorization/accounts", {"account": {
            "username": f"follower-{i}", "password": f"password-{i}",
            "assignedRoles": [{"roleId": "job:read"}], "memberOf": [{"groupId": group["_id"]}]}})["data"]
        who = types.SimpleNamespace(port=g.port, user=f"follower-{i}", password=f"password-{i}")
        followers[i] = Slow(who, "GET", f"/jobs/{job_id}/output", "text/event-stream"), account, loss
    token = g.call("POST", "//login", {"username": g.user, "password": g.password}).raw.decode()
    bearer = {"Authorization": f"Bearer {token}"}
    session = Slow(g, "GET", f"/jobs/{job_id}/output", "text/event-stream", authorization=f"Bearer {token}")
    check(session.head() == 200)
    lines = session.events()
    check(next(lines)[1]["text"] == line(1))
    check(g.call("POST", "//logout", auth=None, headers=bearer).status == 200)
    events = {i: f.events() for i, (f, _, _) in followers.items() if check(f.head() == 200) is None}
    for i, (_, account, loss) in followers.items():
        check(next(events[i])[1]["text"] == line(1))
        g.ok("PATCH", f"//authorization/accounts/{account['_id']}", {"updates": loss})
    for i in range(LINES):
        (seen / str(i + 1)).touch()
    told = [list(e) for e in (*events.values(), lines)]
    check([[name for name, _ in t] for t in told] == [["error"]] * len(told), told)
    check([t[0][1]["code"] for t in told] == ["unauthenticated", "forbidden", "not-found", "unauthenticated"], told)
    session.close()
    for f, _, _ in followers.values():
        f.close()


# Many

@on("lighttpd")
@own(run={"grace": 1})
def test_thousand_followers(g):
    """A thousand followers of one job hold no thread, and each gets all of it."""
    go = g.code / "go"
    gateway = g.program_gateway("both", f'echo first; until [ -e "{go}" ]; do sleep 0.05; done; echo second; exit 3\n')
    job_id = g.submit(gateway, "both")
    answers_meanwhile(g)
    pid = g.responder.process.pid
    before = threads(pid), resident(pid)
    followers = Followers(g, FOLLOWERS, f"/jobs/{job_id}/output")
    followers.read("the first line", lambda i: b"first" in followers.texts[i])
    after = threads(pid), resident(pid)
    answers_meanwhile(g)
    check(after[0] == before[0], "threads:", before, after)
    go.touch()
    followers.read("the end", lambda i: followers.ended[i])
    followers.close()
    want = b'event: stdout\ndata: {"offset":6,"text":"first\\n"}\n\nevent: stdout\ndata: {"offset":13,"text":"second\\n"}\n\n'
    for text in followers.texts:
        events = text.partition(b"\r\n\r\n")[2].replace(b": still running\n\n", b"")
        check(events.startswith(want) and b'"return_code":3' in events[len(want):], text)
    return f"{(after[1] - before[1]) * 1024 // FOLLOWERS} bytes each"
