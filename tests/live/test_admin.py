"""The admin command, beside a running Gatehouse."""
import contextlib
import fcntl
import json
import os
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import termios
import time

from frame import on
from lib import PATIENCE, ROOT, Skip, check, processes, until

here = on("lighttpd")   # the command meets no web server: once is enough

SERVICES = """
decorators:
  - {name: typed, schema: {type: object, properties: {n: {type: integer, minimum: 1}, s: {type: string}}}}
executable-objects: [{name: sh, exec-command: /bin/sh}]
services:
  - {name: words, type: executable, executable-object: sh, working-directory: DIR, filename: words.sh, arg-format: "--{{.Key}}={{.Value}}", decorator: typed}
  - {name: slow, type: executable, executable-object: sh, working-directory: DIR, filename: slow.sh, arg-format: "--{{.Key}}={{.Value}}"}
"""
WORDS = """for w; do printf '<%s>' "$w"; done; echo; echo oops >&2; exit 7\n"""
SLOW = """echo begun; until [ -e "$0.go" ]; do sleep 0.1; done; echo woken; echo late >&2; exit 0\n"""


def says(made, status, out="", err=""):
    """The command's exit status; patterns that its stdout and stderr have to hold."""
    check(made.returncode == status, made.args[1:], made.returncode, made.stdout, made.stderr)
    check(re.search(out, made.stdout) and re.search(err, made.stderr), made.args[1:], out, err, made.stdout, made.stderr)
    if not err:
        check(made.stderr == "", made.args[1:], made.stderr)
    return made.stdout


def fails(g, *words, status=1, err="."):
    """Says why on stderr, and nothing else."""
    made = g.admin(*words)
    says(made, status, "", err)
    check(made.stdout == "" and made.stderr.startswith("gatehouse: "), made.stdout, made.stderr)


def connected(g, *words, **more):
    """As g.admin(), with descriptors and the like that are not its own."""
    more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.run([g.programs / "gatehouse", *map(str, words)], env=g.env, text=True, timeout=PATIENCE, **more)


@contextlib.contextmanager
def descriptor(text):
    """One that gives TEXT, which fits a pipe."""
    out, into = os.pipe()
    os.write(into, text)
    os.close(into)
    try:
        yield out
    finally:
        os.close(out)


def with_password(g, text, *words):
    with descriptor(text) as fd:
        return g.admin(*words, "--password-fd", fd, pass_fds=[fd])


def gateway(g, name):
    """A local gateway with the services above; gives the service file."""
    folder = g.code / name
    folder.mkdir()
    (folder / "words.sh").write_text(WORDS)
    (folder / "slow.sh").write_text(SLOW)
    file = g.dir / f"{name}.yaml"
    file.write_text(SERVICES.replace("DIR", str(folder)))
    says(g.admin("import", file, "--gateway", name, "--create"), 0, "4 added, 0 replaced, 0 skipped")
    return file


def jobs(g, *words):
    return json.loads(says(g.admin("jobs", "--json", *words), 0))


def state(g, job):
    return json.loads(says(g.admin("job", job), 0))["state"]


def other(g, name):
    """A configuration with a state directory of its own that is not there yet; gives both."""
    state = g.dir / name / "deep" / "state"
    config = g.dir / f"{name}.conf"
    config.write_text(f"[state]\ndir = {state}\n[dispatcher]\nprogram = {g.programs / 'gatehoused'}\nidle_exit = 1\n")
    return config, state


@here
def test_admin_usage(g):
    listed = re.findall(r"^  ([a-z]+(?: [a-z]+)?)", says(g.admin("--help"), 0, "^usage: "), re.M)
    check(len(listed) >= 18 and "user add" in listed and "doctor" in listed, listed)
    for command in listed:
        told = says(g.admin("help", *command.split()), 0, f"^usage: gatehouse {command}")
        check(told == says(g.admin(*command.split(), "--help"), 0), command)
        fails(g, *command.split(), "--no-such-option", status=2, err="--no-such-option")
        fails(g, *command.split(), "a", "b", "c", status=2, err="[abc] is not expected")
    says(g.admin("help", "user"), 0, "user add NAME(.|\n)*user delete NAME")
    says(g.admin("help"), 0, "^usage: ")
    says(g.admin("--version"), 0, r"^gatehouse \d+\.\d+\.\d+\S*\nschema \d+\n$")
    check(g.admin("version").stdout == g.admin("--version").stdout)
    check(g.admin().returncode == 2)
    fails(g, "user", status=2, err="not a whole command")
    fails(g, "user", "frob", status=2, err="user frob")
    fails(g, "frob", status=2, err="frob")
    fails(g, "--frob", status=2, err="--frob")
    fails(g, "--config", status=2, err="--config wants")
    fails(g, "--config", g.dir / "absent.conf", "jobs", err="the configuration /.*absent.conf: No such file")
    for words, err in ((["job"], "JOB is missing"), (["run", "x"], "--gateway ID is missing"),
                       (["run", "x", "--gateway"], "--gateway wants a value"), (["jobs", "--json", "--json"], "twice"),
                       (["jobs", "--json=1"], "takes no value"), (["jobs", "--limit", "0"], "from 1 to 10000"),
                       (["jobs", "--limit", "x"], "from 1 to 10000"), (["jobs", "--limit=99999"], "from 1 to 10000"),
                       (["logs", "x", "--stream", "stdin"], "stdout or stderr"),
                       (["import", "x", "--gateway", "g", "--check", "--validate"], "exclude each other")):
        fails(g, *words, status=2, err=err)
    fails(g, "jobs", "--state", "frob", err="state: must be")


