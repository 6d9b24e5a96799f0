"""The key that every other key hangs from.

It comes from `HUIFANG_MASTER_KEY`, or for a deployment with private servers from `<home>/master.key`, which is made on
first use. Losing it loses every sealed name, phone and note: it belongs into the backup.
"""

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Final

from backend.settings import MASTER_KEY_BYTES, Settings, SettingsError, variable

FILE: Final = "master.key"


def load(settings: Settings, home: Path) -> bytes:
    """The 32 bytes; the same for every process of the deployment. Raises `SettingsError`."""
    if settings.master_key is not None:
        return settings.master_key
    if not settings.embedded_database:
        raise SettingsError(variable("master_key"), f"needed when {variable('database_url')} is set")
    path = home / FILE
    if not path.exists():
        _make(path)
    return _read(path)


def _make(path: Path) -> None:
    """The file appears complete or not at all, and only once when processes race."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            if os.geteuid() == 0:  # what root makes in somebody's home is that somebody's
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        os.link(aside, path)
    except FileExistsError:
        pass  # another process was first: its key is the key
    finally:
        aside.unlink()


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise SettingsError(variable("master_key"), f"{path} can be read by others: chmod 600 it")
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise SettingsError(variable("master_key"), f"{path} is damaged: restore it from the backup")
    return key
