"""Code and service files from real git servers, and where their credentials may be seen: nowhere."""
import atexit
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import tempfile
import threading

import package_index
from frame import on, own
from git_servers import PASSWORD, USER, Https, Ssh, commit, git
from lib import Skip, check, free_port, processes, run_all, until

WORK = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-git-"))
atexit.register(shutil.rmtree, WORK, True)
FETCHED, THERE = "fetched", "there already"

# git and ssh as they are, but their command lines and environments are kept.
RECORDER = """#!/bin/sh
{{ printf '%s\\n' "$0" "$@"; env; }} >>{0}/seen
case " $* " in *" fetch "*) while [ -e {0}/hold ]; do sleep 0.05; done ;; esac
exec /usr/bin/{1} "$@"
"""
(WORK / "bin").mkdir()
for program in ("git", "ssh"):
    (WORK / "bin" / program).write_text(RECORDER.format(WORK, program))
    os.chmod(WORK / "bin" / program, 0o755)

SETTINGS = {"git": {"known_hosts": WORK / "known_hosts", "ca_file": WORK / "ca.pem", "timeout": 60},
            "local": {"path": f"{WORK}/bin:/usr/bin:/bin"}, "run": {"grace": 1}}
real = own(**SETTINGS)
FILES = {"main.sh": "cat text\n", "text": "one\n"}


@contextlib.contextmanager
def serving(server):
    try:
        yield server
    finally:
        server.stop()


def folder(name):
    path = pathlib.Path(tempfile.mkdtemp(prefix=name, dir=WORK))
    os.chmod(WORK, 0o755)
    return path


def document(repository, secrets=()):
    return {"executable-objects": [{"name": "sh", "exec-command": "/bin/sh"}],
            "repositories": [{"name": "tools", **repository}],
            "secrets": [{"name": name, "value": value} for name, value in secrets],
            "services": [{"name": "show", "type": "executable", "executable-object": "sh", "repository": "tools",
                          "filename": "main.sh"}]}


def gateway(g, repository, secrets=()):
    """A local gateway with the service show from this repository."""
    name = g.gateway("local")
    g.ok("POST", f"/gateways/{name}/configuration/import",
         {"options": {"source": "content", "content": document(repository, secrets)}})
    return name


def events(g, job_id):
    return [e["detail"] for e in g.ok("GET", f"/jobs/{job_id}/events")["results"] if e["event"] == "code"]


def expect(g, name, output, how):
    answer = g.run(name, "show")
    check(answer["status"] == "completed" and answer["result"]["stdout"] == output, answer)
    told = events(g, answer["result"]["job_id"])
    check(len(told) == 1 and told[0].endswith(how), told)


def expect_failed(g, name, *says):
    answer = g.run(name, "show")
    check(answer["state"] == "Error", answer)
    for text in ("tools", *says):
        check(text in answer["error"]["data"], text, "is not in", answer["error"]["data"])
    return answer["error"]["data"]


@contextlib.contextmanager
def watched(g, *secrets):
    """Nobody may see these texts: not in a command line, an environment, a log, the database, or a file that stays."""
    seen, over = [], threading.Event()
    with contextlib.suppress(FileNotFoundError):
        (WORK / "seen").unlink()

    def watch():
        while not over.wait(0.002):
            for entry in pathlib.Path("/proc").iterdir():
                with contextlib.suppress(OSError):
                    if entry.name.isdigit() and int(entry.name) != os.getpid():
                        text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                        seen.extend(text for s in secrets if s.encode() in text)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    check(not seen, "in a process:", seen[:1])
    # Theirs is removed behind the answer's back.
    until("no run directory", lambda: not list((g.state / "runs").iterdir()))
    places = [WORK / "seen", g.dir / "log", *(p for p in g.state.rglob("*") if p.is_file() and not p.is_symlink())]
    for place in places:
        with contextlib.suppress(FileNotFoundError):    # the database's own files come and go
            text = place.read_bytes()
            check(not [s for s in secrets if s.encode() in text], "a credential is in", place)
    check(b"fetch" in (WORK / "seen").read_bytes(), "nothing was recorded")


