"""The system account that owns the servers' files and runs their programs.

PostgreSQL refuses to run as root. Started by root, the servers run as a system user without privileges; started by
anybody else, as themselves. Programs are always run with a clean environment, without a terminal and with their output
in a file, never in a pipe that a server could inherit and keep open.
"""

import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.embedded.errors import EmbeddedError
from backend.embedded.programs import POSTGRES_BIN, VALKEY_SERVER, open_to_everybody

SYSTEM_USER: Final = "pgserver"


@dataclass(frozen=True)
class Account:
    """Who runs the servers; `switch` is true when we are root and become somebody else for them."""

    uid: int
    gid: int
    switch: bool

    def folder(self, path: Path) -> Path:
        """The folder exists, belongs to the account and is closed to everybody else."""
        path.mkdir(mode=0o700, exist_ok=True)
        if self.switch and path.stat().st_uid != self.uid:
            os.chown(path, self.uid, self.gid)
        return path

    def run(self, command: Sequence[str | Path], cwd: Path, timeout: float = 150) -> str:
        """Output of a program run as the account. Raises `EmbeddedError` with the end of what it said when it fails."""
        identity = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}
        return run_program(command, cwd=cwd, timeout=timeout, identity=identity)


def run_program(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    timeout: float = 60,  # seconds
    stdin: str = "",
    identity: dict[str, object] | None = None,
) -> str:
    """Output of a program. Raises `EmbeddedError` when it fails or takes longer than `timeout`."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        told.write(stdin.encode())
        told.seek(0)
        try:
            done = subprocess.run(
                [str(part) for part in command],
                stdin=told,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=_clean_environment(),
                timeout=timeout,
                check=False,
                umask=0o077,
                **(identity or {}),  # type: ignore[call-overload]  # user, group and extra_groups, or nothing
            )
        except subprocess.TimeoutExpired as error:
            raise EmbeddedError(f"{Path(command[0]).name} took longer than {timeout:g} s") from error
        said.seek(0)
        output = said.read().decode(errors="replace")
    if done.returncode != 0:
        raise EmbeddedError(f"{Path(command[0]).name} failed ({done.returncode}): {output.strip()[-1500:]}")
    return output


def _clean_environment() -> dict[str, str]:
    """Nothing of the caller's PG… or TZ variables may reach a server or psql."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR"}}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C"}


def find_account(home: Path) -> Account:
    """The account for this home: ourselves, or for root the owner of the files that are there, or the system user."""
    data = home / "postgres"
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedError(
                f"{home} belongs to user {owner}: run as that user, as root, or choose another HUIFANG_HOME"
            )
        return Account(os.geteuid(), os.getegid(), switch=False)
    entry = pwd.getpwuid(owner) if owner else _system_user()
    account = Account(entry.pw_uid, entry.pw_gid, switch=True)
    for path in (home / "postgres", POSTGRES_BIN / "postgres", VALKEY_SERVER):
        _open_way_to(path)
    open_to_everybody()
    return account


def _system_user() -> pwd.struct_passwd:
    """The unprivileged user, created on first use; another process may be faster, so only its absence counts."""
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    with suppress(OSError):
        command = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER)
        subprocess.run(command, check=False, capture_output=True)
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    raise EmbeddedError(
        f"PostgreSQL does not run as root and the system user {SYSTEM_USER} cannot be created: "
        "create it, or run as another user"
    )


def _open_way_to(path: Path) -> None:
    """Lets the account pass through the folders above `path`, without letting it list them."""
    for folder in {*path.absolute().parents, *path.resolve().parents}:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