@here
def test_admin_man(g):
    done = subprocess.run([ROOT / "tests" / "check-man", g.programs / "gatehouse"], capture_output=True, text=True,
                          env=g.env)
    check(done.returncode == 0, done.stdout, done.stderr)


@here
def test_admin_init(g):
    config, state = other(g, "init")
    cli = ["--config", config]
    fails(g, *cli, "user", "list", err="there is no database .*gatehouse init")
    for text, err in ((b"short", "at least 8"), (b"x" * 1025, "more than 1024"), (b"abc\0defgh", "NUL"),
                      (b"", "at least 8"), (b"\n12345678\n", "at least 8"), (b"\xff" * 9, "UTF-8")):
        says(with_password(g, text, *cli, "init"), 1, "^$", err)
    fails(g, *cli, "init", "--password-fd", "99", err="99 .* is not open")
    fails(g, *cli, "init", "--password-fd", "x", status=2, err="whole number")
    says(with_password(g, b"long enough", *cli, "init", "--user", "a b"), 1, "^$", "user's name")
    says(connected(g, *cli, "init", start_new_session=True), 1, "^$", "no terminal.*--password-fd")
    check(not (g.dir / "init").exists(), "a refused init leaves nothing")
    says(with_password(g, b"the secret word\nmore", *cli, "init", "--user", "ada"), 0, f"{state}(.|\n)*ada")
    check(state.stat().st_mode & 0o777 == 0o700, oct(state.stat().st_mode))
    check((state / "gatehouse.db").stat().st_mode & 0o777 == 0o600)
    check((state / "secret.key").stat().st_mode & 0o777 == 0o600)
    check(sorted(f.name for f in state.iterdir()) == ["gatehouse.db", "secret.key"], list(state.iterdir()))
    rows = sqlite3.connect(state / "gatehouse.db").execute("SELECT id, username, role, password_hash FROM account JOIN account_role ON account_id = id").fetchall()
    check(len(rows) == 1 and rows[0][:3] == ("0" * 24, "ada", "admin"), rows)
    check(rows[0][3].startswith("$argon2id$"), rows)
    says(with_password(g, b"the secret word", *cli, "init"), 1, "^$", "set up already")
    says(g.admin(*cli, "migrate"), 0, r"has schema \d+ already")


@here
def test_admin_init_takes_back(g):
    """What an init has made goes again where it cannot end."""
    config, state = other(g, "blocked")
    (g.dir / "blocked").write_text("no directory")
    says(with_password(g, b"long enough", "--config", config, "init"), 1, "^$", "cannot be made: Not a directory")
    check((g.dir / "blocked").read_text() == "no directory")
    (g.dir / "blocked").unlink()
    newer = sqlite3.connect(g.dir / "newer.db")
    newer.execute("PRAGMA user_version = 9999")
    newer.close()
    state.mkdir(parents=True)
    os.rename(g.dir / "newer.db", state / "gatehouse.db")
    says(with_password(g, b"long enough", "--config", config, "init"), 1, "^$", "newer than this program")
    fails(g, "--config", config, "jobs", err="newer than this program")
    made = g.admin("--config", config, "doctor")
    check(made.returncode == 1 and "FAIL" in made.stdout and "9999" in made.stdout, made.stdout)


