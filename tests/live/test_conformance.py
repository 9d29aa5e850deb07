"""The wire contract's own check, from outside, through each web server."""
import os
import pathlib
import subprocess
import sys

from lib import ROOT, Skip, check

SECTIONS = ("open", "login", "certificates", "gateways", "services", "run", "import")
# These compare the clock, which says nothing on a busy machine: what they mean is tested without it
# (test_waiting_runs, and the cases of runService).
TIMED = ("respond-async answers at once", "wait=1 gives the ticket", "16 waiting runs hold nobody up")
PATIENCE = 600


def script():
    named = os.environ.get("GATEHOUSE_CONTRACT")
    path = pathlib.Path(named) if named else ROOT.parent / "shared" / "conformance" / "contract.py"
    if not path.exists():
        raise Skip(f"{path.name} beside the clone (GATEHOUSE_CONTRACT names it elsewhere)")
    return path


def test_contract(g):
    done = subprocess.run([sys.executable, str(script()), f"http://127.0.0.1:{g.port}", g.user, g.password, *SECTIONS],
                          capture_output=True, text=True, timeout=PATIENCE)
    lines = done.stdout.splitlines()
    faults = [line for line in lines if line.startswith("FAIL ") and not line[5:].startswith(TIMED)]
    check(not faults, *faults)
    check(lines and lines[-1].endswith("failed") and int(lines[-1].split()[0]) > 100, done.stdout, done.stderr)
    return lines[-1]
