"""Who uses the private servers: one file per holder, kept locked by the kernel for as long as its process lives.

A killed process lets go of its lock whatever its process id becomes later, so no clock and no process table is asked.
Everything that counts holders or touches a server happens under the home's one lock.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

_FOLDER: Final = "holders"


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Waits until no other process or thread starts, stops or counts in this home."""
    path = home / "stack.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _give_to_owner(path, home)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Holder:
    """One user of the servers; lives until `leave` or the end of the process."""

    path: Path
    descriptor: int

    def leave(self) -> None:
        """Give the servers up; call it holding `only_one`."""
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)


def enter(home: Path) -> Holder:
    """Become a holder; call it holding `only_one`."""
    folder = home / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    _give_to_owner(folder, home)
    path = folder / f"{os.getpid()}-{uuid4().hex}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    _give_to_owner(path, home)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return Holder(path, descriptor)


def prune(home: Path) -> int:
    """Removes what dead holders left and answers how many live; call it holding `only_one`."""
    folder = home / _FOLDER
    alive = 0
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if _is_held(path):
            alive += 1
        else:
            path.unlink()
    return alive


def _give_to_owner(path: Path, home: Path) -> None:
    """What root makes in somebody's home is that somebody's."""
    if os.geteuid() == 0:
        owner = home.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _is_held(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
