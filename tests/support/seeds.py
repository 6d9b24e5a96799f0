"""Chance that can be had again: every fault test says its seed and the one line that replays it."""

import os
import secrets
from random import Random
from typing import Final

VARIABLE: Final = "SEED"


def seeded(test: str, nth: int = 0) -> Random:
    """Chance for the n-th round of a test, `file.py::test_name`; prints its seed and how to replay it."""
    seed = int(os.environ.get(VARIABLE) or secrets.randbelow(10**6)) + nth
    print(f"seed {seed}; replay: {VARIABLE}={seed - nth} .venv/bin/python -m pytest -s 'tests/faults/{test}'")  # noqa: T201  # pytest shows it
    return Random(seed)  # noqa: S311  # which worker is struck is no secret