def https(g, watched):
    """A password reaches git alone; a second run fetches nothing; a wrong one is a clear error."""
    root = folder("root")
    os.chmod(root, 0o755)
    first = commit(root / "tools", FILES)
    with serving(Https(folder("https"), root)) as server:
        shutil.copy(server.dir / "ca.pem", WORK / "ca.pem")
        repository = {"url": server.url("tools/.git"), "reference": "main", "username": USER, "password-name": "pw"}
        name = gateway(g, repository, [("pw", PASSWORD)])
        with watched(g, PASSWORD, "4711"):
            expect(g, name, "one\n", f"tools main {first} {FETCHED}")
            expect(g, name, "one\n", f"tools main {first} {THERE}")
        wrong = gateway(g, repository, [("pw", "hunter2-is-wrong")])
        with watched(g, "hunter2-is-wrong"):
            told = expect_failed(g, wrong, "Authentication failed")
        check("hunter2" not in told, told)
        expect_failed(g, gateway(g, {"url": repository["url"]}), "could not read Username")
        # What somebody may fetch who has a password is not there for those who have none.
        expect(g, name, "one\n", THERE)
        (WORK / "ca.pem").write_text("")
        expect_failed(g, gateway(g, {**repository, "password-name": "pw2"}, [("pw2", PASSWORD)]), "cannot be fetched")
    expect(g, name, "one\n", THERE)
    expect_failed(g, gateway(g, {"url": server.url("gone.git")}), "cannot be fetched")


def ssh(g, watched):
    """A key likewise; a server whose key is not known is none."""
    root = folder("root")
    commit(root / "part", {"file": "part\n"})
    first = commit(root / "tools", {**FILES, "main.sh": "cat text part/file\n"})
    with serving(Ssh(folder("ssh"))) as server:
        shutil.copy(server.dir / "known_hosts", WORK / "known_hosts")
        # A submodule on the same server, by a url that is relative to it.
        git(root / "tools", "submodule", "--quiet", "add", f"file://{root}/part", "part")
        git(root / "tools", "config", "-f", ".gitmodules", "submodule.part.url", "../part")
        first = commit(root / "tools", {"more": ""})
        repository = {"url": server.url(f"{root}/tools"), "private-key-name": "deploy"}
        key = server.key().strip()
        name = gateway(g, repository, [("deploy", key)])
        with watched(g, key.splitlines()[2]):
            expect(g, name, "one\npart\n", f"tools HEAD {first} {FETCHED}")
            expect(g, name, "one\npart\n", f"tools HEAD {first} {THERE}")
        expect_failed(g, gateway(g, repository, [("deploy", server.key("other"))]), "Permission denied (publickey)")
        expect_failed(g, gateway(g, {"url": repository["url"]}), "Permission denied (publickey)")
        expect_failed(g, gateway(g, {**repository, "private-key-name": "k2", "reference": "gone"}, [("k2", key)]),
                      "has no branch or tag gone")
        (WORK / "known_hosts").write_text("")
        expect_failed(g, gateway(g, {**repository, "private-key-name": "k3"}, [("k3", key)]),
                      "Host key verification failed")


@on("lighttpd")
@real
def test_git_https(g):
    https(g, watched)


@on("lighttpd")
@real
def test_git_ssh(g):
    ssh(g, watched)


# The recorder could not write what it records there.
in_a_sandbox = own(git=SETTINGS["git"], local={"sandbox": "landlock"}, run=SETTINGS["run"])


def unwatched(g, *secrets):
    if "no Landlock" in g.admin("doctor").stdout:
        raise Skip("a kernel with Landlock")
    return contextlib.nullcontext()


@on("lighttpd")
@in_a_sandbox
def test_git_https_in_a_sandbox(g):
    https(g, unwatched)


@on("lighttpd")
@in_a_sandbox
def test_git_ssh_in_a_sandbox(g):
    ssh(g, unwatched)


