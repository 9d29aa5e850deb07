"""The queue, as callers see it: when it is full, how long one waits in it, and whose turn it is."""
from frame import on, own
from lib import check, run_all, until

CROWD = 20


def held(g, name):
    """A service that goes on while a file is there; gives its gateway and the file."""
    hold = g.code / f"hold-{name}"
    hold.touch()
    return g.program_gateway(name, f'while [ -e "{hold}" ]; do sleep 0.05; done; echo "{name}"\n'), hold


def order(g, gateway, service):
    return g.call("POST", "/services/run", {"serviceName": service, "clusterId": gateway},
                  headers={"Prefer": "respond-async"})


def states(g, gateway):
    return sorted(j["state"] for j in g.jobs(gateway))


@on("lighttpd", "apache", "nginx", "lighttpd-cgi")
@own(run={"grace": 1, "parallel": 1, "queue": 1})
def test_full_queue(g):
    """One that is too many is told so, by 503 with Retry-After, and leaves no job; later it is taken."""
    gateway, hold = held(g, "full")
    first = order(g, gateway, "full")
    until("a running job", lambda: states(g, gateway) == ["running"])
    second = order(g, gateway, "full")
    check(first.status == 200 and second.status == 200 and second.json["status"] == "queued", first, second)
    for _ in range(3):
        third = order(g, gateway, "full")
        check(third.status == 503 and third.json["code"] == "unavailable", third)
        check(int(third.headers["Retry-After"]) >= 1, third.headers)
    check(states(g, gateway) == ["queued", "running"], states(g, gateway))
    hold.unlink()
    until("the end of both", lambda: states(g, gateway) == ["completed", "completed"])
    check(g.run(gateway, "full")["result"]["stdout"] == "full\n", "a run after")


@on("nginx")
@own(run={"grace": 1, "parallel": 1, "queue_ttl": 1})
def test_time_in_the_queue(g):
    """A run that is not started in its time is given up: its caller and its record say so, and it never runs."""
    gateway, hold = held(g, "late")
    order(g, gateway, "late")
    until("a running job", lambda: states(g, gateway) == ["running"])
    answer = g.run(gateway, "late")
    check(answer["status"] == "error" and "not started within 1 s" in answer["error"]["data"], answer)
    job = g.job(answer["result"]["job_id"])
    check((job["state"], job["started"], job["return_code"]) == ("timeout", None, None), job)
    hold.unlink()
    until("the end of the other", lambda: states(g, gateway) == ["completed", "timeout"])


@on("nginx")
@own(run={"grace": 1, "parallel": 1})
def test_fair_order(g):
    """A service with one run does not wait for the crowd of another's, and of one the oldest run is first."""
    hold, seen = g.code / "hold", g.code / "order"
    hold.touch()
    told = f'echo "$GATEHOUSE_JOB_ID" >>"{seen}"\n'
    crowd = g.program_gateway("crowd", f'while [ -e "{hold}" ]; do sleep 0.05; done\n{told}')
    ids = [order(g, crowd, "crowd").json["result"]["job_id"] for _ in range(CROWD)]
    single = g.submit(g.program_gateway("single", told), "single")
    hold.unlink()
    until("the end of all", lambda: states(g, crowd) == ["completed"] * CROWD and g.job(single)["state"] == "completed")
    came = seen.read_text().split()
    check([i for i in came if i != single] == ids, "the oldest first", came, ids)
    check(came.index(single) <= 2, f"it came after {came.index(single)} others", came)


@on("nginx")
@own(run={"grace": 1, "parallel": 8, "parallel_gateway": 1})
def test_limit_of_a_gateway(g):
    """The limit of one gateway is its own, and holds for what waits as soon as it is changed."""
    gateway, hold = held(g, "own")
    other, hold_other = held(g, "common")
    record = next(x for x in g.ok("GET", "/gateways")["results"] if x["cluster_id"] == gateway)

    def limit(n):
        g.ok("PUT", f"/gateways/{record['_id']}", {"payload": {"connector": {"settings": {"parallel": n}}}})
        check(g.ok("GET", f"/gateway/{gateway}/health")["components"]["runner"]["parallel_here"] == n)

    limit(2)
    for at, name in (gateway, "own"), (other, "common"):
        run_all([lambda: check(order(g, at, name).status == 200)] * 6)
    until("as many as may run", lambda: states(g, gateway).count("running") == 2 and states(g, other).count("running") == 1)
    limit(5)
    until("more of them", lambda: states(g, gateway).count("running") == 5)
    check(states(g, other).count("running") == 1, states(g, other))
    limit(0)
    until("all of them", lambda: states(g, gateway).count("running") == 6)
    hold.unlink()
    hold_other.unlink()
    for at in gateway, other:
        until("the end of all", lambda: states(g, at) == ["completed"] * 6)
