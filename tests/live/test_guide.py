"""The examples of doc/services.md, as they stand there: files are written, commands run, what they print compared.

The places are others than in the page: a directory of the test's for /srv/automation, and for PyPI and Galaxy a server
on loopback with small packages of the same names. OpenTofu is tests/standin/tofu; with terraform where it is installed."""
import os
import re
import shutil
import subprocess

import package_index
from frame import on, own
from lib import PATIENCE, ROOT, Skip, check

here = on("lighttpd")   # none of it depends on the web server
PLACE = "/srv/automation"
PYPI, GALAXY = "https://pypi.org/", "https://galaxy.ansible.com/"
PLAN = "An OpenTofu plan"
TOFU, TERRAFORM = ROOT / "tests" / "standin" / "tofu", "/usr/local/bin/terraform"
FILE = re.compile(r"^The file `([^`]+)`:$")


def steps(text):
    """[(chapter, kind, name or None, content)] of the fenced blocks: kind is file, sh or text."""
    found, chapter, name, kind, lines = [], "", None, None, []
    for line in text.splitlines():
        if kind is None and line.startswith("## "):
            chapter = line[3:]
        if kind is None and line.startswith("```"):
            kind, lines = line[3:], []
            kind = "file" if name else kind
        elif kind is not None and line == "```":
            found.append((chapter, kind, name, "".join(x + "\n" for x in lines)))
            name = kind = None
        elif kind is not None:
            lines.append(line)
        elif FILE.match(line):
            name = FILE.match(line).group(1)
    check(kind is None, "a block without an end")
    return found


def shell(g, script):
    env = {**g.env, "PATH": f"{g.programs}:{g.env['PATH']}", "HOME": str(g.dir), "GATEHOUSE_USER": g.user,
           "GATEHOUSE_URL": f"http://127.0.0.1:{g.port}", "GATEHOUSE_PASSWORD": g.password}
    for who in ("AUTHOR", "COMMITTER"):
        env.update({f"GIT_{who}_NAME": "guide", f"GIT_{who}_EMAIL": "guide@example.org"})
    return subprocess.run(["/bin/sh", "-ec", script], env=env, cwd=g.code, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE)


def lacking():
    for program in ("git", "ansible-playbook", "jq", "curl"):
        if not shutil.which(program):
            raise Skip(program)
    package_index.need_venv()


def follow(g, wanted=lambda chapter: True):
    """Does what the chapters say that are WANTED; gives how many blocks of each kind there were."""
    lacking()
    packages = g.dir / "packages"
    with package_index.serving(packages) as base:
        package_index.make_collection(packages)
        return follow_with(g, wanted, {PLACE: str(g.code), PYPI: base, GALAXY: base + "api/"})


def follow_with(g, wanted, places):
    done, printed, counts = None, "", {"file": 0, "sh": 0, "text": 0}
    for chapter, kind, name, content in steps((ROOT / "doc" / "services.md").read_text()):
        if not wanted(chapter):
            continue
        check(kind in counts, "a block of no known kind:", kind)
        counts[kind] += 1
        here_content = content
        for place, instead in places.items():
            here_content = here_content.replace(place, instead)
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
    return counts


def whole(g, without=None):
    counts = follow(g, lambda chapter: chapter != without)
    check(counts["file"] >= 13 and counts["sh"] >= 12 and counts["text"] >= 7, "hardly anything was tried:", counts)
    kinds = {s["service_metadata"]["type"] for s in g.ok("GET", "/services?cluster_id=guide")["result"]}
    check(kinds >= {"python-script", "ansible-playbook", "executable"} and (without or "opentofu-plan" in kinds), kinds)
    return f"{sum(counts.values())} blocks" + (f", without: {without}" if without else "")


@here
@own(local={"tofu": TOFU})
def test_guide(g):
    return whole(g) + ", tests/standin/tofu instead of OpenTofu"


@here
@own(local={"tofu": TERRAFORM})
def test_guide_plan_with_real_terraform(g):
    if not os.path.exists(TERRAFORM):
        raise Skip(f"terraform as {TERRAFORM}")
    g.gateway_named("guide", {})
    counts = follow(g, lambda chapter: chapter == PLAN)
    check(counts == {"file": 2, "sh": 3, "text": 2}, counts)
    return "with real terraform"


@here
@own(local={"sandbox": "landlock", "tofu": TERRAFORM})
def test_guide_in_a_sandbox(g):
    told = g.admin("doctor").stdout
    if "no Landlock" in told:
        raise Skip("a kernel with Landlock")
    check("services run in a sandbox" in told, told)
    # The stand-in is no program of the system.
    return whole(g, without=None if os.path.exists(TERRAFORM) else PLAN)


@here
@own(local={"run_as": "nobody", "tofu": TERRAFORM})
def test_guide_as_another_user(g):
    if os.getuid() != 0:
        raise Skip("root")
    told = g.admin("doctor").stdout
    check("FAIL " not in told and "services can run as nobody" in told, told)
    note = whole(g, without=None if os.path.exists(TERRAFORM) else PLAN)
    gateway = g.program_gateway("who", "#!/bin/sh\nid -un\n")
    check(g.run(gateway, "who")["result"]["stdout"] == "nobody\n")
    return note
