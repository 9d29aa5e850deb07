"""What a service in a sandbox cannot come to, of a whole Gatehouse; and that one without it can, so that this can fail."""
from frame import on, own
from lib import Skip, check

here = on("lighttpd")   # none of it depends on the web server

# Each line says what it came to. The socket of the dispatcher takes orders from who may connect: it answers nothing
# by itself, and closes at once on who is kept out.
LOOK = """
import os, socket
state = "STATE"
def attempt(name, do):
    try:
        print(name, "yes" if do() else "no")
    except OSError:
        print(name, "no")
def held():
    s = socket.socket(socket.AF_UNIX)
    s.connect(state + "/gatehoused.sock")
    s.settimeout(2)
    try:
        return s.recv(1) != b""
    except socket.timeout:
        return True
for name in ("gatehouse.db", "secret.key"):
    attempt(name, lambda: open(f"{state}/{name}", "rb").read(1) != b"")
attempt("runs", lambda: os.listdir(state + "/runs"))
attempt("socket", held)
attempt("made", lambda: open(state + "/made", "w").write("x") and not os.unlink(state + "/made"))
attempt("home", lambda: open(os.environ["HOME"] + "/f", "w").write("x"))
"""


def seen(g):
    gateway = g.gateway("local")
    folder = g.code / "look"
    folder.mkdir()
    (folder / "main.py").write_text(LOOK.replace("STATE", str(g.state)))
    document = {"services": [{"name": "look", "type": "python-script", "working-directory": str(folder),
                              "filename": "main.py"}]}
    g.ok("POST", f"/gateways/{gateway}/configuration/import", {"options": {"source": "content", "content": document}})
    result = g.run(gateway, "look")["result"]
    check(result["return_code"] == 0, result)
    return dict(line.split() for line in result["stdout"].splitlines())


@here
@own()
def test_isolation_none(g):
    there = seen(g)
    check(all(v == "yes" for v in there.values()) and len(there) == 6, there)


@here
@own(local={"sandbox": "landlock"})
def test_isolation_sandbox(g):
    if "no Landlock" in g.admin("doctor").stdout:
        raise Skip("a kernel with Landlock")
    there = seen(g)
    check(there.pop("home") == "yes", there)
    check(all(v == "no" for v in there.values()) and len(there) == 5, there)