@here
def test_admin_users(g):
    says(with_password(g, b"reader's word\n", "user", "add", "rita", "--reader"), 0, "rita is a reader")
    says(with_password(g, b"writer's word\n", "user", "add", "walt"), 0, "walt is an administrator")
    fails(g, "user", "add", "walt", err="already")
    listed = says(g.admin("user", "list"), 0)
    check(re.search(r"^rita +reader +- +enabled +20\d\d-.*cli:", listed, re.M), listed)
    check(re.search(r"^walt +administrator +", listed, re.M), listed)
    body = {"gateway": {"cluster_id": "by-rita", "enabled": True, "readonly": False}}
    check(g.call("GET", "/gateways", auth=("rita", "reader's word")).status == 200)
    check(g.call("POST", "/gateways", body, auth=("rita", "reader's word")).status == 403)
    says(with_password(g, b"another word", "user", "passwd", "rita"), 0, "rita has a new password")
    check(g.call("GET", "/gateways", auth=("rita", "reader's word")).status == 401)
    check(g.call("GET", "/gateways", auth=("rita", "another word")).status == 200)
    says(g.admin("user", "delete", "rita"), 0, "rita is deleted")
    check(g.call("GET", "/gateways", auth=("rita", "another word")).status == 401)
    says(g.admin("user", "delete", "walt"), 0)
    fails(g, "user", "delete", g.user, err="last administrator")
    check(g.call("GET", "/gateways").status == 200)
    for name in ("a:b", "a b", "", "x" * 129, "tab\there"):
        fails(g, "user", "add", name, err="user's name")
    fails(g, "user", "delete", "nobody", err="no account nobody")
    fails(g, "user", "passwd", "nobody", err="no account nobody")


@here
def test_admin_inventories(g):
    """Made of a file, handed to a real Python script and a real playbook, given back, deleted."""
    code = g.code / "inventory-cli"
    code.mkdir()
    (code / "nodes.py").write_text("import json, sys\nfor n in json.load(sys.stdin)['inventory_nodes']:\n"
                                   "    print(n['name'], n['attributes'].get('site'))\n")
    (code / "site.yml").write_text("- hosts: all\n  gather_facts: false\n  tasks:\n"
                                   "    - ansible.builtin.copy: {content: '{{ site }}', dest: '{{ playbook_dir }}/{{ inventory_hostname }}'}\n")
    services = {"services": [
        {"name": "nodes", "type": "python-script", "working-directory": str(code), "filename": "nodes.py"},
        {"name": "site", "type": "ansible-playbook", "working-directory": str(code), "playbooks": ["site.yml"]}]}
    (code / "services.json").write_text(json.dumps(services))
    says(g.admin("import", str(code / "services.json"), "--gateway", "inv-cli", "--create"), 0, "2 added")
    file = code / "lab.yaml"
    file.write_text("name: lab-cli\ndescription: cellar\ntags: [a, b]\nnodes:\n"
                    "  - {name: r1, attributes: {ansible_connection: local, site: '{{ 1 + 1 }}', password: geheim}}\n"
                    "  - {name: r2, attributes: {ansible_connection: local, site: graz}, tags: [core]}\n")
    says(g.admin("inventory", "import", str(file)), 0, "lab-cli is made: 2 nodes")
    check(re.search(r"^lab-cli +2 +- +a,b +cellar$|^lab-cli +2 + a,b +cellar$", says(g.admin("inventory", "list"), 0), re.M))
    shown = json.loads(says(g.admin("inventory", "show", "lab-cli"), 0))
    check(shown["nodes"][1] == {"name": "r2", "attributes": {"ansible_connection": "local", "site": "graz"}, "tags": ["core"]}, shown)
    says(g.admin("run", "nodes", "--gateway", "inv-cli", "--inventory", "lab-cli"), 0, r"^r1 \{\{ 1 \+ 1 \}\}\nr2 graz\n$")
    says(g.admin("run", "nodes", "--gateway", "inv-cli", "--inventory", "lab-cli:r2"), 0, "^r2 graz\n$")
    fails(g, "run", "nodes", "--gateway", "inv-cli", "--inventory", "lab-cli:r2,r9", err="Node 'r9' not found in inventory 'lab-cli'")
    fails(g, "run", "nodes", "--gateway", "inv-cli", "--inventory", "none", err="Inventory 'none' not found")
    if shutil.which("ansible-playbook"):
        says(g.admin("run", "site", "--gateway", "inv-cli", "--inventory", "lab-cli"), 0, "changed=1")
        check((code / "r1").read_text() == "{{ 1 + 1 }}" and (code / "r2").read_text() == "graz")
    check("geheim" not in says(g.admin("jobs", "--json"), 0))
    file.write_text(json.dumps({**shown, "nodes": shown["nodes"][:1]}))
    says(g.admin("inventory", "import", str(file)), 0, "lab-cli is replaced: 1 nodes")
    file.write_text("name: lab-cli\nnodes: [{name: r1}, {name: r1}]\n")
    fails(g, "inventory", "import", str(file), err="nodes\\[1\\].name: r1 is there twice")
    file.write_text("nodes: []\n")
    fails(g, "inventory", "import", str(file), err="name is required")
    check(len(json.loads(says(g.admin("inventory", "show", "lab-cli"), 0))["nodes"]) == 1)
    says(g.admin("inventory", "delete", "lab-cli"), 0, "lab-cli is deleted")
    fails(g, "inventory", "delete", "lab-cli", err="Inventory 'lab-cli' not found")


