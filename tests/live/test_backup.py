"""Backups of a running Gatehouse, and what comes back of them on another one, or on itself."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import threading

import lib
import servers
from frame import on, own
from lib import PATIENCE, Skip, check, processes, until

here = on("lighttpd")   # none of it depends on the web server

VALUE = "tok-60d1fe57aa"        # of a secret; nothing else looks like it
SERVICE = """echo once >>"{marks}/$GATEHOUSE_JOB_ID"
echo "${{#API_TOKEN}} bytes"
until [ -e "{go}" ]; do sleep 0.1; done
"""


def good(made, says=""):
    check(made.returncode == 0 and says in made.stdout and made.stderr == "", made.args[1:], made.returncode, made.stdout,
          made.stderr)
    return made.stdout


def bad(made, says, status=1):
    check(made.returncode == status and says in made.stderr and made.stderr.startswith("gatehouse: ") and made.stdout == "",
          made.args[1:], made.returncode, made.stdout, made.stderr)


def rows(file, query, *values):
    """What a backup has. It is opened as what cannot be written, which one file alone can be."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as db:
        return db.execute(query, values).fetchall()


def is_sound(file):
    check(rows(file, "PRAGMA integrity_check") == [("ok",)], "the backup is damaged")
    check(file.read_bytes()[18:20] == b"\1\1", "the backup wants a log beside it")
    check(file.stat().st_mode & 0o777 == 0o600, "the backup is open to others", oct(file.stat().st_mode))


def can_crash():
    if b"GATEHOUSE_CRASH" not in (lib.BUILD / "gatehouse").read_bytes():
        raise Skip("crash points: configure with --enable-crash-points")


def arm(g, line):
    (g.dir / "crash").write_text(line + "\n")


def killed(g, point, *words):
    """The command, which dies at POINT."""
    arm(g, point)
    made = g.admin(*words)
    check(made.returncode == -signal.SIGKILL, point, made.returncode, made.stdout, made.stderr)


def counting(g, name="once"):
    """A gateway whose service notes each execution, tells the length of its secret, and ends when it may."""
    marks, go = g.code / "marks", g.code / "go"
    marks.mkdir()
    gateway = g.program_gateway(name, SERVICE.format(marks=marks, go=go))
    g.ok("POST", f"/gateways/{gateway}/secrets", {"secret": {"name": "token", "value": VALUE}})
    document = g.ok("GET", f"/gateways/{gateway}/configuration/export")
    document["services"][0]["secrets"] = [{"name": "token", "type": "env", "target": "API_TOKEN"}]
    document.pop("secrets", None)
    g.ok("POST", f"/gateways/{gateway}/configuration/import",
         {"options": {"source": "content", "content": document, "force": True}})
    return gateway, marks, go


def down(g):
    """All programs of G end in order."""
    g.server.send_signal(signal.SIGTERM)
    g.server.wait(PATIENCE)
    g.responder.stop()
    check(g.stop_dispatcher() == [])
    until("the end of all processes", lambda: not processes(str(g.dir)))


def up(g):
    pathlib.Path(g.socket_path).unlink(missing_ok=True)
    g.start()


def restored(g, *words):
    """What it said; nothing where somebody has the database open just now."""
    made = g.admin("restore", *words)
    return good(made) if made.returncode == 0 else bad(made, "is in use")


class Load:
    """Callers that have runs accepted all the time; IDS are those that were acknowledged."""

    def __init__(self, g, gateway, service, callers=3):
        self.g, self.gateway, self.service = g, gateway, service
        self.ids, self.faults, self.stopped = [], [], False
        self.threads = [threading.Thread(target=self.go_on) for _ in range(callers)]

    def go_on(self):
        try:
            while not self.stopped:
                self.ids.append(self.g.submit(self.gateway, self.service, {"text": "x" * 1000}))
        except Exception as e:
            self.faults.append(e)

    def __enter__(self):
        for t in self.threads:
            t.start()
        until("the first runs", lambda: len(self.ids) > 10 or self.faults)
        return self

    def __exit__(self, *fault):
        self.stopped = True
        for t in self.threads:
            t.join()
        check(fault[0] or not self.faults, self.faults)


