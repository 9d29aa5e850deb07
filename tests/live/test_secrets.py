"""Secrets: that a service gets them, and that no door shows them."""
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import time

from frame import on, own
from lib import PATIENCE, check, processes, until

here = on("lighttpd")   # none of it depends on the web server

# Nothing else looks like these.
TOKEN, KEY, PASSWORD, QUEUED = "tok-3f9c1b77aa", "-----BEGIN KEY-----\nkey-55e0d2c4f1\n-----END KEY-----\n", "pw-81b6e0933d", "pw-c0ffee7741"
HIDDEN = (TOKEN, KEY.split("\n")[1], PASSWORD, QUEUED)

FILE = """
decorators: [{name: d, schema: {type: object, properties: {user: {type: string}, pass: {type: string, format: password}}}}]
executable-objects: [{name: sh, exec-command: /bin/sh}]
services:
  - {name: shell, type: executable, executable-object: sh, working-directory: DIR, filename: show.sh, decorator: d, secrets: SECRETS}
  - {name: python, type: python-script, working-directory: DIR, filename: show.py, decorator: d, secrets: SECRETS}
secrets: [{name: token, value: TOKEN}, {name: key}]
"""
SECRETS = "[{name: token, type: env, target: API_TOKEN}, {name: key, type: file, target: KEY_FILE}]"
SHELL = """echo "$API_TOKEN"; cat "$KEY_FILE" >&2; echo "$GATEHOUSE_PARAM_PASS $*"
echo "${#API_TOKEN} $(wc -c <"$KEY_FILE") ${#GATEHOUSE_PARAM_PASS}"; until [ -e "$0.go" ]; do sleep 0.1; done; exit 4\n"""
PYTHON = """import os, sys, time
print(os.environ['API_TOKEN'], flush=True)
print(open(os.environ['KEY_FILE']).read(), file=sys.stderr, flush=True)
print(os.environ['GATEHOUSE_PARAM_PASS'], sys.argv[1:])
print(len(os.environ['API_TOKEN']), os.stat(os.environ['KEY_FILE']).st_size, len(os.environ['GATEHOUSE_PARAM_PASS']), flush=True)
while not os.path.exists(sys.argv[0] + '.go'):
    time.sleep(0.1)
sys.exit(4)
"""


def fed(g, value, *words):
    """The admin command with VALUE on its standard input."""
    return subprocess.run([g.programs / "gatehouse", *map(str, words)], env=g.env, input=value, capture_output=True,
                          text=True, timeout=PATIENCE)


def good(made, says=""):
    check(made.returncode == 0 and says in made.stdout and made.stderr == "", made.args, made.returncode, made.stdout, made.stderr)
    return made.stdout


def bad(made, says, status=1):
    check(made.returncode == status and says in made.stderr and made.stdout == "", made.args, made.returncode, made.stdout,
          made.stderr)


def gateway(g, name):
    folder = g.code / name
    folder.mkdir()
    (folder / "show.sh").write_text(SHELL)
    (folder / "show.py").write_text(PYTHON)
    file = g.dir / f"{name}.yaml"
    file.write_text(FILE.replace("DIR", str(folder)).replace("SECRETS", SECRETS).replace("value: TOKEN", f"value: {TOKEN}"))
    good(g.admin("import", file, "--gateway", name, "--create"), "6 added")
    file.unlink()
    good(fed(g, KEY, "secret", "set", "key", "--gateway", name), "secret key is set")
    return folder


def shown(text, where):
    """None of what is hidden may stand in TEXT."""
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    for value in HIDDEN:
        check(value not in text, where, "shows", value)
    return text


def no_file_has_it(g):
    """Neither the database, its log, nor what the programs say of themselves."""
    names = [f for f in g.state.rglob("*") if f.is_file()] + [g.dir / "log"]
    check(any(f.name == "gatehouse.db" for f in names), names)
    for f in names:
        shown(f.read_bytes(), f)