@here
def test_admin_groups(g):
    """Roles and groups: given, taken, disabled; each holds at the next request."""
    word = "the night's word"
    asks = lambda path: g.call("GET", path, auth=("nora", word)).status
    says(g.admin("role", "list"), 0, r"(?m)^service:run +run services$")
    says(g.admin("group", "add", "noc", "--description", "night watch", "--role", "gateway:read"), 0, "there is a group noc now")
    says(g.admin("group", "add", "east", "--group", "noc"), 0)
    fails(g, "group", "add", "noc", err="there is a group noc already")
    fails(g, "group", "add", "west", "--role", "sing", err="there is no role sing")
    fails(g, "group", "add", "west", "--group", "none", err="there is no group none")
    fails(g, "group", "add", "", err="a group's name")
    says(with_password(g, word.encode(), "user", "add", "nora", "--role", "job:read", "--group", "east"), 0, "nora has the roles: job:read")
    says(g.admin("user", "list"), 0, r"(?m)^nora +job:read +east +enabled ")
    says(g.admin("group", "list"), 0, r"(?m)^noc +gateway:read +- +- +enabled +night watch$")
    says(g.admin("group", "list"), 0, r"(?m)^east +- +noc +nora +enabled")
    check((asks("/jobs"), asks("/gateways"), asks("/certificates")) == (200, 200, 403))
    says(g.admin("group", "disable", "noc"), 0, "noc is disabled")
    check((asks("/jobs"), asks("/gateways")) == (200, 403))
    says(g.admin("group", "enable", "noc"), 0, "noc is enabled")
    says(g.admin("group", "grant", "noc", "certificate:read"), 0)
    check((asks("/gateways"), asks("/certificates")) == (200, 200))
    says(g.admin("group", "revoke", "noc", "gateway:read"), 0)
    fails(g, "group", "revoke", "noc", "gateway:read", err="noc does not give the role gateway:read")
    says(g.admin("user", "grant", "nora", "service:read"), 0, "nora has the role service:read")
    says(g.admin("user", "revoke", "nora", "job:read"), 0)
    fails(g, "user", "revoke", "nora", "job:read", err="nora does not have the role job:read itself")
    fails(g, "user", "grant", "nora", "sing", err="there is no role sing")
    check((asks("/jobs"), asks("/gateways"), asks("/services")) == (403, 403, 200))
    says(g.admin("group", "leave", "east", "nora"), 0)
    fails(g, "group", "leave", "east", "nora", err="nora is not in east by itself")
    check((asks("/certificates"), asks("/services")) == (403, 200))
    says(g.admin("user", "disable", "nora"), 0, "nora is disabled")
    check(asks("/services") == 401)
    says(g.admin("user", "enable", "nora"), 0, "nora is enabled")
    check(asks("/services") == 200)
    fails(g, "user", "disable", g.user, err="no administrator who can come in")
    fails(g, "user", "revoke", g.user, "admin", err="no administrator who can come in")
    # An administrator by a group keeps the house too, and the group is then not to be lost.
    says(g.admin("group", "grant", "noc", "admin"), 0)
    says(g.admin("group", "join", "east", "nora"), 0, "east has the member nora")
    fails(g, "group", "join", "east", "nobody", err="no account nobody")
    says(g.admin("user", "disable", g.user), 0)
    for what in (("group", "disable", "noc"), ("group", "delete", "noc"), ("group", "leave", "east", "nora"), ("user", "delete", "nora"),
                 ("group", "delete", "east"), ("group", "revoke", "noc", "admin")):
        fails(g, *what, err="no administrator who can come in|last administrator")
    says(g.admin("user", "enable", g.user), 0)
    says(g.admin("user", "delete", "nora"), 0)
    says(g.admin("group", "delete", "noc"), 0, "noc is deleted")
    fails(g, "group", "delete", "noc", err="there is no group noc")