@here
@own(run={"queue": 1000000})
def test_backup_under_load(g):
    """Each is of one moment: sound, with every job that was acknowledged before it began, and a record of itself."""
    gateway = g.gateway("simulator", {"services": [{"name": "hello", "type": "executable"}]})
    seen = []
    with Load(g, gateway, "hello") as load:
        for i in range(4):
            file, before = g.dir / f"copy{i}.db", list(load.ids)
            good(g.admin("backup", file), f"the database is in {file}: ")
            is_sound(file)
            there = {row[0] for row in rows(file, "SELECT id FROM job")}
            check(set(before) <= there, "acknowledged jobs are not in the backup:", set(before) - there)
            check(rows(file, "SELECT username LIKE 'cli:%', credential, outcome FROM audit WHERE operation = 'backup' AND record = ?",
                       str(file)) == [(1, "host", "ok")], "its audit record")
            # A job and what it printed are of the same moment.
            check(rows(file, "SELECT count(*) FROM job j WHERE state = 'completed' AND stdout_bytes <>"
                       " (SELECT coalesce(sum(length(data)), 0) FROM output WHERE job_id = j.id AND stream = 0)") == [(0,)])
            seen.append(len(there))
    check(len(load.ids) > seen[-1] - 5, len(load.ids), seen)
    check(seen == sorted(set(seen)), "no run was accepted between two backups", seen)
    return f"{seen} jobs"


