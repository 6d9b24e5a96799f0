"""Where the private servers keep their files, and a socket folder that every path length allows."""

import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.embedded.account import Account, find_account
from backend.embedded.errors import EmbeddedError

# The smallest limit of the systems we run on is 104 bytes with the closing NUL.
LONGEST_SOCKET_PATH: Final = 100
_LONGEST_NAME: Final = "/.s.PGSQL.5432.lock"
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9/._+-]+")
_FALLBACKS: Final = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108  # mkdtemp makes a private folder there


@dataclass(frozen=True)
class Places:
    """Folders of one home; `sockets` is private to the account: its permission is the guard of both servers."""

    home: Path
    account: Account
    postgres: Path
    valkey: Path
    sockets: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.postgres / "data"

    @property
    def valkey_socket(self) -> Path:
        """Valkey's only door."""
        return self.sockets / "valkey.sock"


def make_home(home: Path) -> Path:
    """The home folder exists and is ours to use; others pass through only when root starts it all.

    Raises `EmbeddedError`.
    """
    home = Path(os.path.realpath(home.expanduser()))
    home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise EmbeddedError(f"{home} belongs to somebody else: run as its owner, or choose another HUIFANG_HOME")
    return home


def make_places(home: Path) -> Places:
    """Every folder exists with its owner and permission; call it holding the home's lock."""
    account = find_account(home)
    return Places(
        home=home,
        account=account,
        postgres=account.folder(home / "postgres"),
        valkey=account.folder(home / "valkey"),
        sockets=_socket_folder(home, account),
    )


def _socket_folder(home: Path, account: Account) -> Path:
    """`<home>/run`, or a private folder that it links to when the path is too long or needs quoting."""
    own = home / "run"
    if own.is_symlink():
        target = own.readlink()
        if _is_private(target, account):
            return target
        own.unlink()
    if is_usable(own):
        return account.folder(own)
    base = next(base for base in _FALLBACKS if Path(base).is_dir() and is_usable(Path(base) / "huifang-12345678"))
    target = Path(tempfile.mkdtemp(prefix="huifang-", dir=base))
    os.chown(target, account.uid, account.gid)
    own.symlink_to(target)
    return target


def is_usable(folder: Path) -> bool:
    """True when sockets fit there and the path means the same unquoted in a URL, a DSN and a configuration file."""
    path = str(folder)
    return len(os.fsencode(path + _LONGEST_NAME)) <= LONGEST_SOCKET_PATH and bool(_PLAIN_PATH.fullmatch(path))


def _is_private(folder: Path, account: Account) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == stat.S_IRWXU and found.st_uid == account.uid


def forget_fallback(places: Places) -> None:
    """Removes a socket folder outside the home; the next start makes another."""
    own = places.home / "run"
    if own.is_symlink():
        own.unlink()
        shutil.rmtree(places.sockets, ignore_errors=True)