@here
def test_admin_gateways(g):
    settings = json.dumps({"services": [{"name": "hello", "type": "python-script", "stdout": "hi\n"}]})
    says(g.admin("gateway", "add", "sim-cli", "--connector", "simulator", "--settings", settings, "--name", "A Name",
                 "--description", "tab\there"), 0, "sim-cli is registered")
    says(g.admin("gateway", "add", "ro-cli", "--readonly"), 0)
    listed = says(g.admin("gateway", "list"), 0)
    check(re.search(r"^sim-cli +A Name +enabled +connected +simulator +tab\?here$", listed, re.M), listed)
    check(re.search(r"^ro-cli +ro-cli +read-only +", listed, re.M), listed)
    found = [x for x in json.loads(says(g.admin("gateway", "list", "--json"), 0)) if x["cluster_id"] == "sim-cli"]
    check(len(found) == 1 and found[0]["created_by"].startswith("cli:"), found)
    check(found[0]["description"] == "tab\there", found)
    says(g.admin("run", "hello", "--gateway", "sim-cli"), 0, "^hi\n$")
    fails(g, "run", "hello", "--gateway", "ro-cli", err="read-only|not found")
    fails(g, "gateway", "add", "sim-cli", err="already")
    fails(g, "gateway", "add", "a/b", err="cluster_id: must be")
    fails(g, "gateway", "add", "x-cli", "--settings", "{", err="--settings: line 1")
    fails(g, "gateway", "add", "x-cli", "--settings", "[]", err="settings")
    fails(g, "gateway", "add", "x-cli", "--connector", "frob", err="no kind frob")
    fails(g, "gateway", "add", "x-cli", "--description", "x" * 1001, err="description")
    fails(g, "gateway", "delete", "x-cli", err="no gateway x-cli")
    for name in ("sim-cli", "ro-cli"):
        says(g.admin("gateway", "delete", name), 0, f"{name} is deleted")
    check("sim-cli" not in g.admin("gateway", "list").stdout)


@here
def test_admin_import(g):
    file = gateway(g, "import-cli")
    again = says(g.admin("import", file, "--gateway", "import-cli"), 0, "0 added, 0 replaced, 4 skipped.*--force")
    check("skipped   service/words\n" in again, again)
    says(g.admin("import", file, "--gateway", "import-cli", "--force", "--check"), 0, "4 replaced.*nothing is written")
    says(g.admin("import", file, "--gateway", "import-cli", "--force"), 0, "4 replaced")
    says(g.admin("import", file, "--gateway", "import-cli", "--validate"), 0, "has no faults")
    exported = says(g.admin("export", "--gateway", "import-cli"), 0)
    check([s["name"] for s in json.loads(exported)["services"]] == ["words", "slow"], exported)
    (g.dir / "exported.json").write_text(exported)
    says(g.admin("import", g.dir / "exported.json", "--gateway", "copy-cli", "--create"), 0, "4 added")
    check(json.loads(g.admin("export", "--gateway", "copy-cli").stdout) == json.loads(exported))
    with open(file) as f:
        says(connected(g, "import", "-", "--gateway", "stdin-cli", "--create", stdin=f), 0, "4 added")
    bad = g.dir / "bad.yaml"
    bad.write_text("services:\n  - {name: a, type: executable, executable-object: none, frob: 1}\n"
                   "  - {name: b, type: ansible-playbook}\n")
    made = g.admin("import", bad, "--gateway", "new-cli", "--create")
    says(made, 1, "^$", r"bad.yaml has \d faults: nothing is imported\n$")
    lines = made.stderr.splitlines()
    for path in (r"services\[0\]\.frob", r"services\[0\]\.executable-object", r"services\[1\]\.playbooks"):
        check(len([x for x in lines if re.match(rf"gatehouse: \S*bad\.yaml: {path}: ", x)]) == 1, path, lines)
    check("new-cli" not in g.admin("gateway", "list").stdout, "a refused import makes no gateway")
    for mode in ("--check", "--validate"):
        says(g.admin("import", file, "--gateway", "new-cli", "--create", mode), 0)
        check("new-cli" not in g.admin("gateway", "list").stdout, mode)
    fails(g, "import", file, "--gateway", "new-cli", err="no gateway new-cli")
    fails(g, "import", g.dir / "absent", "--gateway", "import-cli", err="No such file")
    fails(g, "import", g.dir, "--gateway", "import-cli", err="Is a directory")
    bad.write_bytes(b"\xff\xfe")
    fails(g, "import", bad, "--gateway", "import-cli", err="UTF-8")
    with open(bad, "wb") as f:
        f.truncate((16 << 20) + 1)
    fails(g, "import", bad, "--gateway", "import-cli", err="more than 16777216 bytes")
    fails(g, "export", "--gateway", "new-cli", err="no gateway new-cli")