@here
@own()
def test_slow_backup_holds_up_nobody(g):
    """One that stops in the middle: runs are accepted and end meanwhile; killed there, it leaves no backup of that name."""
    can_crash()
    gateway = g.gateway("simulator", {"services": [{"name": "hello", "type": "executable"}]})
    file, part = g.dir / "slow.db", g.dir / "slow.db.part"
    arm(g, "backup-half hang")
    slow = subprocess.Popen([g.programs / "gatehouse", "backup", file], env=g.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until("half a backup", lambda: not (g.dir / "crash").exists())
        ids = [g.run(gateway, "hello")["result"]["job_id"] for _ in range(50)]
        check(all(g.job(j)["state"] == "completed" for j in ids))
        check(part.exists() and not file.exists())
    finally:
        slow.kill()
        slow.communicate()
    check(part.exists() and not file.exists())
    good(g.admin("backup", file))
    check(file.exists() and not part.exists(), "what was left was taken over")
    is_sound(file)
    check(set(ids) <= {row[0] for row in rows(file, "SELECT id FROM job")})
    killed(g, "backup-whole", "backup", g.dir / "other.db")
    check(not (g.dir / "other.db").exists())
    # Interrupted, it takes away what it began.
    def interrupted():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        os.kill(os.getpid(), signal.SIGINT)
    bad(g.admin("backup", g.dir / "third.db", preexec_fn=interrupted), "it was interrupted: there is no backup")
    check([n for n in os.listdir(g.dir) if "third" in n] == [])


@here
@own()
def test_lost_host(g):
    """All of the state directory is gone; with backup and key there is a server with the same users, runs and secrets."""
    gateway, marks, go = counting(g)
    go.touch()
    for words in (["user", "add", "ops", "--password-fd"], ["user", "add", "eve", "--reader", "--password-fd"]):
        out, into = os.pipe()
        os.write(into, b"a long password")
        os.close(into)
        good(g.admin(*words, out, pass_fds=[out]))
        os.close(out)
    job = g.run(gateway, "once")["result"]["job_id"]
    accounts = g.ok("GET", "//authorization/accounts")
    services, output = g.ok("GET", "/services"), g.call("GET", f"/jobs/{job}/output").raw
    check(output == f"{len(VALUE)} bytes\n".encode(), output)
    file, key = g.dir / "b.db", g.dir / "b.key"
    told = good(g.admin("backup", file))
    check("is not in it, and without it no secret in it can be read" in told and str(g.state / "secret.key") in told, told)
    told = good(g.admin("backup", "--force", file, "--key", key), f"is in {key}: keep the two apart")
    check(key.stat().st_mode & 0o777 == 0o600 and key.read_text() == (g.state / "secret.key").read_text())
    check(VALUE.encode() not in file.read_bytes())
    down(g)
    shutil.rmtree(g.state)
    bad(g.admin("restore", file), "--key names a copy of the key file")
    check(not g.state.exists(), "what failed has left something")
    good(g.admin("restore", file, "--key", key), f"{g.state} has the database of {file}")
    check(sorted(os.listdir(g.state)) == ["gatehouse.db", "gatehoused.pid", "secret.key"], os.listdir(g.state))
    check(all(f.stat().st_mode & 0o077 == 0 for f in [g.state, *g.state.iterdir()]))
    up(g)
    check(g.ok("GET", "//authorization/accounts") == accounts)
    check(g.ok("GET", "/services") == services)
    check(g.call("GET", "/gateways", auth=("eve", "a long password")).status == 200)
    check(g.call("GET", f"/jobs/{job}/output").raw == output)
    answer = g.run(gateway, "once")
    check(answer["result"]["stdout"] == f"{len(VALUE)} bytes\n", answer)
    told = good(g.admin("doctor"))
    check("unseals all there is (1)" in told and "the database is sound" in told, told)
    told = [(r["operation"], r["record"]) for r in g.ok("GET", "/audit?limit=50")["results"]]
    check(("restore", str(file)) in told and ("backup", str(file)) in told, told)


@here
@own()
def test_lost_key(g):
    """Without any key the rest comes back, and what was sealed can be set again."""
    gateway, _, go = counting(g)
    go.touch()
    job = g.run(gateway, "once")["result"]["job_id"]
    file = g.dir / "b.db"
    with contextlib.closing(sqlite3.connect(g.state / "gatehouse.db")) as db, db:
        sealed = db.execute("SELECT sealed FROM secret").fetchone()[0]
        db.execute("INSERT INTO plan_state (id, gateway_id, service, workspace, version, whole, serial, lineage, resources, bytes,"
                   " digest, sealed, created, created_by) VALUES (?, 'g', 's', 'default', 1, 1, 1, 'l', 3, 9, 'd', ?, 1, 'a')",
                   ("8" * 24, sealed))
    made = g.admin("backup", file)
    check(made.returncode == 0 and "warning: the state of service s cannot be unsealed" in made.stderr, made)
    down(g)
    shutil.rmtree(g.state)
    told = good(g.admin("restore", file, "--without-secrets"))
    check("1 secret has no value any more" in told and "1 state of plans is lost" in told, told)
    check(rows(g.state / "gatehouse.db", "SELECT whole, resources FROM plan_state") == [(0, 3)])
    up(g)
    check(g.job(job)["state"] == "completed")
    answer = g.run(gateway, "once")
    check(answer["status"] == "error" and "has no value yet" in answer["error"]["data"], answer)
    made = subprocess.run([g.programs / "gatehouse", "secret", "set", "token", "--gateway", gateway], env=g.env, input=VALUE,
                          capture_output=True, text=True)
    good(made)
    check(g.run(gateway, "once")["result"]["stdout"] == f"{len(VALUE)} bytes\n")
    check("unseals all there is (2)" in good(g.admin("doctor")))


@here
@own(run={"parallel": 1})
def test_nothing_runs_twice(g):
    """Runs that had not ended when the backup was made are lost in it, and do not start; so are logins, not API tokens."""
    gateway, marks, go = counting(g)
    ids = [g.submit(gateway, "once") for _ in range(3)]
    until("a running job", lambda: g.job(ids[0])["state"] == "running")
    token = good(g.admin("token", "create", "t", "--user", g.user)).strip()
    login = g.call("POST", "//login", {"username": g.user, "password": g.password}, auth=None).raw.decode()

    def status(which):
        return g.call("GET", "/gateways", auth=None, headers={"Authorization": f"Bearer {which}"}).status
    check((status(token), status(login)) == (200, 200))
    file = g.dir / "b.db"
    good(g.admin("backup", file))
    check([row[0] for row in rows(file, "SELECT state FROM job ORDER BY seq")] == ["running", "queued", "queued"])
    go.touch()
    until("the end of all", lambda: all(g.job(j)["state"] == "completed" for j in ids))
    good(g.admin("token", "revoke", "t"))
    # In use: not without force, and not with it.
    bad(g.admin("restore", file), "--force puts this one in its place")
    bad(g.admin("restore", file, "--force"), f"(process {g.dispatcher_pid()}): stop it first")
    check(g.run(gateway, "once")["status"] == "completed", "a run after a restore that was refused")
    down(g)
    with contextlib.closing(sqlite3.connect(g.state / "gatehouse.db")) as other:
        other.execute("SELECT count(*) FROM job").fetchall()
        bad(g.admin("restore", file, "--force"), "is in use: stop the web server's gatehouse.fcgi")
    up(g)
    check(g.run(gateway, "once")["status"] == "completed")
    # One that is idle is in nobody's way, and serves what comes.
    g.stop_dispatcher()
    told = until("nobody to have it open", lambda: restored(g, "--force", file))
    check("3 jobs that had not ended when the backup was made are lost" in told and "1 API token is good, also if revoked" in told, told)
    kept = [f for f in g.state.iterdir() if f.name.startswith("replaced-")]
    check(len(kept) == 1 and f"before is in {kept[0]}" in told, kept, told)
    check(rows(kept[0] / "gatehouse.db", "SELECT state, count(*) FROM job GROUP BY state") == [("completed", 5)])
    check((status(token), status(login)) == (200, 401))
    for j, why in zip(ids, ("under way", "queued", "queued")):
        job = g.job(j)
        check(job["state"] == "lost" and f"it was {why} when the backup was made" in job["error"], job)
        check(g.ok("GET", f"/jobs/{j}/events")["results"][-1]["event"] == "lost")
    after = g.run(gateway, "once")["result"]["job_id"]
    check(g.job(after)["state"] == "completed")
    counts = {f.name: f.read_text().count("\n") for f in marks.iterdir()}
    check(set(counts.values()) == {1} and len(counts) == 6, "a run was executed twice:", counts)
    # And back again: what was kept is a backup, too.
    down(g)
    good(g.admin("restore", kept[0] / "gatehouse.db", "--force"))
    up(g)
    check(g.job(ids[2])["state"] == "completed" and g.call("GET", f"/jobs/{after}").status == 404)
    check(status(token) == 401)


@here
@own()
def test_backup_refused(g):
    gateway = g.gateway("simulator")
    file = g.dir / "b.db"
    nothing = sorted(os.listdir(g.dir))
    for words, says, status in (
            ([], "FILE is missing", 2), ([""], "FILE is empty", 2), ([file, "x"], "x is not expected", 2),
            ([file, "--key"], "--key wants a value", 2), ([file, "--key", file], "a file of its own", 2),
            (["-", "--key", "-"], "a file of its own", 2), ([file, "--what"], "there is no option --what", 2),
            ([g.dir / "none" / "b.db"], "No such file or directory", 1),
            ([g.state / "gatehouse.db", "--force"], "gatehouse.db of the state directory itself", 1),
            ([file, "--key", g.state / "secret.key", "--force"], "secret.key of the state directory itself", 1),
            (["/dev/null", "--force"], "is there already, and is no file", 1)):
        bad(g.admin("backup", *words), says, status)
        check(sorted(os.listdir(g.dir)) == nothing, words, os.listdir(g.dir))
    good(g.admin("backup", file))
    first = file.read_bytes()
    bad(g.admin("backup", file), f"{file} is there already: --force replaces it")
    bad(g.admin("backup", g.dir / "c.db", "--key", file), "is there already")
    check(file.read_bytes() == first and not (g.dir / "c.db").exists() and not (g.dir / "c.db.part").exists())
    good(g.admin("backup", file, "--force"))
    check(file.read_bytes() != first)
    # A directory gets files with names of their time; standard output gets the bytes and nothing else.
    folder = g.dir / "folder"
    folder.mkdir()
    good(g.admin("backup", folder), f"the database is in {folder}/gatehouse-2")
    check(len(os.listdir(folder)) == 1)
    is_sound(next(folder.iterdir()))
    with open(g.dir / "piped.db", "wb") as out:
        made = subprocess.run([g.programs / "gatehouse", "backup", "-"], env=g.env, stdout=out, stderr=subprocess.PIPE, text=True)
    check(made.returncode == 0 and "is in the standard output" in made.stderr, made)
    (g.dir / "piped.db").chmod(0o600)
    is_sound(g.dir / "piped.db")
    with open("/dev/full", "w") as full:
        made = subprocess.run([g.programs / "gatehouse", "backup", "-"], env=g.env, stdout=full, stderr=subprocess.PIPE, text=True)
    check(made.returncode == 1 and "No space left" in made.stderr, made)
    check([n for n in os.listdir(g.state) if "part" in n] == [])
    # What is damaged makes no backup.
    check(g.call("GET", "/gateways").status == 200 and gateway)


@here
@own()
def test_restore_refused(g):
    """Whatever is wrong with a backup or its key, nothing has changed, and what is wrong is said."""
    gateway, _, go = counting(g)
    go.touch()
    check(g.run(gateway, "once")["status"] == "completed")
    file, key, wrong = g.dir / "b.db", g.dir / "b.key", g.dir / "wrong.key"
    good(g.admin("backup", file, "--key", key))
    whole = file.read_bytes()
    target = g.dir / "target" / "deep"
    config = g.dir / "target.conf"
    config.write_text(g.config.read_text().replace(str(g.state), str(target)))

    def refused(says, made, *words, status=1):
        bad(g.admin("--config", config, "restore", made, *words), says, status)
        check(not target.parent.exists(), "something is left of", made, list(target.parent.rglob("*")))

    def variant(name, content=None, statement=None):
        path = g.dir / name
        path.write_bytes(whole if content is None else content)
        if statement:
            with contextlib.closing(sqlite3.connect(path)) as db:
                db.executescript(statement)
        return path

    wrong.write_text(key.read_text()[:-9] + "00000000\n")
    wrong.chmod(0o600)
    open_key = variant("open.key", key.read_bytes())
    open_key.chmod(0o644)
    good(g.admin("gateway", "list"))
    refused("No such file or directory", g.dir / "none.db", "--key", key)
    refused("it is a directory", g.dir, "--key", key)
    refused("it is no database: is it encrypted, or packed?", variant("empty", b""), "--key", key)
    refused("it is no database: is it encrypted, or packed?", variant("text", b"hello " * 1000), "--key", key)
    refused("it is no database", variant("short", whole[:15]), "--key", key)
    refused("", variant("head", whole[:16]), "--key", key)
    refused("", variant("page", whole[:4096]), "--key", key)
    refused("malformed", variant("cut", whole[:len(whole) // 2]), "--key", key)
    refused("malformed", variant("torn", whole[:8192] + os.urandom(len(whole) - 8192)), "--key", key)
    refused("it is no database of Gatehouse", variant("foreign", b"", "CREATE TABLE t (x); INSERT INTO t VALUES (1)"), "--key", key)
    refused("schema 999, newer than this program's", variant("newer", None, "PRAGMA user_version = 999"), "--key", key)
    # What only a look at all of it finds: an index that is not what its table says.
    refused("it is damaged: ", variant("index", None, "CREATE INDEX probe ON job (service_id);"
            " PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX probe ON job (params)'"
            " WHERE name = 'probe'"), "--key", key)
    refused("--key names a copy of the key file, --without-secrets does without", file)
    refused("exclude each other", file, "--key", key, "--without-secrets", status=2)
    refused("cannot be unsealed", file, "--key", wrong)
    refused("there is no key file", file, "--key", g.dir / "none.key")
    no_key = variant("no.key", b"x")
    no_key.chmod(0o600)
    refused("is no key file of Gatehouse", file, "--key", no_key)
    refused("chmod 600", file, "--key", open_key)
    refused("FILE is empty", "", status=2)
    log = variant("with-log.db")
    (g.dir / "with-log.db-wal").write_bytes(b"x")
    refused("there is a " + str(log) + "-wal", log, "--key", key)
    g.stop_dispatcher()
    until("the database to be refused as its own backup",
          lambda: "of the state directory itself" in g.admin("restore", g.state / "gatehouse.db", "--force").stderr)
    check(g.run(gateway, "once")["status"] == "completed")
    with open(file, "rb") as out:
        made = subprocess.run([g.programs / "gatehouse", "--config", config, "restore", "-", "--key", key], env=g.env, stdin=out,
                              capture_output=True, text=True)
    good(made, f"{target} has the database of the standard input")
    bad(g.admin("--config", config, "restore", file), "has a database already: --force")
    # The key of what was there stays, so that what is kept can be read.
    good(g.admin("--config", config, "secret", "rekey"))
    own = (target / "secret.key").read_text().splitlines()
    good(g.admin("--config", config, "restore", file, "--key", key, "--force"))
    check((target / "secret.key").read_text().splitlines() == key.read_text().splitlines() + own[1:])
    check("unseals all there is (1)" in g.admin("--config", config, "doctor").stdout)
    until("the end of the dispatcher that it started",
          lambda: not [x for x in processes(str(g.dir)).values() if str(config) in x and "gatehoused" in x])


@here
@own(dispatcher={"idle_exit": 1})
def test_restore_killed(g):
    """Killed anywhere there is the old database or the new one, whole, and it can be done again."""
    can_crash()
    gateway, _, go = counting(g)
    go.touch()
    first = g.run(gateway, "once")["result"]["job_id"]
    file, key = g.dir / "b.db", g.dir / "b.key"
    good(g.admin("backup", file, "--key", key))
    later = g.run(gateway, "once")["result"]["job_id"]
    good(g.admin("secret", "rekey"))
    down(g)
    table = []
    for point, has_new in (("restore-staged", False), ("restore-keys", False), ("restore-kept", False), ("restore-switched", True)):
        killed(g, point, "restore", file, "--key", key, "--force")
        db = g.state / "gatehouse.db"
        check(db.exists() and (rows(db, "SELECT count(*) FROM job WHERE id = ?", later) == [(0 if has_new else 1,)]), point)
        told = g.admin("doctor").stdout
        check("the database is sound" in told and "unseals all there is (1)" in told and "FAIL" not in told, point, told)
        check((f"{g.state}/restoring is of a restore" in told) == (g.state / "restoring").exists(), point, told)
        until("the end of the dispatcher", lambda: not processes(str(g.dir)))
        table.append(point)
    good(g.admin("restore", file, "--key", key, "--force"))
    check(not (g.state / "restoring").exists(), os.listdir(g.state))
    up(g)
    check(g.job(first)["state"] == "completed" and g.call("GET", f"/jobs/{later}").status == 404)
    check(g.run(gateway, "once")["status"] == "completed")
    return " ".join(table)


@here
@own()
def test_restore_over_ruins(g):
    """What is damaged, or half gone, is replaced too, and the log of the old database does not get into the new one."""
    gateway, _, go = counting(g)
    go.touch()
    file = g.dir / "b.db"
    job = g.run(gateway, "once")["result"]["job_id"]
    good(g.admin("backup", file))
    for _ in range(20):
        g.run(gateway, "once")
    wal = (g.state / "gatehouse.db-wal").read_bytes()
    check(wal, "there is no log to be left behind")
    down(g)

    def gone(db):
        db.unlink()
    def torn(db):
        db.write_bytes(b"\xaa" * 8192)
    def cut(db):
        os.truncate(db, db.stat().st_size // 2)
    for ruin in (gone, torn, cut):
        (g.state / "gatehouse.db-wal").write_bytes(wal)
        ruin(g.state / "gatehouse.db")
        bad(g.admin("restore", file), "--force")
        good(g.admin("restore", file, "--force"), "what was there before is in")
        check(not (g.state / "gatehouse.db-wal").exists() and not (g.state / "gatehouse.db-shm").exists(), ruin)
        check(rows(g.state / "gatehouse.db", "SELECT id FROM job") == [(job,)], ruin)
        check(rows(g.state / "gatehouse.db", "PRAGMA integrity_check") == [("ok",)], ruin)
    up(g)
    check(g.run(gateway, "once")["status"] == "completed")


@here
@own()
def test_small_disk(g):
    """Without room there is no backup and no restore, and nothing is left of one."""
    gateway = g.program_gateway("hello", "head -c 3000000 /dev/zero\n")
    check(g.run(gateway, "hello")["status"] == "completed")
    file, disk = g.dir / "b.db", g.dir / "disk"
    disk.mkdir()
    good(g.admin("backup", file))

    def on_small_disk(*words):
        """In a name space of its own, where DISK has 1 MiB."""
        script = 'mount -t tmpfs -o size=1M none "$0" || exit 77; "$@"; rc=$?; ls -A "$0" >&2; exit $rc'
        made = subprocess.run(["unshare", "-m", "sh", "-c", script, disk, g.programs / "gatehouse", *words], env=g.env,
                              capture_output=True, text=True)
        if made.returncode == 77 or "unshare" in made.stderr:
            raise Skip("the right to mount a file system")
        return made
    made = on_small_disk("backup", disk / "b.db")
    check(made.returncode == 1 and "and its disk has" in made.stderr and made.stderr.count("\n") == 1, made)
    config = g.dir / "small.conf"
    config.write_text(g.config.read_text().replace(str(g.state), str(disk / "state")))
    made = on_small_disk("--config", config, "restore", file)
    check(made.returncode == 1 and "it cannot be written: No space left" in made.stderr and made.stderr.count("\n") == 1, made)
    check(g.run(gateway, "hello")["status"] == "completed")


@on("apache-cgi")
@own()
def test_backup_by_the_user_of_the_server(g):
    """Where the state belongs to a user of its own, who may not write everywhere."""
    if not g.become:
        raise Skip("another user than root")
    folder = g.dir / "folder"
    folder.mkdir()
    bad(g.admin("backup", folder), "Permission denied")
    check(os.listdir(folder) == [])
    made = subprocess.run([g.programs / "gatehouse", "backup", folder], env=g.env, capture_output=True, text=True)
    bad(made, "run this as that user, not as root")
    shutil.chown(folder, g.become)
    good(g.admin("backup", folder))
    file = next(folder.iterdir())
    shutil.chown(file, "root")
    bad(g.admin("restore", file, "--force"), "Permission denied")


@here
@own()
def test_upgrade_of_a_backup(g):
    """A backup of an older schema comes back with this one's, and its rows."""
    file = g.dir / "old.db"
    steps = sorted((lib.ROOT / "sql" / "migrations").glob("*.sql"))
    with contextlib.closing(sqlite3.connect(file)) as db:
        for step in steps[:5]:
            db.executescript(step.read_text())
        db.executescript("PRAGMA user_version = 5")
        db.execute("INSERT INTO account VALUES ('000000000000000000000000', 'old', 'x', 1, 1, 'a', 1, 'a')")
        db.execute("INSERT INTO job (id, attempt_id, request_id, gateway_id, cluster_id, service_id, service, type, params, state,"
                   " requested_by, created, started, ended, elapsed_ms, attempt, cancel_requested, stdout_bytes, stderr_bytes,"
                   " truncated) VALUES ('a', 'a', 'a', 'g', 'g', 's', 's', 'executable', '{}', 'queued', 'old', 1, 0, 0, 0, 1, 0, 0,"
                   " 0, 0)")
        db.commit()
    config = g.dir / "old.conf"
    state = g.dir / "old"
    config.write_text(g.config.read_text().replace(str(g.state), str(state)))
    told = good(g.admin("--config", config, "restore", file), f"it had schema 5 and has {len(steps)} now")
    check("1 job that had not ended when the backup was made is lost" in told, told)
    check("old" in good(g.admin("--config", config, "user", "list")))
    check(json.loads(good(g.admin("--config", config, "jobs", "--json")))[0]["state"] == "lost")
    # A backup before the upgrade is what it was.
    copy = g.dir / "copy.db"
    state.joinpath("gatehouse.db").unlink()
    for name in ("gatehouse.db-wal", "gatehouse.db-shm"):
        state.joinpath(name).unlink(missing_ok=True)
    shutil.copy(file, state / "gatehouse.db")
    good(g.admin("--config", config, "backup", copy), "schema 5")
    check(rows(copy, "PRAGMA user_version") == [(5,)] and rows(state / "gatehouse.db", "PRAGMA user_version") == [(5,)])
