"""Control groups: each run has one, where gatehoused may make some; without them all holds as well."""
import os
import pathlib
import re
import signal

from frame import on, own
from lib import Skip, check, until

# Processes that start another one and end, each with a session of its own and an empty environment, as fast as they can.
# They end by themselves when GO is gone, so that a test that fails leaves none.
CHAINS = 30
CHAIN = '''trap '' TERM INT HUP
[ -e "{go}" ] || exit
/usr/bin/env -i /usr/bin/setsid /bin/sh "{chain}" </dev/null >/dev/null 2>&1 &
'''
SERVICE = '''trap '' TERM
for i in $(seq {n}); do /bin/sh "{chain}"; done
echo up
sleep 3000
'''


def doctor(g):
    told = g.admin("doctor")
    check(told.returncode == 0, told.stdout, told.stderr)
    return told.stdout


def groups_of(g):
    """The directory of the runs' control groups, as the dispatcher has told."""
    found = re.search(r"^ok +each run has a control group of its own in (/.*)$", doctor(g), re.M)
    if not found:
        check("gatehoused may make no control groups here" in doctor(g), doctor(g))
        raise Skip("control groups: gatehoused may make none here")
    return pathlib.Path(found[1])


def of_runs(groups):
    return [d for d in groups.iterdir() if d.is_dir()]


def race(g):
    """A service of many chains, under way; gives the job's id and the file that they go on for."""
    go, chain = g.code / "go", g.code / "chain"
    go.touch()
    chain.write_text(CHAIN.format(go=go, chain=chain))
    gateway = g.program_gateway("race", SERVICE.format(n=CHAINS, chain=chain))
    job = g.submit(gateway, "race")
    until("the chains", lambda: g.call("GET", f"/jobs/{job}/output").raw == b"up\n")
    return job, go, str(chain)


def chains(chain):
    """Of any environment: all have an empty one, and none lives long enough to be looked at twice."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and chain.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            pass
    return found


@on("nginx")
@own(run={"grace": 1})
def test_group_of_a_run(g):
    """A run is in a group of its own, below that of the dispatcher; the group goes with it, and with the dispatcher all."""
    groups = groups_of(g)
    gateway = g.program_gateway("where", "sed -n 's/^0:://p' /proc/self/cgroup\n")
    own = [g.run(gateway, "where")["result"]["stdout"].strip() for _ in range(2)]
    check(own[0] != own[1] and all(name.split("/")[-2] == groups.name for name in own), own, groups)
    check(not of_runs(groups), of_runs(groups))
    g.stop_dispatcher()
    check(not groups.exists() and not (g.state / "gatehoused.cgroup").exists(), groups)


def canceled(g):
    job, go, chain = race(g)
    try:
        check(g.call("POST", f"/jobs/{job}/cancel", {}).status == 200)
        until("the end of the job", lambda: g.job(job)["state"] == "canceled")
        check(not chains(chain), "still there:", chains(chain))
    finally:
        go.unlink()


@on("nginx")
@own(run={"grace": 1})
def test_race_of_forks(g):
    """A canceled run that forks away from its end is dead when its record says so."""
    groups = groups_of(g)
    canceled(g)
    check(not of_runs(groups), of_runs(groups))


@on("nginx")
@own(run={"grace": 1, "cgroup": "off"})
def test_race_of_forks_without_groups(g):
    """The same where there are no control groups."""
    check("runs have no control groups, as [run] cgroup says" in doctor(g), doctor(g))
    canceled(g)
    check(not (g.state / "gatehoused.cgroup").exists())


@on("nginx")
@own(run={"grace": 1})
def test_groups_of_a_killed_dispatcher(g):
    """What it left is killed, whatever watched it, and its groups are removed when the next one has started."""
    groups = groups_of(g)
    job, go, chain = race(g)
    try:
        left = of_runs(groups)
        check(len(left) == 1, left)
        # Those that watch die with it: nobody but the next dispatcher is left to end the chains.
        pid = g.dispatcher_pid()
        os.kill(pid, signal.SIGSTOP)
        watchers = [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        check(len(watchers) == 1, watchers)
        for p in watchers + [pid]:
            os.kill(p, signal.SIGKILL)
        until("its end", lambda: g.dispatcher_pid() != pid)
        until("the next one", lambda: g.job(job)["state"] == "lost")
        check(not groups.exists() and groups_of(g) != groups, groups)
        check(not chains(chain), "still there:", chains(chain))
    finally:
        go.unlink()