@here
def test_admin_run(g):
    gateway(g, "run-cli")
    at = ["--gateway", "run-cli"]
    made = g.admin("run", "words", *at, "--param", "s=x=$(id) y", "--param", "n:=3", "--params", '{"b":{"c":[1]},"s":"no"}')
    check((made.returncode, made.stderr) == (7, "oops\n"), made)
    check(sorted(re.findall("<[^>]*>", made.stdout)) == ['<--b={"c":[1]}>', "<--n=3>", "<--s=x=$(id) y>"], made.stdout)
    made = g.admin("run", "words", *at, "--json")
    answer = json.loads(made.stdout)
    check(made.returncode == 7 and made.stderr == "", made)
    check(answer["result"]["return_code"] == 7 and answer["result"]["stderr"] == "oops\n", answer)
    (g.dir / "params.json").write_text('{"n": 12}')
    check("<--n=12>" in g.admin("run", "words", *at, "--params", f"@{g.dir}/params.json").stdout)
    fails(g, "run", "words", *at, "--param", "n:=0", err="/n")
    fails(g, "run", "words", *at, "--param", "n=3", err="/n")
    fails(g, "run", "nothing", *at, err="Service not found on cluster")
    fails(g, "run", "words", "--gateway", "nowhere", err="No connection found to Gateway with cluster id nowhere")
    made = g.admin("run", "nothing", *at, "--json")
    check(made.returncode == 1 and json.loads(made.stdout)["error"]["data"] == "Service not found on cluster", made)
    before = len(jobs(g, *at))
    for words, err in ((["--param", "x"], "NAME=TEXT"), (["--param", "=x"], "NAME=TEXT"), (["--param", ":=1"], "NAME=TEXT"),
                       (["--param", "x=1", "--param", "x:=2"], "given twice"), (["--param", "x:=frob"], "parameter x"),
                       (["--params", "[1]"], "must be a JSON object"), (["--params", "null"], "must be a JSON object"),
                       (["--params", "{'a':1}"], "line 1"), (["--params", '{"a":1,"a":2}'], "line 1")):
        fails(g, "run", "words", *at, *words, status=2, err=err)
    fails(g, "run", "words", *at, "--params", "@/absent", err="No such file")
    fails(g, "run", "words", *at, "--param", b"s=\xff".decode(errors="surrogateescape"), err="UTF-8")
    check(len(jobs(g, *at)) == before, "a refused run is no job")
    for words in (["run", "words", *at], ["jobs"], ["--help"], ["export", *at]):
        with open("/dev/full", "w") as full:
            made = connected(g, *words, stdout=full)
        check(made.returncode == 1 and "could not be written" in made.stderr, words, made.returncode, made.stderr)


@here
def test_admin_jobs(g):
    gateway(g, "jobs-cli")
    at = ["--gateway", "jobs-cli"]
    go = g.code / "jobs-cli" / "slow.sh.go"
    job = says(g.admin("run", "slow", *at, "--no-wait"), 0, "^[0-9a-f]{24}\n$").strip()
    until("its first output", lambda: says(g.admin("logs", job), 0) == "begun\n")
    check(state(g, job) == "running")
    fails(g, "gateway", "delete", "jobs-cli", err="under way(.|\n)*--force")
    with following(g, job) as follower:
        until("what is followed", lambda: "begun" in follower.seen())
        check(follower.poll() is None)
        go.touch()
        check(follower.wait(PATIENCE) == 0 and follower.seen() == "begun\nwoken\n", follower.seen())
    until("its end", lambda: state(g, job) == "completed")
    check(says(g.admin("logs", "-f", job), 0, "", "^late\n$") == "begun\nwoken\n")
    check(says(g.admin("logs", job, "--stream", "stdout"), 0) == "begun\nwoken\n")
    check(says(g.admin("logs", job, "--stream=stderr", "--follow"), 0, "^$", "^late\n$") == "")
    go.unlink()
    job = says(g.admin("run", "slow", *at, "--no-wait"), 0).strip()
    with following(g, job) as follower:
        until("a running job", lambda: state(g, job) == "running")
        says(g.admin("cancel", job), 0, "told to end|is canceled")
        check(follower.wait(PATIENCE) == 0, follower.seen())
    check(state(g, job) == "canceled")
    fails(g, "cancel", job, err="ended already")
    listed = says(g.admin("jobs", *at), 0, "^JOB +CREATED +GATEWAY +SERVICE +STATE")
    check([x.split()[0] for x in listed.splitlines()[1:]] == [x["job_id"] for x in jobs(g, *at)], listed)
    check([x["job_id"] for x in jobs(g, *at, "--limit", 1)] == [job])
    check([x["state"] for x in jobs(g, *at, "--state", "completed", "--service", "slow")] == ["completed"])
    check(jobs(g, "--service", "no such&state=completed") == [])
    for command in ("job", "logs", "cancel"):
        fails(g, command, "0" * 24, err="no job 0000")
        fails(g, command, "../jobs", err="no job ../jobs")
    job = says(g.admin("run", "slow", *at, "--no-wait"), 0).strip()
    until("a running job", lambda: state(g, job) == "running")
    says(g.admin("gateway", "delete", "jobs-cli", "--force"), 0, "is deleted")
    check(state(g, job) == "canceled", "jobs stay")


@contextlib.contextmanager
def following(g, job):
    """`gatehouse logs -f` on the side."""
    class Follower(subprocess.Popen):
        def seen(self):
            return out.read_text()

    out = g.dir / f"follow-{job}"
    with open(out, "w") as f:
        follower = Follower([g.programs / "gatehouse", "logs", "-f", job], env=g.env, stdin=subprocess.DEVNULL, stdout=f,
                            stderr=subprocess.DEVNULL)
    try:
        yield follower
    finally:
        if follower.poll() is None:
            follower.kill()
        follower.wait()


