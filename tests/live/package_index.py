"""Where packages and collections come from in the tests: tests/standin/index, a PyPI and a Galaxy on loopback."""
import contextlib
import subprocess

from lib import ROOT, Skip, check, until

# As much of the collection community.general as doc/services.md uses.
COLLECTION = """umask 022
mkdir -p general/plugins/filter
cd general
printf 'namespace: community\\nname: general\\nversion: 8.6.0\\nreadme: README.md\\nauthors: [test]\\n' >galaxy.yml
echo test >README.md
cat >plugins/filter/counter.py <<END
from collections import Counter
class FilterModule:
    def filters(self):
        return {"counter": lambda values: dict(Counter(values))}
END
HOME=$PWD ansible-galaxy collection build --output-path ..
"""


def need_venv():
    if subprocess.run(["/usr/bin/python3", "-c", "import ensurepip"], capture_output=True).returncode:
        raise Skip("ensurepip (package python3-venv)")


@contextlib.contextmanager
def serving(folder, *credentials):
    """The base URL of a server with the packages of FOLDER, which is made. FOLDER/requests has a line for each request."""
    folder.mkdir()
    index = subprocess.Popen(["/usr/bin/python3", ROOT / "tests" / "standin" / "index", folder, *credentials])
    try:
        until("the index", lambda: (folder / "port").exists())
        yield f"http://127.0.0.1:{(folder / 'port').read_text()}/"
    finally:
        index.kill()
        index.wait()


def make_collection(folder):
    made = subprocess.run(["/bin/sh", "-ec", COLLECTION], cwd=folder, capture_output=True, text=True)
    check(made.returncode == 0, made.stdout, made.stderr)
