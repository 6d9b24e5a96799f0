"""Server processes as the operating system sees them: a pid file alone proves nothing after a crash or a reboot."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import psutil

_GRACE_S: Final = 2


def find_server(pid: int | None, program: str, folder: Path) -> psutil.Process | None:
    """The live process `pid` if it is `program` working in `folder`; None if it died or the number was reused."""
    if pid is None or pid <= 0:
        return None
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None
    return process if _is_alive(process, program, folder) else None


def end_leftovers(program: str, folder: Path, first: signal.Signals = signal.SIGQUIT) -> None:
    """No process of `program` works in `folder` any more; those that ignore `first` for a while are killed.

    Meets backends whose postmaster was killed, and servers that lost their pid file.
    """
    for polite in (first, signal.SIGKILL):
        left = list(_all(program, folder))
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(polite)
        deadline = monotonic() + _GRACE_S
        while left and monotonic() < deadline:
            left = [process for process in left if _is_alive(process, program, folder)]
            sleep(0.01)
        if not left:
            return


def _is_alive(process: psutil.Process, program: str, folder: Path) -> bool:
    try:
        return _works_in(process, program, folder)
    except psutil.NoSuchProcess:
        return False


def _all(program: str, folder: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        if _is_alive(process, program, folder):
            yield process


def _works_in(process: psutil.Process, program: str, folder: Path) -> bool:
    if process.status() == psutil.STATUS_ZOMBIE or process.name() != program:
        return False
    try:
        return Path(process.cwd()) == folder
    except psutil.AccessDenied:  # somebody else's process is none of ours
        return False