PLAY = """- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: "{{ ([1, 2, 1] | community.general.counter)[1] }} times"}
"""


@on("lighttpd")
@real
def test_git_playbook_with_requirements_twice(g):
    """The second run asks neither the git server nor the registry, and builds nothing; its events say so."""
    if not shutil.which("ansible-galaxy", path="/usr/bin"):
        raise Skip("ansible-galaxy")
    root = folder("root")
    os.chmod(root, 0o755)
    first = commit(root / "net", {"site.yml": PLAY, "requirements.yml":
                                  "collections: [{name: community.general, version: 8.6.0}]\n"})
    packages = g.dir / "packages"
    with serving(Https(folder("https"), root)) as server, package_index.serving(packages) as base:
        package_index.make_collection(packages)
        shutil.copy(server.dir / "ca.pem", WORK / "ca.pem")
        g.gateway_named("net", {
            "repositories": [{"name": "net", "url": server.url("net/.git"), "reference": "main", "username": USER,
                              "password-name": "pw"}],
            "registries": [{"name": "own", "type": "ansible-galaxy", "url": f"{base}api/", "default": True}],
            "secrets": [{"name": "pw", "value": PASSWORD}],
            "services": [{"name": "site", "type": "ansible-playbook", "repository": "net", "playbooks": ["site.yml"],
                          "runtime": {"req-file": "requirements.yml"}}]})

        def steps():
            """One run: the lines of its events of code and environment, and what was asked meanwhile."""
            for file in (WORK / "seen", packages / "requests"):
                file.write_text("")
            answer = g.run("net", "site")
            check(answer["status"] == "completed" and '"2 times"' in answer["result"]["stdout"], answer)
            told = g.ok("GET", f"/jobs/{answer['result']['job_id']}/events")["results"]
            asked = [w for w in (WORK / "seen").read_text().splitlines() if w in ("fetch", "clone", "ls-remote")]
            return ([(e["event"], e["detail"]) for e in told if e["event"] in ("code", "environment")],
                    asked + (packages / "requests").read_text().splitlines())

        told, asked = steps()
        check(told[0] == ("code", f"net main {first} {FETCHED}") and " built in " in told[-1][1], told)
        check("fetch" in asked and any("community" in a for a in asked), asked)
        told, asked = steps()
        check([t[0] for t in told] == ["code", "environment"] and told[0][1] == f"net main {first} {THERE}" and
              told[1][1].endswith(THERE), told)
        check(asked == [], "the second run asked for", asked)
    # Both servers are gone now.
    told, asked = steps()
    check([t[1].endswith(THERE) for t in told] == [True, True] and asked == [], told, asked)


@contextlib.contextmanager
def silent():
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        yield s.getsockname()[1]


@on("lighttpd")
@own(**{**SETTINGS, "git": {**SETTINGS["git"], "timeout": 3}})
def test_git_servers_that_are_not_there(g):
    """Nobody listens, or nobody answers, and what is asked for is not there: an error of the gateway that says so, in
    bounded time, for runs and for imports; and nothing is left."""
    for name in ("known_hosts", "ca.pem"):
        (WORK / name).touch()
    closed = free_port()
    with silent() as mute:
        for url, says in ((f"https://127.0.0.1:{closed}/x", "Failed to connect"),
                          (f"ssh://git@127.0.0.1:{closed}/x", "Connection refused"),
                          (f"https://127.0.0.1:{mute}/x", "cannot be fetched within 3 s"),
                          (f"ssh://git@127.0.0.1:{mute}/x", "cannot be fetched within 3 s")):
            expect_failed(g, gateway(g, {"url": url}), says)
            reply = imported(g, g.gateway("local"), {"url": url, "file": "x"})
            # One that is slow may be there later.
            check(reply.status == (503 if "within" in says else 400) and says in reply.json["message"], url, reply)
    commit(g.code / "tools", FILES)
    here = {"url": f"file://{g.code}/tools"}
    expect_failed(g, gateway(g, {**here, "reference": "gone"}), "has no branch or tag gone")
    expect_failed(g, gateway(g, {**here, "reference": "1" * 40}), "has no commit " + "1" * 40)
    name = gateway(g, here)
    for place in ("gone", "text"):
        g.ok("POST", f"/gateways/{name}/configuration/import", {"options": {"source": "content", "force": True, "content": {
            "services": [dict(document({})["services"][0], **{"working-directory": place})]}}})
        answer = g.run(name, "show")
        check(answer["state"] == "Error" and f"the working-directory {place} of service show does not exist" in
              answer["error"]["data"], answer)
    until("no run directory", lambda: not list((g.state / "runs").iterdir()))
    check(not [p for p in processes(str(g.dir)).values() if " fetch " in p or "ssh" in p], processes(str(g.dir)))


