"""The examples of doc/services.md, as they stand there: files are written, commands run, what they print compared."""
import os
import re
import shutil
import subprocess

from frame import on, own
from lib import PATIENCE, ROOT, Skip, check

here = on("lighttpd")   # none of it depends on the web server
PLACE = "/srv/automation"
FILE = re.compile(r"^The file `([^`]+)`:$")


def steps(text):
    """[(kind, name or None, content)] of the fenced blocks: kind is file, sh or text."""
    found, name, kind, lines = [], None, None, []
    for line in text.splitlines():
        if kind is None and line.startswith("```"):
            kind, lines = line[3:], []
            kind = "file" if name else kind
        elif kind is not None and line == "```":
            found.append((kind, name, "".join(x + "\n" for x in lines)))
            name = kind = None
        elif kind is not None:
            lines.append(line)
        elif FILE.match(line):
            name = FILE.match(line).group(1)
    check(kind is None, "a block without an end")
    return found


def shell(g, script):
    env = {**g.env, "PATH": f"{g.programs}:{g.env['PATH']}", "HOME": str(g.dir)}
    for who in ("AUTHOR", "COMMITTER"):
        env.update({f"GIT_{who}_NAME": "guide", f"GIT_{who}_EMAIL": "guide@example.org"})
    return subprocess.run(["/bin/sh", "-ec", script], env=env, cwd=g.code, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE)


def follow(g):
    for program in ("git", "ansible-playbook"):
        if not shutil.which(program):
            raise Skip(program)
    done, printed, counts = None, "", {"file": 0, "sh": 0, "text": 0}
    for kind, name, content in steps((ROOT / "doc" / "services.md").read_text()):
        check(kind in counts, "a block of no known kind:", kind)
        counts[kind] += 1
        here_content = content.replace(PLACE, str(g.code))
        if kind == "file":
            check(name.startswith(PLACE + "/"), name)
            (g.code / name[len(PLACE) + 1:]).write_text(here_content)
        elif kind == "sh":
            check(printed == "", "printed, and not in the page:", printed)
            done = shell(g, here_content)
            printed = done.stdout
            check(done.returncode == 0, content, done.returncode, done.stdout, done.stderr)
        else:
            check(done and printed == here_content, "the page has:", content, "but there came:", printed, done and done.stderr)
            printed = ""
    check(printed == "", "printed, and not in the page:", printed)
    check(counts["file"] >= 7 and counts["sh"] >= 8 and counts["text"] >= 5, "hardly anything was tried:", counts)
    kinds = {s["service_metadata"]["type"] for s in g.ok("GET", "/services?cluster_id=guide")["result"]}
    check(kinds >= {"python-script", "ansible-playbook", "executable"}, kinds)
    return f"{sum(counts.values())} blocks"


@here
@own()
def test_guide(g):
    return follow(g)


@here
@own(local={"sandbox": "landlock"})
def test_guide_in_a_sandbox(g):
    told = g.admin("doctor").stdout
    if "no Landlock" in told:
        raise Skip("a kernel with Landlock")
    check("services run in a sandbox" in told, told)
    return follow(g)


@here
@own(local={"run_as": "nobody"})
def test_guide_as_another_user(g):
    if os.getuid() != 0:
        raise Skip("root")
    told = g.admin("doctor").stdout
    check("FAIL " not in told and "services can run as nobody" in told, told)
    note = follow(g)
    gateway = g.program_gateway("who", "#!/bin/sh\nid -un\n")
    check(g.run(gateway, "who")["result"]["stdout"] == "nobody\n")
    return note
