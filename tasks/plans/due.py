"""Passages whose moment has come: locked for one worker, and looked at again where the date they count back from may have moved."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit
from tasks.people.calendar import load_calendars
from tasks.people.contact_state import lock_contact_state
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.ending import end_waiting
from tasks.plans.entries import window_of
from tasks.plans.matching import STARTS_AT, ZONE, date_of, date_values
from tasks.plans.moments import Cause, firing_of, is_over
from tasks.plans.repository import definitions
from tasks.plans.triggers import Offset
from tasks.worklist.feed import feed


class Due(msgspec.Struct, frozen=True):
    """Passages that fire now, of one plan version, zone, local day, step (`ordinal`, counted through every round) and offset, locked by the caller."""

    plan_id: UUID
    version_id: UUID
    timezone: str
    fires_on: date
    ordinal: int
    offset_no: int
    fire_at: datetime
    ids: list[UUID]


_READY: Final = """
select s.customer_id from customer_contact_state s
where s.merchant_id = :merchant and s.customer_id in (
    select w.customer_id from (
        select e.customer_id from enrolment e
        join plan p on p.merchant_id = e.merchant_id and p.id = e.plan_id and p.state = 'active'
        join merchant m on m.merchant_id = e.merchant_id and m.stopped_at is null
        where e.merchant_id = :merchant and e.state = 'waiting' and e.fire_at <= :now
        order by e.fire_at, e.id limit :limit) w)
order by s.customer_id for update skip locked
"""

_OFFSET: Final = "coalesce(nullif(split_part(e.entry_key, ':', 2), ''), '0')::int"
_DUE: Final = """
with due as (
    select e.id, e.plan_id, e.version_id, e.fires_on, e.fire_at, e.store_id, e.step, {offset} as offset_no from enrolment e
    join plan p on p.merchant_id = e.merchant_id and p.id = e.plan_id and p.state = 'active'
    join merchant m on m.merchant_id = e.merchant_id and m.stopped_at is null
    where e.merchant_id = :merchant and {which} and e.state = 'waiting' and e.fire_at <= :now
    order by e.fire_at, e.id limit :limit for update of e skip locked
)
select d.plan_id, d.version_id, coalesce(s.timezone, m.timezone) as timezone, d.fires_on, d.step as ordinal, d.offset_no,
    max(d.fire_at) as fire_at, array_agg(d.id order by d.id) as ids
