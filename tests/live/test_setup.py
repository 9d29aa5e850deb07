"""A whole set-up as a script plays it: tests/live/setup.sh."""
import os
import pathlib
import shutil
import subprocess

from lib import PATIENCE, Skip, check

SCRIPT = pathlib.Path(__file__).with_name("setup.sh")


def test_setup(g):
    for program in ("curl", "jq", "openssl"):
        if not shutil.which(program):
            raise Skip(program)
    folder = g.dir / "setup"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["sh", str(SCRIPT)], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE * 3, check=False, umask=0o022,
                          env={"PATH": os.environ["PATH"], "URL": f"http://127.0.0.1:{g.port}", "USER": g.user,
                               "PASSWORD": g.password, "DIR": str(folder), "CODE": str(g.code)})
    check(done.returncode == 0 and done.stdout.endswith("done\n"), done.stdout, done.stderr)