@on("lighttpd")
@real
def test_git_kill_dispatcher(g):
    """A dispatcher that is killed in the middle of a fetch: the next run fetches, and nothing is left behind."""
    commit(g.code / "tools", FILES)
    name = gateway(g, {"url": f"file://{g.code}/tools", "reference": "main"})
    with contextlib.suppress(FileNotFoundError):
        (WORK / "seen").unlink()
    (WORK / "hold").touch()
    try:
        job_id = g.submit(name, "show")
        until("a fetch", lambda: (WORK / "seen").exists() and "\nfetch\n" in (WORK / "seen").read_text())
        pid = g.dispatcher_pid()
        os.kill(pid, signal.SIGKILL)
        until("its end", lambda: g.dispatcher_pid() != pid)
    finally:
        (WORK / "hold").unlink()
    expect(g, name, "one\n", FETCHED)
    expect(g, name, "one\n", THERE)
    until("a settled job", lambda: g.job(job_id)["state"] == "lost")
    until("no git that is left", lambda: not [p for p in processes(str(g.dir)).values() if "fetch" in p])
    check(not list((g.state / "runs").iterdir()), list((g.state / "runs").iterdir()))


@on("lighttpd")
@real
def test_git_many(g):
    """Twenty runs of a cold repository at the same time: one fetch, one tree, and each has its own copy."""
    commit(g.code / "tools", {**FILES, "main.sh": "cat text; echo changed >text; pwd\n"})
    name = gateway(g, {"url": f"file://{g.code}/tools", "reference": "main"})
    answers = run_all([lambda: g.run(name, "show")] * 20)
    lines = [a["result"]["stdout"].splitlines() for a in answers]
    check(all(line[0] == "one" for line in lines) and len({line[1] for line in lines}) == 20, lines)
    told = [events(g, a["result"]["job_id"])[0] for a in answers]
    check(sum(t.endswith(FETCHED) for t in told) == 1 and sum(t.endswith(THERE) for t in told) == 19, told)


def imported(g, name, source, **more):
    return g.call("POST", f"/gateways/{name}/configuration/import", {"options": {"source": "git", "git": source, **more}})


YAML = """executable-objects: [{name: sh, exec-command: /bin/sh}]
services: [{name: x, type: executable, executable-object: sh, filename: x.sh, working-directory: /x}]
"""
ADDED = ["executable-object/sh", "service/x"]


