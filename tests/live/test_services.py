"""What services of the four types are given, and what they need beside their code: with the real python3, pip and
ansible-playbook, and tests/standin/tofu instead of OpenTofu (and terraform, where it is installed)."""
import json
import os
import signal

import package_index
from frame import on, own
from lib import PATIENCE, ROOT, Skip, check, until

here = on("lighttpd")   # none of it depends on the web server
STANDIN = ROOT / "tests" / "standin"
TOFU = {"tofu": STANDIN / "tofu"}


def imported(g, name, document):
    """A gateway with the services of DOCUMENT, and their directory."""
    folder = g.code / name
    folder.mkdir(exist_ok=True)
    file = g.dir / f"{name}.json"
    file.write_text(json.dumps(document(str(folder))))
    made = g.admin("import", file, "--gateway", name, "--create")
    check(made.returncode == 0, made.stdout, made.stderr)
    return folder


def run(g, gateway, service, params, **more):
    return g.ok("POST", "/services/run", {"clusterId": gateway, "serviceName": service, "params": params, **more},
                headers={"Prefer": f"wait={PATIENCE * 10}"})


# --- environments ---

def environment_file(base):
    def document(folder):
        return {"services": [{"name": "py", "type": "python-script", "filename": "main.py", "working-directory": folder,
                              "runtime": {"req-file": "requirements.txt"}}],
                "registries": [{"name": "mine", "type": "pypi", "url": f"{base}simple/", "default": True,
                                "username": "me", "password-name": "index-password"}],
                "secrets": [{"name": "index-password", "value": "pass-6f1d0c"}]}
    return document


def events(g, answer):
    found = g.ok("GET", f"/jobs/{answer['result']['job_id']}/events")["results"]
    return "\n".join(e["detail"] or "" for e in found if e["event"] == "environment")


@here
@own()
def test_environment_from_an_index_with_a_password(g):
    package_index.need_venv()
    packages = g.dir / "packages"
    with package_index.serving(packages, "me", "pass-6f1d0c") as base:
        folder = imported(g, "env", environment_file(base))
        (folder / "main.py").write_text("import greeting\nprint(greeting.VERSION)\n")
        (folder / "requirements.txt").write_text("greeting==1.0\n")
        first = run(g, "env", "py", {})
        check(first["status"] == "completed" and first["result"]["stdout"] == "1.0\n", first)
        check(" built in " in events(g, first), events(g, first))
        asked = (packages / "requests").read_text()
        second = run(g, "env", "py", {})
        check(second["status"] == "completed" and "there already" in events(g, second), second, events(g, second))
        check((packages / "requests").read_text() == asked, "the second run asked the index")
        everything = events(g, first) + events(g, second) + g.tail() + "".join(
            f.read_text(errors="replace") for f in (g.state / "environments").rglob("*") if f.is_file())
        check("pass-6f1d0c" not in everything, "the password shows")


# --- states ---

def plan_file(folder):
    return {"services": [{"name": "net", "type": "opentofu-plan", "working-directory": folder}]}


def slow(command):
    return json.dumps({"resource": {"terraform_data": {
        "first": {"input": "not-for-the-disk"}, "second": {"input": "2", "depends_on": ["terraform_data.first"],
            "provisioner": [{"local-exec": {"command": command}}]}}}})


def state(g):
    return g.ok("GET", "/gateways/lab/services/net/state")


def names(version):
    return sorted(r["name"] for r in version["state"]["resources"])


def killed_while_it_applies(g):
    """The dispatcher is killed in the middle: the next one finds what was made, and the next run goes on with it."""
    folder = imported(g, "lab", plan_file)
    (folder / "main.tf.json").write_text(slow("touch begun; sleep 3000"))
    job = g.submit("lab", "net", {"action": "apply"})
    until("the second resource", lambda: (folder / "begun").exists())
    work = list((g.state / "states").iterdir())
    check(len(work) == 1, work)
    os.kill(g.dispatcher_pid(), signal.SIGKILL)
    (folder / "main.tf.json").write_text(slow("true"))
    until("a lost job", lambda: g.job(job)["state"] == "lost" or g.call("GET", "/connections/lab") and None)
    found = state(g)
    check(names(found)[:1] == ["first"] and found["job_id"] == job and found["version"] == 1, found)
    check(not list((g.state / "states").iterdir()), "a working copy is left")
    answer = run(g, "lab", "net", {"action": "apply"})
    check(answer["status"] == "completed", answer)
    after = state(g)
    check(names(after) == ["first", "second"] and after["lineage"] == found["lineage"] and after["serial"] > found["serial"], after)
    check(after["version"] == 2, after)
    for file in g.state.rglob("*"):
        check(not file.is_file() or b"not-for-the-disk" not in file.read_bytes(), file, "has the state as it is")
    made = g.admin("secret", "rekey")
    check(made.returncode == 0, made.stdout, made.stderr)
    check(names(state(g)) == ["first", "second"], "lost with the change of keys")
    check(names(g.ok("GET", "/gateways/lab/services/net/state?version=1")) == names(found))