@here
@own(run={"parallel": 1}, log={"level": "debug"})
def test_no_door_shows_them(g):
    folder = gateway(g, "doors")
    for service in ("shell", "python"):
        body = {"serviceName": service, "clusterId": "doors", "params": {"user": "u", "pass": PASSWORD}}
        job = g.call("POST", "/services/run", body, headers={"Prefer": "respond-async"}).json["result"]["job_id"]
        # It waits, with a password of its own, behind the first one.
        waits = {**body, "params": {"pass": QUEUED}}
        queued = g.call("POST", "/services/run", waits, headers={"Prefer": "respond-async"}).json["result"]["job_id"]
        until("its output", lambda: b"14 53 13\n" in g.call("GET", f"/jobs/{job}/output?stream=stdout").raw)
        running = processes(f"GATEHOUSE_JOB_ID={job}")
        check(running, "nothing runs")
        for pid, line in processes(str(g.dir)).items():
            shown(line, f"the command line of {pid}")
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
            check((f"API_TOKEN={TOKEN}".encode() in environment) <= (pid in running), "the environment of", pid, line)
        no_file = g.state / "runs"
        check([f for f in no_file.rglob("secret.KEY_FILE") if f.stat().st_mode & 0o777 == 0o600], "the file of the run")
        database = [g.state / "gatehouse.db", g.state / "gatehouse.db-wal"]
        for f in database:
            if f.exists():
                shown(f.read_bytes(), f)
        (folder / f"show.{'sh' if service == 'shell' else 'py'}.go").touch()
        for one in (job, queued):
            until("its end", lambda: g.call("GET", f"/jobs/{one}").json["result"]["state"] not in ("queued", "running"))
            for path in (f"/jobs/{one}", f"/jobs/{one}/output", f"/jobs/{one}/events"):
                answer = g.call("GET", path)
                check(answer.status == 200, path, answer)
                shown(answer.raw, path)
            check(g.call("GET", f"/jobs/{one}").json["result"]["return_code"] == 4)
            shown(g.admin("logs", one).stdout + g.admin("job", one).stdout, "the admin command")
        check(b"********\n" in g.call("GET", f"/jobs/{job}/output?stream=stdout").raw)
        check(b"--user=u" in g.call("GET", f"/jobs/{job}/output?stream=stdout").raw.replace(b"', '", b" "))
    for path in ("/gateways/doors/secrets", "/gateways/doors/configuration/export", "/services", "/jobs"):
        shown(g.call("GET", path).raw, path)
    listed = good(g.admin("secret", "list", "--gateway", "doors"))
    check("token" in listed and "key" in listed, listed)
    shown(listed + good(g.admin("export", "--gateway", "doors")), "a listing")
    no_file_has_it(g)


@here
def test_admin_secret(g):
    good(g.admin("gateway", "add", "cli"))
    bad(fed(g, "x", "secret", "set", "s", "--gateway", "none"), "there is no gateway none")
    bad(fed(g, "", "secret", "set", "s", "--gateway", "cli"), "value")
    bad(fed(g, "\n", "secret", "set", "s", "--gateway", "cli"), "value")
    bad(fed(g, "x" * 65539, "secret", "set", "s", "--gateway", "cli"), "65538 bytes")
    bad(fed(g, "x" * 65537, "secret", "set", "s", "--gateway", "cli"), "65536")
    bad(fed(g, "a\0b", "secret", "set", "s", "--gateway", "cli"), "without NUL")
    bad(fed(g, "x", "secret", "set", "a/b", "--gateway", "cli"), "name")
    bad(fed(g, "x", "secret", "set", "s", "value", "--gateway", "cli"), "value is not expected", 2)
    good(fed(g, "one line\r\n", "secret", "set", "s", "--gateway", "cli"), "secret s is set")
    check([s["name"] for s in json.loads(good(g.admin("secret", "list", "--gateway", "cli", "--json")))] == ["s"])
    bad(g.admin("secret", "delete", "none", "--gateway", "cli"), "no secret none")
    good(g.admin("secret", "delete", "s", "--gateway", "cli"), "secret s is deleted")
    check(json.loads(good(g.admin("secret", "list", "--gateway", "cli", "--json"))) == [])


