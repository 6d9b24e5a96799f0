"""The outbox of pushes: claimed by lease and epoch, settled once, tried at most six times.

A worker that dies between sending and settling leaves its rows to the next one when the lease is over: those are the only messages that can go out twice,
and they carry the same collapse key.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.connection import Row
from tasks.kernel.unit import Unit
from tasks.notices.devices import detach_address, forget_left
from tasks.notices.quiet import STAFF_ZONE, STORE_ZONE, awake
from tasks.notices.rules import MOST_ATTEMPTS, Result, Verdict, pause
from tasks.notices.states import Drop, NoticeKind, PushState
from tasks.notices.telling import ATTACHED

LEASE: Final = timedelta(seconds=45)
"""How long a worker may take for a batch: longer than any answer is waited for."""
BATCH: Final = 100
"""Messages claimed, and sent, at once."""
SETTLED_FOR: Final = timedelta(days=30)
"""How long settled pushes are kept."""
READ_FOR: Final = timedelta(days=90)
"""How long notices are kept."""

_ZONE: Final = f"(case when p.staff_id is null then {STORE_ZONE.format(store='p.store_id')} else {STAFF_ZONE.format(staff='p.staff_id')} end)"
_CHANGE: Final = """
update push p set {change}
where p.merchant_id = :merchant and p.id = any(array(
    select p.id from push p where p.merchant_id = :merchant and {which} order by p.id for update skip locked))
"""
"""A row that somebody else is at is left to them: nobody waits for anybody. An array and no join: of a table that was just filled the planner would
go through all of it for each row."""
_SPENT: Final = _CHANGE.format(
    change="state = 'failed', settled_at = :now, lease_until = null, fault = 'no answer'",
    which="p.state = 'sending' and p.lease_until < clock_timestamp() and p.attempts >= :most",
)
_DROP: Final = _CHANGE.format(
    change="state = 'dropped', dropped = :why, settled_at = :now", which="p.state = 'queued' and {which}"
)
_STOPPED: Final = "exists (select from merchant m where m.merchant_id = :merchant and m.stopped_at is not null)"
_GONE: Final = f"""p.next_at <= :now and p.device_id is not null and (p.device_id, p.staff_id, p.provider) not in (
    select d.id, d.staff_id, d.provider from device d {ATTACHED} where d.merchant_id = :merchant)"""
_NO_ROBOT: Final = """p.next_at <= :now and p.store_id is not null and not exists (
    select from store_robot r where r.merchant_id = :merchant and r.store_id = p.store_id and r.kind = p.provider)"""
_BY_DAY: Final = awake("cast(:now as timestamptz)", _ZONE)
_NIGHT: Final = _CHANGE.format(
    change=f"next_at = {_BY_DAY}",
    which=f"p.state = 'queued' and p.next_at <= :now and {_BY_DAY} > :now and p.kind <> 'test'",
)
_CLAIM: Final = """
update push p set state = 'sending', lease_until = clock_timestamp() + cast(:lease as interval), attempts = p.attempts + 1, epoch = p.epoch + 1
where p.merchant_id = :merchant and p.id = any(array(
    select p.id from push p
    where p.merchant_id = :merchant and (p.state = 'queued' and p.next_at <= :now or p.state = 'sending' and p.lease_until < clock_timestamp())
    order by p.next_at, p.id limit :limit for update skip locked))
returning p.id
"""
_CLAIMED: Final = f"""
select p.id, p.epoch, p.attempts, p.provider, p.kind, p.facts, p.task_id, p.notice_id, p.collapse_key, p.device_id, p.store_id,
       cast(extract(epoch from p.stale_at - :now) as bigint) as lasts_s, clock_timestamp() as claimed_at, d.address_kind, d.address_index,
       coalesce(d.locale, r.locale, 'zh-CN') as locale, coalesce(d.sealed, r.sealed) as sealed, coalesce(s.salt, r.salt) as salt
from push p
left join (device d {ATTACHED}) on d.merchant_id = p.merchant_id and d.id = p.device_id and d.staff_id = p.staff_id
left join store_robot r on r.merchant_id = p.merchant_id and r.store_id = p.store_id and r.kind = p.provider
where p.merchant_id = :merchant and p.id = any(cast(:ids as uuid[])) order by p.id
"""
_SETTLE: Final = """
update push p set state = u.state, settled_at = case when u.state = 'queued' then null else cast(:now as timestamptz) end, lease_until = null,
    next_at = coalesce(u.next_at, p.next_at), fault = u.fault, dropped = u.dropped
from unnest(cast(:ids as uuid[]), cast(:epochs as int[]), cast(:states as text[]), cast(:nexts as timestamptz[]), cast(:faults as text[]),
            cast(:drops as text[])) as u(id, epoch, state, next_at, fault, dropped)
where p.merchant_id = :merchant and p.id = u.id and p.epoch = u.epoch and p.state = 'sending' returning p.id
"""
_POSTPONE: Final = _CHANGE.format(
    change="next_at = :until", which="p.provider = :provider and p.state = 'queued' and p.next_at < :until"
)
_ROBOT_SAID: Final = """
update store_robot set sent_at = case when :sent then cast(:now as timestamptz) else sent_at end,
    failed_at = case when :sent then failed_at else cast(:now as timestamptz) end, fault = case when :sent then null else :fault end
