"""The guard of a demo: a small process that outlives it by a moment and stops servers that nobody holds any more.

It starts before anything else and ends last. A demo that is killed while its servers are starting cannot stop them; the
guard, whose standard input the kernel then closes, can.
"""

import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from backend import embedded

PATIENCE_S: Final = 20.0
"""How long others that hold the servers may take to end."""
DONE: Final = b"done"
"""What a demo says that took everything down itself."""
SETTLE_S: Final = 1.0
"""A server that was being started when the demo died shows up within this."""


def watch(home: Path) -> int:
    """Wait until standard input is closed, then return when no server of this home runs; at once when told `DONE`."""
    if sys.stdin.buffer.read() == DONE:
        return 0
    deadline = monotonic() + PATIENCE_S
    while not embedded.stop(home) and monotonic() < deadline:
        sleep(0.1)
    sleep(SETTLE_S)
    embedded.stop(home)
    return 0