def run_shell(g, name, code=4):
    """The service has the values it should have: their lengths say so."""
    made = g.admin("run", "shell", "--gateway", name)
    check(made.returncode == code, made.returncode, made.stdout, made.stderr)
    check(code != 4 or "\n14 53 0\n" in made.stdout, made.stdout)
    return made


@here
@own()
def test_rekey_killed_anywhere(g):
    """Killed at any moment it loses nothing, and can be called again."""
    folder = gateway(g, "keys")
    (folder / "show.sh.go").touch()
    key = g.state / "secret.key"
    first, killed = key.read_text(), 0
    for i in range(25):
        started = subprocess.Popen([g.programs / "gatehouse", "secret", "rekey"], env=g.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        time.sleep(random.uniform(0, 0.3))
        started.send_signal(signal.SIGKILL)
        started.communicate()
        killed += started.returncode == -signal.SIGKILL
        check(key.stat().st_mode & 0o777 == 0o600)
        told = g.admin("doctor")
        check("unseals all there is (2)" in told.stdout, told.stdout)
    check(killed > 0, "none was killed in time")
    run_shell(g, "keys")
    good(g.admin("secret", "rekey"), "2 sealed values are sealed with it")
    check(key.read_text() != first and len(key.read_text().splitlines()) == 2, "the older keys are gone")
    run_shell(g, "keys")
    return f"{killed} of 25 killed"


@here
@own()
def test_key_file(g):
    folder = gateway(g, "file")
    (folder / "show.sh.go").touch()
    key, copy = g.state / "secret.key", g.dir / "copy"
    run_shell(g, "file")
    os.chmod(key, 0o644)
    check("open to others (mode 0644): chmod 600" in run_shell(g, "file", 1).stderr)
    told = g.admin("doctor")
    check(told.returncode == 1 and "FAIL" in told.stdout and "open to others" in told.stdout, told.stdout)
    answer = g.call("POST", "/gateways/file/secrets", {"secret": {"name": "x", "value": "hush"}})
    check(answer.status == 503 and "open to others" in answer.json["message"], answer)
    os.chmod(key, 0o600)
    run_shell(g, "file")
    # A copy of the database is of use only with the key file.
    copy.mkdir(mode=0o700)
    with sqlite3.connect(g.state / "gatehouse.db") as there, sqlite3.connect(copy / "gatehouse.db") as target:
        there.backup(target)
    config = g.dir / "copy.conf"
    config.write_text(g.config.read_text().replace(f"dir = {g.state}", f"dir = {copy}"))
    env = {**g.env, "GATEHOUSE_CONFIG": str(config)}

    def restored():
        made = subprocess.run([g.programs / "gatehouse", "run", "shell", "--gateway", "file"], env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE)
        pid = int((copy / "gatehoused.pid").read_text())
        os.kill(pid, signal.SIGTERM)
        until("its end", lambda: not (copy / "gatehoused.pid").read_text().strip())
        return made

    made = restored()
    check(made.returncode == 1 and "there is no key file" in made.stderr, made.stderr)
    check(not (copy / "secret.key").exists(), "no new key where there are old values")
    shutil.copy2(key, copy / "secret.key")
    made = restored()
    check(made.returncode == 4 and "\n14 53 0\n" in made.stdout, made.stdout, made.stderr)
    key.unlink()
    check("there is no key file" in run_shell(g, "file", 1).stderr)
    shutil.copy2(copy / "secret.key", key)


@here
@own()
def test_migrate_makes_the_key(g):
    """A state directory from before secrets."""
    key = g.state / "secret.key"
    key.unlink()
    check("run `gatehouse migrate`" in g.admin("doctor").stdout)
    good(g.admin("migrate"))
    check(key.stat().st_mode & 0o777 == 0o600)
    key.unlink()
    gateway(g, "first")
    check(key.stat().st_mode & 0o777 == 0o600, "or the first use")