from due d join merchant m on m.merchant_id = :merchant left join store s on s.merchant_id = :merchant and s.id = d.store_id
group by d.plan_id, d.version_id, coalesce(s.timezone, m.timezone), d.fires_on, d.step, d.offset_no
order by d.plan_id, d.version_id, d.fires_on, d.step, d.offset_no, 3
"""
_OF_CUSTOMERS: Final = _DUE.format(offset=_OFFSET, which="e.customer_id = any(cast(:customers as uuid[]))")
_THESE: Final = _DUE.format(offset=_OFFSET, which="e.id = any(cast(:ids as uuid[]))")


async def lock_due(unit: Unit, limit: int) -> list[Due]:
    """Lock passages that are due and whose plan is active; two workers never get the same one.

    The customers' contact states are locked before them, the order in which events that end passages take both; who is busy there is left for the next look.
    """
    free = [row["customer_id"] for row in await unit.rows(_READY, limit=limit)]
    return [Due(**row) for row in await unit.rows(_OF_CUSTOMERS, limit=limit, customers=free)] if free else []


async def due_of(unit: Unit, enrolment_ids: Sequence[UUID]) -> list[Due]:
    """Return those of these passages, new in this transaction, that are due."""
    return [Due(**row) for row in await unit.rows(_THESE, limit=len(enrolment_ids), ids=list(enrolment_ids))]


_ENDED: Final = {"cancelled": "appointment_cancelled", "missed": "appointment_missed", "arrived": "arrived"}
"""What an appointment has become → why nobody is reminded of it."""

_DATED: Final = """
select n.id, n.fire_at, {date} as date_at, a.status, e.occurred_at, {zone} as timezone, coalesce(e.store_id, cu.home_store_id) as opens_with
from enrolment n join merchant m on m.merchant_id = n.merchant_id
join event e on e.merchant_id = n.merchant_id and e.id = n.event_id
join customer cu on cu.merchant_id = n.merchant_id and cu.id = n.customer_id
left join store es on es.merchant_id = e.merchant_id and es.id = e.store_id
left join appointment a on a.merchant_id = e.merchant_id and a.id = e.ledger_id
where n.merchant_id = :merchant and n.id = any(cast(:ids as uuid[])) and n.state = 'waiting' order by n.id
"""
_MOVE: Final = """
update enrolment e set fire_at = u.fire_at, fires_on = u.fires_on, anchor_on = u.fires_on
from unnest(cast(:ids as uuid[]), cast(:at as timestamptz[]), cast(:days as date[])) as u(id, fire_at, fires_on)
where e.merchant_id = :merchant and e.id = u.id and e.state = 'waiting'
"""


def counts_back(definition: Definition, ordinal: int, offset_no: int) -> Offset | None:
    """Return the offset that a passage came in by, if it counts back from a date and has not fired yet."""
    trigger = definition.trigger
    if ordinal or not isinstance(trigger, Behaviour) or offset_no >= len(trigger.offsets):
        return None
    offset = trigger.offsets[offset_no]
    return None if offset.before is None else offset


async def still_due(unit: Unit, definition: Definition, due: Due) -> list[UUID]:
    """Return the passages that fire now indeed; those that count back from a date are held against the date as it is.

    Whose date moved on waits for it, whose date is over is `too_late`, whose appointment ended otherwise has left.
    """
    offset = counts_back(definition, due.ordinal, due.offset_no)
    if offset is None:
        return due.ids
    return await _hold_against_dates(unit, definition, due.offset_no, due.ids)


async def _hold_against_dates(unit: Unit, definition: Definition, number: int, ids: Sequence[UUID]) -> list[UUID]:
    trigger = definition.trigger
    assert isinstance(trigger, Behaviour)  # noqa: S101  # `counts_back` said so
    offset, window = trigger.offsets[number], await window_of(unit, [trigger.offsets[number]])
    rows = await unit.rows(
        _DATED.format(date=date_of(offset, number, "n.card_id"), zone=ZONE), ids=list(ids), **date_values(trigger)
    )
    calendars = await load_calendars(unit, {row["opens_with"] for row in rows} - {None}) if offset.in_window else {}
    ended: list[tuple[UUID, str, str | None]] = []
    moved: list[tuple[UUID, datetime, date]] = []
    stay: list[UUID] = []
    for row in rows:
        dates = [row["date_at"] if n == number else None for n in range(number + 1)]
        cause = Cause(row["occurred_at"], row["timezone"], dates, calendars.get(row["opens_with"]))
        firing = firing_of(offset, number, cause, window)
        left = _left(offset, row, unit.now)
        if left is not None:
            ended.append((row["id"], *left))
        elif firing is not None and firing.at > unit.now:
            moved.append((row["id"], firing.at, firing.on))
        else:
            stay.append(row["id"])
    await end_waiting(unit, ended)
    await _move(unit, moved)
    return stay


def _left(offset: Offset, row: Any, now: datetime) -> tuple[str, str | None] | None:
    """Return decision and reason of a reminder that is of no use any more."""
    if offset.before == STARTS_AT and row["status"] in _ENDED:
        return "exited", _ENDED[row["status"]]
    if row["date_at"] is None:
        return "exited", "no_date"
    return ("too_late", None) if is_over(row["date_at"], now, row["timezone"]) else None


async def _move(unit: Unit, moved: Sequence[tuple[UUID, datetime, date]]) -> None:
    if moved:
        ids, at, days = zip(*moved, strict=True)
        await unit.run(_MOVE, ids=list(ids), at=list(at), days=list(days))


_WAITING: Final = """
select e.id, e.version_id, e.customer_id, {offset} as offset_no, e.step from event x
join enrolment e on e.merchant_id = x.merchant_id and e.customer_id = x.customer_id and e.event_id = x.id and e.state = 'waiting'
where x.merchant_id = :merchant and x.ledger_id = any(cast(:appointments as uuid[])) and x.ledger_kind = 'appointment' order by e.id
"""


async def follow_appointments(unit: Unit, appointment_ids: Sequence[UUID]) -> None:
    """Let the reminders of these appointments, which were recorded anew, wait for the time they begin at now; those it is time for are due at once."""
    feed(unit).appointments_changed(appointment_ids)
    sql = _WAITING.format(offset=_OFFSET)
    waiting = await unit.rows(sql, appointments=list(appointment_ids)) if appointment_ids else []
    if not waiting:
        return
    await lock_contact_state(unit, {row["customer_id"] for row in waiting})
    plans = await definitions(unit, [row["version_id"] for row in waiting])
    groups: dict[tuple[UUID, int], list[UUID]] = {}
    for row in waiting:
        if counts_back(plans[row["version_id"]], row["step"], row["offset_no"]) is not None:
            groups.setdefault((row["version_id"], row["offset_no"]), []).append(row["id"])
    for (version, number), ids in groups.items():
        due = await _hold_against_dates(unit, plans[version], number, ids)
        await unit.run(
            "update enrolment set fire_at = least(fire_at, :now) where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and state = 'waiting'",
            ids=due,
        )
