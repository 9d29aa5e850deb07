"""What a caller sees through each web server."""
import re

from frame import fastcgi
from lib import Skip, check, is_sanitized, processes, resident, run_all, until
import servers

SEQUENTIAL = 500
CLIENTS, EACH = 32, 20
TOO_BIG = 2 << 20       # bytes; [responder] max_body is half of it


def is_error(reply, status):
    body = reply.json or {}
    check(reply.status == status and body.get("domain") == "gateway_manager" and body.get("message"), reply)
    check(body.get("request_id") == reply.headers["X-Request-Id"], reply.headers["X-Request-Id"], reply)


def test_health(g):
    reply = g.call("GET", "/health/status", auth=None)
    check(reply.status == 200 and reply.json == {"status": "Success", "result": "ok"}, reply)
    check(reply.headers["Content-Type"].startswith("application/json"), reply.headers)
    check(reply.headers["X-Request-Id"] and "no-store" in reply.headers["Cache-Control"], reply.headers)


def test_version(g):
    reply = g.call("GET", "/version", auth=None)
    check(reply.status == 200 and reply.json["name"] == "app-gateway_manager", reply)
    check(re.fullmatch(r"\d+\.\d+\.\d+.*", reply.json["version"]), reply)


def test_no_caller(g):
    reply = g.call("GET", "/gateways", auth=None)
    is_error(reply, 401)
    check(reply.headers["WWW-Authenticate"] == 'Basic realm="Gatehouse"', reply.headers)


def test_wrong_credentials(g):
    is_error(g.call("GET", "/gateways", auth=(g.user, g.password + "x")), 401)
    is_error(g.call("GET", "/gateways", auth=("nobody", g.password)), 401)
    is_error(g.call("GET", "/gateways", auth=None, headers={"Authorization": "Bearer " + "a" * 40}), 401)
    is_error(g.call("GET", "/gateways", auth=None, headers={"Authorization": "Basic %%%"}), 401)
    is_error(g.call("GET", "/gateways", auth=None, headers={"Cookie": "token=nothing"}), 401)
    check(g.call("GET", "/gateways").status == 200)


def outside(g, method, path, body=None):
    """A call outside the base path, where not every version has them all."""
    reply = g.call(method, "/" + path, body, auth=None)
    if reply.status == 404:
        raise Skip(f"{method} {path} in this version")
    return reply