@on("lighttpd")
@real
def test_git_import(g):
    """A service file from git, by each kind of server; its credentials stay between the caller and git."""
    root = folder("root")
    os.chmod(root, 0o755)
    first = commit(root / "conf", {"sub/services.yaml": YAML, "bad.yaml": "services: [{name: x}]\n", "binary": "a\0b"})
    (root / "conf" / "link").symlink_to("sub/services.yaml")
    (root / "conf" / "out").symlink_to("../../../etc/passwd")
    commit(root / "conf", {"more": ""})
    with serving(Https(folder("https"), root)) as https, serving(Ssh(folder("ssh"))) as ssh:
        shutil.copy(https.dir / "ca.pem", WORK / "ca.pem")
        shutil.copy(ssh.dir / "known_hosts", WORK / "known_hosts")
        by_https = {"url": https.url("conf/.git"), "file": "sub/services.yaml", "username": USER, "password": PASSWORD}
        by_ssh = {"url": ssh.url(f"{root}/conf"), "file": "sub/services.yaml", "privateKey": ssh.key()}
        with watched(g, PASSWORD, ssh.key().splitlines()[2]):
            for source in (by_https, by_ssh, {**by_https, "file": "link"}, {**by_https, "reference": "main"}):
                name = g.gateway("local")
                for options, added in (({"validate": True}, []), ({"check": True}, ADDED), ({}, ADDED)):
                    reply = imported(g, name, source, **options)
                    check(reply.status == 200 and reply.json["added"] == added, reply)
                for options, how in (({}, "skipped"), ({"force": True}, "replaced")):
                    reply = imported(g, name, source, **options)
                    check(reply.status == 200 and reply.json[how] == ADDED, reply)
        name = g.gateway("local")
        g.ok("POST", f"/gateways/{name}/configuration/import", {"options": {"source": "content", "content": {
            "secrets": [{"name": "pw", "value": PASSWORD}]}}})
        reply = imported(g, name, {**by_https, "password": "$GATEWAYSECRET_pw"})
        check(reply.status == 200 and reply.json["added"] == ADDED, reply)
        for change, says in (({"file": "gone.yaml"}, "has no file gone.yaml"), ({"file": "sub"}, "has no file sub"),
                             ({"file": "../x"}, "relative path"), ({"file": "/etc/passwd"}, "relative path"),
                             ({"file": "out"}, "has no file out"), ({"file": "binary"}, "is no UTF-8 text"),
                             # Git repeats this name where it would say a size.
                             ({"file": "x blob 9999"}, "has no file x blob 9999"),
                             ({"reference": "gone"}, "has no branch or tag gone"),
                             ({"reference": "--upload-pack=x"}, "is not the name of a branch"),
                             ({"reference": "mai"}, "has no branch or tag mai"),
                             ({"password": "hunter2"}, "Authentication failed"),
                             ({"password": "$GATEWAYSECRET_none"}, "none"),
                             ({"url": "https://me:hunter2@127.0.0.1/x"}, "holds a password"),
                             ({"url": "file:///etc"}, "not below"), ({"url": "ext::x"}, "is not https")):
            reply = imported(g, name, {**by_https, **change})
            check(reply.status == 400 and reply.json["field"] == "git" and says in reply.json["message"], change, reply)
            check("hunter2" not in reply.raw.decode(), reply)
        check("--depth=1" in (WORK / "seen").read_text(), "a whole history was fetched for one file")
        # A commit that is no branch's any more, by its name alone.
        reply = imported(g, g.gateway("local"), {**by_https, "reference": first})
        check(reply.status == 200 and reply.json["added"] == ADDED, reply)
        for lacks, field in (("password", "git.password"), ("username", "git.username")):
            reply = imported(g, name, {k: v for k, v in by_https.items() if k != lacks})
            check(reply.status == 400 and reply.json["field"] == field, reply)
        reply = imported(g, name, {**by_https, "file": "bad.yaml"})
        check(reply.status == 400 and reply.json["field"].startswith("services[0]"), reply)
        # The admin command, with the password in a file.
        (g.dir / "password").write_text(PASSWORD + "\n")
        words = ("import", "sub/services.yaml", "--gateway", "cli", "--create", "--git", by_https["url"], "--username",
                 USER, "--password-file", g.dir / "password")
        done = g.admin(*words)
        check(done.returncode == 0 and "2 added" in done.stdout, done.stdout, done.stderr)
        done = g.admin(*words[:-2])
        check(done.returncode == 2 and "goes with --password-file" in done.stderr, done.returncode, done.stderr)
        done = g.admin(*words[:-4])
        check(done.returncode == 1 and "could not read Username" in done.stderr, done.stderr)
    until("no run directory", lambda: not list((g.state / "runs").iterdir()))
    check(not (g.state / "git").exists() or not list((g.state / "git").iterdir()), "an import has left a mirror")