where merchant_id = :merchant and store_id = :store
"""
_FORGET_PUSHES: Final = "delete from push where merchant_id = :merchant and settled_at < cast(:now as timestamptz) - cast(:kept as interval)"
_FORGET_NOTICES: Final = "delete from notice where merchant_id = :merchant and created_at < cast(:now as timestamptz) - cast(:kept as interval)"


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A push in one's hands until the lease is over; `lasts_s` is for how many seconds it is still of use.

    `claimed_at` is by the clock of the database and not business time: strangers read it in signatures and expiries. `address` is open: it must not be logged.
    """

    id: UUID
    epoch: int
    attempts: int
    provider: str
    kind: NoticeKind
    facts: Mapping[str, int]
    task_id: UUID | None
    notice_id: UUID | None
    collapse_key: str
    lasts_s: int
    claimed_at: datetime
    device_id: UUID | None
    store_id: UUID | None
    address_kind: str | None
    address_index: UUID | None
    locale: str
    address: str


async def claim_pushes(unit: Unit, limit: int = BATCH) -> list[Claimed]:
    """Take pushes that are due, at most `limit`, after dropping what is no longer wanted and putting off what falls into the night."""
    await unit.run(_SPENT, most=MOST_ATTEMPTS)
    await unit.run(_DROP.format(which=_STOPPED), why=Drop.STOPPED.value)
    await unit.run(_DROP.format(which="p.stale_at <= :now"), why=Drop.STALE.value)
    for which in (_GONE, _NO_ROBOT):
        await unit.run(_DROP.format(which=which), why=Drop.DETACHED.value)
    await unit.run(_NIGHT)
    ids = [row["id"] for row in await unit.rows(_CLAIM, limit=limit, lease=LEASE)]
    rows = await unit.rows(_CLAIMED, ids=ids) if ids else []
    lost = [row for row in rows if row["sealed"] is None]
    await _write(unit, [(row["id"], row["epoch"], _Move(PushState.DROPPED, dropped=Drop.DETACHED)) for row in lost])
    return [_claimed(unit, row) for row in rows if row["sealed"] is not None]


async def drop_queued(unit: Unit) -> None:
    """Drop every push that waits: the merchant stopped everything."""
    await unit.run(_DROP.format(which="true"), why=Drop.STOPPED.value)


async def settle(unit: Unit, results: Sequence[tuple[Claimed, Result]]) -> int:
    """Write what the providers said; returns how many were still ours. Dead addresses are detached; a provider that asks to wait is not asked meanwhile."""
    settled = await _write(unit, [(one.id, one.epoch, _move(unit.now, one, said)) for one, said in results])
    for one, said in results:
        if said.verdict is Verdict.INVALID_ADDRESS and one.device_id and one.address_index:
            await detach_address(unit, one.device_id, one.address_index)
        if one.store_id:
            accepted = said.verdict is Verdict.ACCEPTED
            await unit.run(_ROBOT_SAID, store=one.store_id, sent=accepted, fault=said.fault or said.verdict.value)
    for provider, until in _holds(unit.now, results).items():
        await unit.run(_POSTPONE, provider=provider, until=until)
    return settled


async def forget_pushes(unit: Unit) -> None:
    """Forget pushes that were settled a month ago, notices of a quarter ago, and devices of those who left."""
    await forget_left(unit)
    await unit.run(_FORGET_PUSHES, kept=SETTLED_FOR)
    await unit.run(_FORGET_NOTICES, kept=READ_FOR)


class _Move(msgspec.Struct, frozen=True):
    state: PushState
    next_at: datetime | None = None
    fault: str | None = None
    dropped: Drop | None = None


def _claimed(unit: Unit, row: Row) -> Claimed:
    subject = row["device_id"] or row["store_id"]
    plain = {name: row[name] for name in Claimed.__struct_fields__ if name not in {"address", "kind"}}
    address = unit.vault.open(row["salt"], subject, row["sealed"]).decode()
    return Claimed(**plain, kind=NoticeKind(row["kind"]), address=address)


def _move(now: datetime, one: Claimed, said: Result) -> _Move:
    if said.verdict is Verdict.ACCEPTED:
        return _Move(PushState.SENT)
    again = said.verdict in {Verdict.THROTTLED, Verdict.TRANSIENT}
    if not again or one.attempts >= MOST_ATTEMPTS:
        return _Move(PushState.FAILED, fault=said.fault or said.verdict.value)
    return _Move(PushState.QUEUED, now + wait(one, said), said.fault or said.verdict.value)


def wait(one: Claimed, said: Result) -> timedelta:
    """Return how long to wait before the next attempt: as long as the provider asks, at least, and ever longer when it does not."""
    asked = timedelta(seconds=said.retry_after or 0.0)
    return asked or pause(one.attempts)


def _holds(now: datetime, results: Sequence[tuple[Claimed, Result]]) -> dict[str, datetime]:
    """Until when a provider that throttled is left alone; a robot's word is for its own store only, and its row waits by itself."""
    held: dict[str, datetime] = {}
    for one, said in results:
        if said.verdict is Verdict.THROTTLED and one.device_id:
            held[one.provider] = max(held.get(one.provider, now), now + wait(one, said))
    return held


async def _write(unit: Unit, moves: Sequence[tuple[UUID, int, _Move]]) -> int:
    if not moves:
        return 0
    written = await unit.rows(
        _SETTLE,
        ids=[one for one, _, _ in moves],
        epochs=[epoch for _, epoch, _ in moves],
        states=[move.state.value for _, _, move in moves],
        nexts=[move.next_at for _, _, move in moves],
        faults=[move.fault for _, _, move in moves],
        drops=[move.dropped.value if move.dropped else None for _, _, move in moves],
    )
    return len(written)