def test_first_look(g):
    for path in ("/health", "/"):
        reply = outside(g, "GET", path)
        check(reply.status // 100 == 2, path, reply)


def test_login(g):
    reply = outside(g, "POST", "/login", {"username": g.user, "password": g.password})
    token = reply.raw.decode()
    check(reply.status == 200 and re.fullmatch(r"[A-Za-z0-9._~-]+", token), reply)
    check(f"token={token}" in reply.headers["Set-Cookie"], reply.headers)
    for way in ({"Cookie": f"token={token}"}, {"Authorization": f"Bearer {token}"}):
        check(g.call("GET", "/gateways", auth=None, headers=way).status == 200, list(way))
    check(g.call("GET", f"/gateways?token={token}", auth=None).status == 200)


def test_gateways(g):
    name = g.gateway("simulator")
    found = [x for x in g.ok("GET", "/gateways")["results"] if x["cluster_id"] == name]
    check(len(found) == 1 and found[0]["connection_status"] == "connected", found)
    one = g.ok("GET", f"/gateways/{found[0]['_id']}")["result"]
    check(one["cluster_id"] == name, one)
    is_error(g.call("POST", "/gateways", {"gateway": {"cluster_id": name, "enabled": True, "readonly": False}}), 409)
    g.ok("DELETE", f"/gateways/{found[0]['_id']}")
    is_error(g.call("GET", f"/gateways/{found[0]['_id']}"), 404)


def test_paths(g):
    gateway = g.gateway("simulator", {"services": [{"name": "hello", "type": "executable"}]})
    ids = [g.run(gateway, "hello")["result"]["job_id"] for _ in range(2)]
    for path in (f"/jobs?limit=1&cluster_id={gateway}", f"/jobs/?cluster_id={gateway}&limit=%31"):
        found = g.ok("GET", path)["results"]
        check([job["job_id"] for job in found] == ids[1:], path, found)
    reply = g.call("GET", "/gateways/x%20y%C3%A9?limit=1")
    is_error(reply, 404)
    check("x y\u00e9" in reply.json["message"], "decoded once:", reply)
    reply = g.call("GET", "/gateways/x%2520y")
    is_error(reply, 404)
    check("x%20y" in reply.json["message"], "decoded once:", reply)
    is_error(g.call("GET", "/no/such/thing"), 404)


def test_methods(g):
    reply = g.call("HEAD", "/gateways")
    check(reply.status == 200 and reply.raw == b"" and reply.headers["Content-Type"], reply, reply.headers)
    reply = g.call("OPTIONS", "/gateways")
    check(reply.status == 204 and {"GET", "POST"} <= set(re.findall(r"\w+", reply.headers["Allow"])), reply)
    reply = g.call("PUT", "/gateways", {})
    is_error(reply, 405)
    check({"GET", "POST"} <= set(re.findall(r"\w+", reply.headers["Allow"])), reply.headers)


def test_big_body(g):
    big = {"gateway": {"cluster_id": "big", "enabled": True, "readonly": False, "description": "x" * TOO_BIG}}
    is_error(g.call("POST", "/gateways", big), 413)
    check("big" not in [x["cluster_id"] for x in g.ok("GET", "/gateways")["results"]])


def test_bad_body(g):
    sent = {"Content-Type": "application/json"}
    is_error(g.call("POST", "/gateways", raw=b"{'a':1}", headers=sent), 400)
    is_error(g.call("POST", "/gateways", raw=b"", headers=sent), 400)
    is_error(g.call("POST", "/gateways", raw=b"{}", headers={"Content-Type": "text/plain"}), 415)


def test_run_simulated(g):
    gateway = g.gateway("simulator", {"services": [
        {"name": "hello", "type": "python-script", "stdout": "hi\n"},
        {"name": "bad", "type": "executable", "stdout": "", "stderr": "no\n", "return_code": 3}]})
    answer = g.run(gateway, "hello")
    check((answer["state"], answer["status"]) == ("Success", "completed"), answer)
    check((answer["result"]["return_code"], answer["result"]["stdout"]) == (0, "hi\n"), answer)
    answer = g.run(gateway, "bad")
    check((answer["status"], answer["result"]["return_code"], answer["result"]["stderr"]) == ("error", 3, "no\n"), answer)
    answer = g.run(gateway, "nothing")
    check(answer["state"] == "Error" and answer["error"]["data"], answer)


def test_run_program(g):
    gateway = g.program_gateway("words", 'for word; do printf "<%s>" "$word"; done; echo; exit 5\n')
    answer = g.run(gateway, "words", {"a": "x y;$(id)", "n": 5})
    check(answer["result"]["stdout"] in ("<--a=x y;$(id)><--n=5>\n", "<--n=5><--a=x y;$(id)>\n"), answer)
    check(answer["result"]["return_code"] == 5 and answer["status"] == "error", answer)
    job = g.job(answer["result"]["job_id"])
    check(job["state"] == "failed" and job["return_code"] == 5, job)


def gate(g, name):
    """A local gateway whose service NAME ends when the file is there that its parameter names."""
    return g.program_gateway(name, 'until [ -e "${1#*=}" ]; do sleep 0.1; done; echo open\n')


def test_waiting_runs(g):
    """16 callers wait for their runs, and all others are answered meanwhile."""
    name = f"gate-{g.kind}"
    gateway, file = gate(g, name), g.code / f"open-{g.kind}"
    answers = []

    def meanwhile():
        until("16 jobs", lambda: len([j for j in g.jobs(gateway) if j["state"] in ("queued", "running")]) == 16)
        until("a running one", lambda: [j for j in g.jobs(gateway) if j["state"] == "running"])
        for _ in range(50 if g.kind in servers.FASTCGI else 5):
            check(g.call("GET", "/health/status", auth=None).status == 200)
        check(not answers, "none may have ended:", answers)
        file.touch()

    def wait():
        answer = g.run(gateway, name, {"file": str(file)})
        answers.append(answer)
        return answer

    try:
        results = run_all([wait] * 16 + [meanwhile])
    finally:
        file.touch()
    check(all(r["status"] == "completed" and r["result"]["stdout"] == "open\n" for r in results[:16]), results)


def test_output_meanwhile(g):
    """What a run has said so far is there before it ends, and nothing twice."""
    file = g.code / f"go-on-{g.kind}"
    name = f"talk-{g.kind}"
    gateway = g.program_gateway(name, f'echo first; until [ -e "{file}" ]; do sleep 0.1; done; echo second\n')
    job_id = g.submit(gateway, name)
    text, state = b"", ""

    def more():
        nonlocal text, state
        reply = g.call("GET", f"/jobs/{job_id}/output?stream=stdout&offset={len(text)}&wait=2")
        check(reply.status == 200, reply)
        text, state = text + reply.raw, reply.headers["X-Job-State"]
        check(int(reply.headers["X-Next-Offset"]) == len(text), reply.headers)

    try:
        until("the first line", lambda: more() or text == b"first\n")
        check(state == "running", state)
    finally:
        file.touch()
    until("the job's end", lambda: more() or state == "completed")
    more()
    check(text == b"first\nsecond\n", text)


@fastcgi
def test_sequential(g):
    connection = g.connect()
    for i in range(SEQUENTIAL):
        reply = g.call("GET", "/version", auth=None, connection=connection)
        check(reply.status == 200 and reply.json, i, reply)
    connection.close()
    check(len(g.responder.ends) == 0, "the responder died:", g.responder.ends)


@fastcgi
def test_parallel(g):
    def client():
        connection = g.connect()
        for _ in range(EACH):
            replies = (g.call("GET", "/gateways", connection=connection),
                       g.call("POST", "/gateways", {"gateway": {}}, connection=connection))
            check([r.status for r in replies] == [200, 400], *replies)
        connection.close()

    run_all([client] * CLIENTS)
    check(len(g.responder.ends) == 0, "the responder died:", g.responder.ends)


@fastcgi
def test_memory(g):
    """Idle under 10 MB together, as promised; a sanitized build has no such promise."""
    gateway = g.gateway("simulator", {"services": [{"name": "hello", "type": "executable"}]})
    g.run(gateway, "hello")
    pids = (g.responder.process.pid, g.dispatcher_pid())
    check(pids[1], "no dispatcher:", processes(str(g.dir)))
    # what a run needed goes when there has been nothing to do for a while
    until("small again", lambda: is_sanitized() or sum(map(resident, pids)) < 10 * 1024)
    sizes = [resident(pid) for pid in pids]
    return f"responder {sizes[0]} KiB, dispatcher {sizes[1]} KiB" + (", sanitized" if is_sanitized() else "")
