"""Log-ins and their rotating refresh tokens.

A refresh token works once. A second use within ten seconds by the same device is a lost answer and gets the same successor; any other second use
revokes the family.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from backend.auth.errors import RefreshReused, SessionEnded
from backend.auth.tokens import ACCESS_FOR, REFRESH, Bearer, Claims, sign_access
from backend.db.units import Units
from tasks.kernel.connection import Row
from tasks.kernel.errors import FlowError, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit

REFRESH_FOR: Final = timedelta(days=30)
RETRY_WITHIN: Final = timedelta(seconds=10)

_FAMILY = """
insert into refresh_family (merchant_id, id, staff_id, device, created_at)
values (:merchant, :id, :staff, :device, clock_timestamp())
"""
_ISSUE = """
insert into refresh_token (merchant_id, id, family_id, secret_hash, issued_at, expires_at)
values (:merchant, :id, :family, :hash, clock_timestamp(), clock_timestamp() + cast(:lasts as interval)) returning issued_at
"""
_PRESENTED = """
select t.secret_hash, t.used_at is not null as used, coalesce(t.used_at > clock_timestamp() - cast(:retry as interval), false) as recent,
       t.expires_at <= clock_timestamp() as expired, t.sealed_successor, clock_timestamp() as at,
       f.id as family_id, f.device, f.revoked_at is not null as revoked, s.id as staff_id, s.status = 'active' as active
from refresh_token t
join refresh_family f on f.merchant_id = t.merchant_id and f.id = t.family_id
join staff s on s.merchant_id = f.merchant_id and s.id = f.staff_id
where t.merchant_id = :merchant and t.id = :id
for update of t, f
"""
_USED = "update refresh_token set used_at = clock_timestamp(), sealed_successor = :sealed where merchant_id = :merchant and id = :id"
_REVOKE = """
update refresh_family set revoked_at = clock_timestamp(), revoke_reason = :reason
where merchant_id = :merchant and id = :family and revoked_at is null
"""
_REVOKE_ALL = """
update refresh_family set revoked_at = clock_timestamp(), revoke_reason = :reason
where merchant_id = :merchant and staff_id = :staff and revoked_at is null and id <> :kept
"""


class Session(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a client gets at log-in and at each refresh."""

    access_token: str
    refresh_token: str
    expires_in: int
    merchant_id: UUID
    staff_id: UUID


async def open_session(unit: Unit, master: MasterKey, staff_id: UUID, device: str) -> Session:
    """Begin a log-in of a staff member on a device."""
    claims = Claims(unit.merchant_id, staff_id, new_id())
    await unit.run(_FAMILY, id=claims.family_id, staff=staff_id, device=device)
    bearer, at = await _issue(unit, claims.family_id)
    return _session(master, claims, bearer, at)


async def refresh(units: Units, master: MasterKey, token: str, device: str) -> Session:
    """Exchange a refresh token for the next; raises `SessionEnded` or `RefreshReused`, which has then revoked the family."""
    bearer = Bearer.read(REFRESH, token)
    if bearer is None:
        raise SessionEnded
    try:
        async with units.open(bearer.merchant_id) as unit:
            answer = await _exchange(unit, master, bearer, device)
    except NotFound as fault:
        raise SessionEnded from fault
    if isinstance(answer, FlowError):  # raised only now: the revocation has been committed
        raise answer
    return answer


async def revoke_family(unit: Unit, family_id: UUID, reason: str) -> None:
    """End one log-in."""
    await unit.run(_REVOKE, family=family_id, reason=reason)


async def revoke_others(unit: Unit, staff_id: UUID, kept: UUID, reason: str) -> None:
    """End every log-in of a staff member but one."""
    await unit.run(_REVOKE_ALL, staff=staff_id, kept=kept, reason=reason)


async def _exchange(unit: Unit, master: MasterKey, bearer: Bearer, device: str) -> Session | FlowError:
    row = await unit.row(_PRESENTED, id=bearer.id, retry=RETRY_WITHIN)
    if row is None or not bearer.proves(row["secret_hash"]) or row["revoked"] or row["expired"] or not row["active"]:
        return SessionEnded()
    claims = Claims(unit.merchant_id, row["staff_id"], row["family_id"])
    if not row["used"]:
        successor, at = await _issue(unit, row["family_id"])
        sealed = unit.vault.seal(bearer.secret, bearer.id, str(successor).encode())
        await unit.run(_USED, id=bearer.id, sealed=sealed)
        return _session(master, claims, successor, at)
    if row["recent"] and row["device"] == device:
        return _session(master, claims, _same_successor(unit, bearer, row), row["at"])
    await revoke_family(unit, row["family_id"], "reused")
    return RefreshReused()


def _same_successor(unit: Unit, bearer: Bearer, row: Row) -> Bearer:
    text = unit.vault.open(bearer.secret, bearer.id, row["sealed_successor"]).decode()
    successor = Bearer.read(REFRESH, text)
    if successor is None:
        raise SessionEnded
    return successor


async def _issue(unit: Unit, family_id: UUID) -> tuple[Bearer, datetime]:
    bearer = Bearer.make(REFRESH, unit.merchant_id, new_id())
    at: datetime = await unit.scalar(_ISSUE, id=bearer.id, family=family_id, hash=bearer.digest, lasts=REFRESH_FOR)
    return bearer, at


def _session(master: MasterKey, claims: Claims, bearer: Bearer, at: datetime) -> Session:
    return Session(
        access_token=sign_access(master, claims, at),
        refresh_token=str(bearer),
        expires_in=int(ACCESS_FOR.total_seconds()),
        merchant_id=claims.merchant_id,
        staff_id=claims.staff_id,
    )