@here
def test_admin_doctor(g):
    told = says(g.admin("doctor"), 0)
    check(not [x for x in told.splitlines() if not re.match("(ok|warning) ", x)], told)
    for text in ("gatehoused answers", "the database is sound", "there is 1 administrator|there are \\d administrators",
                 "repositories are fetched with /", "a req-file of a python-script service can be installed",
                 "each run has a control group of its own in /|gatehoused may make no control groups here"):
        check(re.search(f"^ok +{text}", told, re.M), text, told)
    config, state = other(g, "sick")
    with open(config, "a") as f:
        f.write(f"[local]\nroots = {g.dir}/absent:{g.config}:{g.code}\npath = {g.code}\n")
    told = says(g.admin("--config", config, "doctor"), 1, r"FAIL +the state directory .*gatehouse init")
    check(re.search(r"^FAIL .*absent: No such file", told, re.M), told)
    check(re.search(r"^FAIL .*gatehouse.conf is no directory", told, re.M), told)
    for name, package in (("python3", "python3"), ("ansible-playbook", "ansible-core"), ("git", "git"), ("ssh", "openssh-client")):
        check(re.search(rf"^warning +{name} is not in \[local\] path: .*; install {package}$", told, re.M), name, told)
    check("virtual environments" not in told, "a python that is not there is not asked", told)
    check(not state.exists(), "looking makes nothing")
    says(with_password(g, b"long enough", "--config", config, "init"), 0)
    os.chmod(state, 0o755)
    told = says(g.admin("--config", config, "doctor"), 1)
    check(re.search(r"^warning .*open to others \(mode 0755\)", told, re.M), told)
    check(re.search(r"^ok +gatehoused answers", told, re.M), told)
    until("the end of the dispatcher that it started",
          lambda: not [x for x in processes(str(g.dir)).values() if str(config) in x and "gatehoused" in x])
    with open(state / "gatehouse.db", "r+b") as f:
        f.seek(4096 * 3)
        f.write(b"\xaa" * 4096 * 4)
    told = says(g.admin("--config", config, "doctor"), 1, "FAIL +the database", "")


@here
def test_admin_no_dispatcher(g):
    """Where gatehoused is not there and must not be started, what needs it says so, and the rest works."""
    config, state = other(g, "alone")
    with open(config, "a") as f:
        f.write("on_demand = no\n")
    settings = json.dumps({"services": [{"name": "hello", "type": "python-script", "stdout": "hi\n"}]})
    says(with_password(g, b"long enough", "--config", config, "init"), 0)
    says(g.admin("--config", config, "gateway", "add", "sim", "--connector", "simulator", "--settings", settings), 0)
    for words in (["run", "hello", "--gateway", "sim"], ["run", "hello", "--gateway", "sim", "--no-wait"]):
        says(g.admin("--config", config, *words), 1, "^$", "gatehouse: gatehoused is not running")
    says(g.admin("--config", config, "doctor"), 1, "FAIL +gatehoused: .*not running")
    check(says(g.admin("--config", config, "jobs"), 0).count("\n") == 1, "no job is left of them")


@here
def test_admin_purge(g):
    """What [retention] does not keep goes, and an older database file learns to shrink."""
    config, state = other(g, "full")
    says(with_password(g, b"long enough", "--config", config, "init"), 0)
    says(g.admin("--config", config, "purge"), 0, "^0 jobs removed, they held 0 bytes")
    base = sqlite3.connect(state / "gatehouse.db")
    base.executemany(
        "INSERT INTO job (id, attempt_id, request_id, gateway_id, cluster_id, service_id, service, type, params, state,"
        " requested_by, created, started, ended, elapsed_ms, attempt, cancel_requested, stdout_bytes, stderr_bytes,"
        " truncated, kept_bytes) VALUES (?1, ?1, ?1, 'g', 'g', 's', 's', 'executable', '{}', ?2, 'a', ?3, ?3, ?4, 0, 1, 0,"
        " 0, 0, 0, 7)", [("a", "completed", 1, 1), ("b", "running", 1, 0), ("c", "completed", 1, int(time.time() * 1000))])
    base.commit()
    says(g.admin("--config", config, "purge"), 0, "^1 jobs removed, they held 7 bytes")
    check([row[0] for row in base.execute("SELECT id FROM job ORDER BY id")] == ["b", "c"])
    base.execute("PRAGMA auto_vacuum = NONE")
    base.execute("VACUUM")
    base.close()
    check("warning  the database never shrinks" in g.admin("--config", config, "doctor").stdout)
    says(g.admin("--config", config, "migrate"), 0, "written anew: it shrinks by itself now")
    check("database gives room back" in g.admin("--config", config, "doctor").stdout)
    check("anew" not in says(g.admin("--config", config, "migrate"), 0))


