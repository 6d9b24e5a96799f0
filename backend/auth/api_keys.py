"""Keys of integrators: `hf_<merchant>_<id>_<secret>`, shown once, kept as a hash, scoped, revocable at once."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from backend.auth.errors import Unauthenticated
from backend.auth.tokens import API_KEY, Bearer
from tasks.kernel.errors import Forbidden, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit

_INSERT = """
insert into api_key (merchant_id, id, name, scopes, secret_hash, created_at)
values (:merchant, :id, :name, :scopes, :hash, clock_timestamp())
"""
_LOAD = "select secret_hash, scopes from api_key where merchant_id = :merchant and id = :id and revoked_at is null"
_TOUCH = """
update api_key set last_used_at = clock_timestamp() where merchant_id = :merchant and id = (
  select id from api_key where merchant_id = :merchant and id = :id
  and (last_used_at is null or last_used_at < clock_timestamp() - interval '10 minutes') for update skip locked)
"""
_LIST = "select id, name, scopes, created_at, last_used_at from api_key where merchant_id = :merchant and revoked_at is null order by id"
_REVOKE = """
update api_key set revoked_at = clock_timestamp() where merchant_id = :merchant and id = :id and revoked_at is null returning id
"""


class KeyScope(StrEnum):
    """What a key may do."""

    INTAKE_WRITE = "intake:write"
    """Send books and events."""


class ApiKeyInfo(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A key in use, without its secret."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None


async def create_api_key(unit: Unit, name: str, scopes: Iterable[KeyScope]) -> str:
    """Return the text of a new key; it cannot be shown again."""
    bearer = Bearer.make(API_KEY, unit.merchant_id, new_id())
    words = " ".join(sorted({KeyScope(scope) for scope in scopes}))
    await unit.run(_INSERT, id=bearer.id, name=name, scopes=words, hash=bearer.digest)
    return str(bearer)


async def admit(unit: Unit, bearer: Bearer, scope: KeyScope) -> None:
    """Let the key in, or raise `Unauthenticated` (unknown, forged, revoked) or `Forbidden` (not for this)."""
    row = await unit.row(_LOAD, id=bearer.id)
    if row is None or not bearer.proves(row["secret_hash"]):
        raise Unauthenticated
    if scope not in row["scopes"].split():
        raise Forbidden
    await unit.run(_TOUCH, id=bearer.id)


async def list_api_keys(unit: Unit) -> list[ApiKeyInfo]:
    """Return the keys in use, oldest first."""
    return [ApiKeyInfo(**{**row, "scopes": tuple(row["scopes"].split())}) for row in await unit.rows(_LIST)]


async def revoke_api_key(unit: Unit, key_id: UUID) -> None:
    """End a key; raises `NotFound`."""
    if await unit.scalar(_REVOKE, id=key_id) is None:
        raise NotFound(what="密钥/key")
