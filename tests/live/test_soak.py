"""A little of everything at once: the short form of tests/bench/soak."""
import os
import random

from frame import on, own
from soak import SETTINGS, soak

STEPS = 240


@on("nginx")
@own(**SETTINGS)
def test_soak(g):
    seed = os.environ.get("GATEHOUSE_SEED") or str(random.randrange(1 << 32))
    try:
        return soak(g, seed, "run_steps", STEPS, lambda text: None)
    except Exception as e:
        raise AssertionError(f"GATEHOUSE_SEED={seed}: {e}") from e
