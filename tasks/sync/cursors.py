"""The sync cursor: where a device stands, as one opaque signed text.

It holds the merchant, the employee, the device, a digest of the scope, the instant it was made, and a vector of revisions, one for each store of the scope in
id order. It is signed with a key that only the merchant's key gives, so that nobody can write one, and it tells nothing that its holder could not ask for.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.paging import CursorGarbled
from tasks.kernel.scope import StaffScope
from tasks.kernel.sealing import Vault, derive
from tasks.sync.faults import SyncForeign, SyncReset

LASTS: Final = timedelta(days=30)
"""How long a cursor is good for (http.md)."""
LONGEST: Final = 8_192
"""Characters of a cursor: room for an owner of four hundred stores."""
_MAC: Final = 16
_DIGEST: Final = 8
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Position(msgspec.Struct, frozen=True):
    """Where a device stands.

    Without `after` it has everything up to `upto`. With `after` it is in the middle of the pages that lead there: it began at `since` (None: with nothing), and
    has what comes up to the task `after`.
    """

    made_at: datetime
    upto: tuple[int, ...]
    since: tuple[int, ...] | None = None
    after: UUID | None = None


class _Token(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    merchant: bytes
    staff: bytes
    device: bytes
    scope: bytes
    made_us: int
    upto: tuple[int, ...]
    since: tuple[int, ...] | None
    after: bytes | None


class Holder(msgspec.Struct, frozen=True):
    """Whom cursors are made for; `device` is the installation's id, or nothing when the app says none."""

    scope: StaffScope
    device: str

    @property
    def stores(self) -> list[UUID]:
        """The stores in the order of the vector."""
        return sorted(self.scope.store_ids)


def write_cursor(vault: Vault, holder: Holder, position: Position) -> str:
    """Return the cursor of a position."""
    token = _Token(
        1,
        holder.scope.merchant_id.bytes,
        holder.scope.staff_id.bytes,
        _device(holder),
        _scope(holder),
        (position.made_at - _EPOCH) // _MICROSECOND,
        position.upto,
        position.since,
        position.after.bytes if position.after else None,
    )
    body = msgspec.msgpack.encode(token)
    return base64.urlsafe_b64encode(_sign(vault, body) + body).decode().rstrip("=")


def read_cursor(vault: Vault, holder: Holder, cursor: str, now: datetime) -> Position:
    """Return the position; raises `CursorGarbled`, `SyncForeign`, or `SyncReset` for one that is over or of another scope."""
    mac, body, token = _parts(cursor)
    scope = holder.scope
    if token.merchant != scope.merchant_id.bytes:
        raise SyncForeign(field="cursor")  # another merchant's key signed it, if any
    if not hmac.compare_digest(mac, _sign(vault, body)):
        raise CursorGarbled(field="cursor")
    if (token.staff, token.device) != (scope.staff_id.bytes, _device(holder)):
        raise SyncForeign(field="cursor")
    made_at = _EPOCH + token.made_us * _MICROSECOND
    if token.scope != _scope(holder) or now - made_at > LASTS:
        raise SyncReset(field="cursor")
    return Position(made_at, token.upto, token.since, UUID(bytes=token.after) if token.after else None)


def tag_of(vault: Vault, *parts: object) -> str:
    """Return an opaque tag that is the same for the same parts (JSON values) of one merchant."""
    return derive(vault.key, b"sync tag", msgspec.msgpack.encode(parts))[:_MAC].hex()


def _parts(cursor: str) -> tuple[bytes, bytes, _Token]:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return raw[:_MAC], raw[_MAC:], msgspec.msgpack.decode(raw[_MAC:], type=_Token)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as fault:
        raise CursorGarbled(field="cursor") from fault


def _sign(vault: Vault, body: bytes) -> bytes:
    return derive(vault.key, b"sync cursor", body)[:_MAC]


def _device(holder: Holder) -> bytes:
    return _digest([holder.device.encode()])


def _scope(holder: Holder) -> bytes:
    return _digest([holder.scope.role.value.encode(), *(store.bytes for store in holder.stores)])


def _digest(parts: Sequence[bytes]) -> bytes:
    told = hashlib.sha256()
    for part in parts:
        told.update(len(part).to_bytes(4) + part)
    return told.digest()[:_DIGEST]