@here
def test_admin_owner(g):
    """Root does not make files in another user's state directory."""
    if os.getuid() != 0:
        raise Skip("root")
    config, state = other(g, "foreign")
    says(with_password(g, b"long enough", "--config", config, "init"), 0)
    shutil.chown(state, "nobody")
    before = sorted(os.listdir(state))
    for words in (["jobs"], ["migrate"], ["init"], ["user", "list"], ["run", "x", "--gateway", "y"]):
        fails(g, "--config", config, *words, err="belongs to nobody: run this as that user")
    says(g.admin("--config", config, "doctor"), 1, "FAIL .*belongs to nobody")
    check(sorted(os.listdir(state)) == before, os.listdir(state))


# --- at a terminal ---

def on_a_terminal():
    """In the child: as a shell starts it, whatever nohup or the like has ignored before."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP):
        signal.signal(number, signal.SIG_DFL)


class Typist:
    """Runs the command at a terminal of its own. SHELL is a shell's script for it, where "$@" is the command."""

    def __init__(self, g, *words, shell=None):
        self.shown = ""
        self.fd, self.own = os.openpty()
        run = ["/bin/sh", "-mc", shell, "sh"] if shell else []
        self.process = subprocess.Popen([*run, g.programs / "gatehouse", *words], env=g.env, stdin=self.own,
                                        stdout=self.own, stderr=self.own, start_new_session=True,
                                        preexec_fn=on_a_terminal)

    def __enter__(self):
        return self

    def __exit__(self, *fault):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.own)
        os.close(self.fd)

    def echoes(self):
        return bool(termios.tcgetattr(self.own)[3] & termios.ECHO)

    def look(self):
        while select.select([self.fd], [], [], 0)[0]:
            self.shown += os.read(self.fd, 4096).decode()
        return self.shown

    def waits_for(self, text, echoes=False):
        until(f"{text!r} at the terminal", lambda: text in self.look() and self.echoes() == echoes)

    def types(self, text):
        os.write(self.fd, text.encode())

    def ends(self):
        """How it ended; a signal's number is negative."""
        until("its end", lambda: (self.look(), self.process.poll() is not None)[1])
        check(self.echoes(), "the terminal does not show what is typed any more")
        self.look()
        return self.process.returncode


@here
def test_admin_terminal(g):
    secret, wrong = "typed at a terminal", "typed otherwise"
    add = ["user", "add", "typed", "--reader"]
    with Typist(g, *add) as t:
        t.waits_for("Password for typed: ")
        t.types(secret + "\n")
        t.waits_for("The same again: ")
        t.types(wrong + "\n")
        check(t.ends() == 1 and "differ" in t.shown, t.shown)
        check(secret not in t.shown and wrong not in t.shown, t.shown)
    for typed, err in (("\x04", "no password"), ("\n", "no password"), ("x" * 1100 + "\n", "more than 1024")):
        with Typist(g, *add) as t:
            t.waits_for("Password for typed: ")
            t.types(typed)
            check(t.ends() == 1 and err in t.shown, err, t.shown)
    check("typed" not in g.admin("user", "list").stdout)
    with Typist(g, *add) as t:
        t.waits_for("Password for typed: ")
        t.types(secret + "\n")
        t.waits_for("The same again: ")
        t.types(secret + "\n")
        check(t.ends() == 0 and secret not in t.shown, t.shown)
    check(g.call("GET", "/gateways", auth=("typed", secret)).status == 200)
    says(g.admin("user", "delete", "typed"), 0)


@here
def test_admin_terminal_signals(g):
    """Whatever ends it, the terminal shows what is typed afterwards."""
    for number, key in ((signal.SIGINT, "\x03"), (signal.SIGQUIT, "\x1c"), (signal.SIGTERM, None), (signal.SIGHUP, None)):
        with Typist(g, "user", "passwd", g.user) as t:
            t.waits_for("Password for ")
            t.types("half a wo")
            if key:
                t.types(key)
            else:
                t.process.send_signal(number)
            check(t.ends() == -number and "half" not in t.shown, number, t.process.returncode, t.shown)
    with Typist(g, "user", "passwd", g.user, shell='"$@"; echo stopped; fg') as t:
        t.waits_for("Password for ")
        t.types("half\x1a")
        until("it to ask again", lambda: t.look().partition("stopped")[2].count("Password for ") and not t.echoes())
        t.types("\x03")
        check(t.ends() in (-signal.SIGINT, 128 + signal.SIGINT), t.process.returncode, t.shown)
        check(t.shown.count("Password for ") == 2 and "half" not in t.shown, t.shown)
    check(g.call("GET", "/gateways").status == 200, "the password is as it was")