@here
@own(local=TOFU)
def test_standin_killed_while_it_applies(g):
    killed_while_it_applies(g)


@here
@own(local={"tofu": "/usr/local/bin/terraform"})
def test_real_terraform_killed_while_it_applies(g):
    if not os.path.exists("/usr/local/bin/terraform"):
        raise Skip("terraform in /usr/local/bin")
    killed_while_it_applies(g)


@here
@own(local=TOFU, run={"parallel": 4})
def test_standin_one_run_at_a_time(g):
    """Runs of one plan wait for one another in the queue: none loses what another has made."""
    folder = imported(g, "lab", plan_file)
    (folder / "main.tf.json").write_text(slow("mkdir alone && sleep 0.3 && rmdir alone"))
    jobs = []
    for i in range(4):
        jobs.append(g.submit("lab", "net", {"action": "destroy" if i % 2 else "apply"}))
    until("the end of all", lambda: all(g.job(j)["state"] not in ("queued", "running") for j in jobs))
    check([g.job(j)["state"] for j in jobs] == ["completed"] * 4, [g.job(j) for j in jobs])
    versions = g.ok("GET", "/gateways/lab/services/net/states")["results"]
    check([v["job_id"] for v in versions] == jobs[::-1] and len({v["lineage"] for v in versions}) == 1, versions)


@here
@own(local=TOFU, run={"grace_tofu": 60})
def test_standin_canceled_while_it_applies(g):
    """It is told by SIGINT, writes what it has done, and that is kept."""
    folder = imported(g, "lab", plan_file)
    (folder / "main.tf.json").write_text(slow("touch begun; sleep 1"))
    job = g.submit("lab", "net", {"action": "apply"})
    until("the second resource", lambda: (folder / "begun").exists())
    check(g.call("POST", f"/jobs/{job}/cancel", {}).status == 200)
    until("the end", lambda: g.job(job)["state"] == "canceled")
    check(names(state(g)) == ["first", "second"], state(g))


@here
@own(local=TOFU, retention={"states": 3})
def test_standin_state_that_is_damaged(g):
    """What is no state is kept as it is and not gone on with, until somebody puts a whole one; few versions are kept."""
    folder = imported(g, "lab", plan_file)
    (folder / "main.tf.json").write_text(slow("true"))
    check(run(g, "lab", "net", {"action": "apply"})["status"] == "completed")
    good = state(g)["state"]
    work = g.state / "states" / ("0" * 24)
    work.mkdir()
    gateway = next(one for one in g.ok("GET", "/gateways")["results"] if one["cluster_id"] == "lab")
    (work / "of.json").write_text(json.dumps({"gateway_id": gateway["_id"], "service": "net", "workspace": "default",
                                              "job_id": "1" * 24, "attempt_id": "0" * 24, "created_by": "somebody"}))
    (work / "terraform.tfstate").write_bytes(b'{"version": 4, "serial": 3, "lin\xff')
    answer = run(g, "lab", "net", {"action": "apply"})
    check(answer["state"] == "Error" and "version 2) is damaged" in answer["error"]["data"], answer)
    found = state(g)
    check(found["whole"] is False and found["damaged"] == '{"version": 4, "serial": 3, "lin\ufffd' and found["created_by"] == "somebody",
          found)
    check(not work.exists(), "the working copy is left")
    for serial in range(10, 14):
        g.ok("POST", "/gateways/lab/services/net/state", {"state": dict(good, serial=serial)})
    check(run(g, "lab", "net", {"action": "apply"})["status"] == "completed")
    versions = g.ok("GET", "/gateways/lab/services/net/states")["results"]
    check([(v["version"], v["serial"]) for v in versions] == [(6, 13), (5, 12), (4, 11)], versions)
