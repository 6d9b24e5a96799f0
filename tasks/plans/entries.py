"""Who enters behaviour plans: when events are accepted, and when a plan begins to fire."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.events.happened import Happened
from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.people.calendar import StoreCalendar, load_calendars
from tasks.plans.admission import replacing
from tasks.plans.arrivals import Arrival, let_in
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.matching import ZONE, behaviour_of, dated_within, matching
from tasks.plans.moments import Cause, Firing, firing_of, reach
from tasks.plans.repository import ActivePlan
from tasks.plans.states import Backfill, Scope
from tasks.plans.triggers import Offset
from tasks.worklist.merchant_window import merchant_window
from tasks.worklist.windows import ContactWindow

LEAST_LOOK_BACK: Final = timedelta(days=1)
"""A backfill looks back at least so far, and as far as the plan's grace: what should have fired a moment ago is still in time."""

FAR_AHEAD: Final = timedelta(days=3660)
"""No date that a plan counts back from lies further ahead."""


class Matched(msgspec.Struct, frozen=True):
    """An event that starts a plan, whom the passage is about, and where."""

    event_id: UUID
    scope_id: UUID
    customer_id: UUID
    card_id: UUID | None
    store_id: UUID | None
    historic: bool
    cause: Cause

    def key_of(self, scope: Scope) -> UUID:
        """Return what a newer event must share to take this one's place."""
        return replacing(scope, self.scope_id, self.customer_id)


_MATCHED: Final = """
select e.id as event_id, {scope} as scope_id, cu.id as customer_id, {card} as card_id, e.store_id, coalesce(e.store_id, cu.home_store_id) as opens_with,
    e.historic, e.occurred_at, {zone} as timezone {dates}
{sql} and {which} order by e.occurred_at, e.id
"""


async def matched(unit: Unit, definition: Definition, which: str, values: Mapping[str, Any]) -> list[Matched]:
    """Return the events that start the plan among those for which `which` holds (SQL over event `e`, with its values), in the order they happened."""
    trigger, found = behaviour_of(definition), matching(definition)
    sql = _MATCHED.format(
        scope=found.scope_id, card=found.card_id, zone=ZONE, dates=found.dates, sql=found.sql, which=which
    )
    rows = await unit.rows(sql, **found.values, **values)
    in_window = any(offset.in_window for offset in trigger.offsets)
    calendars = await load_calendars(unit, {row["opens_with"] for row in rows} - {None}) if in_window and rows else {}
    return [_matched(row, len(trigger.offsets), calendars) for row in rows]


def _matched(row: Any, offsets: int, calendars: Mapping[UUID, StoreCalendar]) -> Matched:
    dates = [row[f"date_{n}"] for n in range(offsets)]
    cause = Cause(row["occurred_at"], row["timezone"], dates, calendars.get(row["opens_with"]))
    return Matched(
        row["event_id"], row["scope_id"], row["customer_id"], row["card_id"], row["store_id"], row["historic"], cause
    )


async def window_of(unit: Unit, offsets: Sequence[Offset]) -> ContactWindow:
    """Return the window that these offsets keep to; nobody asks where none of them cares."""
    return await merchant_window(unit) if any(offset.in_window for offset in offsets) else ContactWindow()


async def enter(unit: Unit, plan: ActivePlan, happened: Sequence[Happened]) -> list[UUID]:
    """Let everybody in whom these events put on the plan, in the transaction that accepts them; set-based per batch.

    Returns the passages that fire at once, for the caller to fire. Nothing that happened in the past fires at once.
    """
    trigger = plan.definition.trigger
    if not isinstance(trigger, Behaviour):
        return []
    ids = [event.event_id for event in happened if event.type in trigger.events]
    if not ids:
        return []
    return await _take_in(
        unit, plan, await matched(unit, plan.definition, "e.id = any(cast(:ids as uuid[]))", {"ids": ids})
    )


async def _take_in(unit: Unit, plan: ActivePlan, events: Sequence[Matched]) -> list[UUID]:
    if not events:
        return []
    arrivals = await arrive(unit, plan, events)
    at_once = {number for number, offset in enumerate(behaviour_of(plan.definition).offsets) if offset.at_once}
    immediate = {one.id for one in arrivals if one.offset_no in at_once}
    return [one for one in await let_in(unit, plan, arrivals) if one in immediate]


async def arrive(unit: Unit, plan: ActivePlan, events: Sequence[Matched]) -> list[Arrival]:
    """Return the passages these events would become; an offset that counts back from a date the event has not makes none."""
    offsets = behaviour_of(plan.definition).offsets
    window = await window_of(unit, offsets)
    firings = [
        (event, number, firing)
        for event in events
        for number, offset in enumerate(offsets)
        if (firing := firing_of(offset, number, event.cause, window)) is not None
    ]
    return [_arrival(unit, plan, one, firing) for one, firing in zip(new_ids(len(firings)), firings, strict=True)]


def _arrival(unit: Unit, plan: ActivePlan, ident: UUID, firing: tuple[Matched, int, Firing]) -> Arrival:
    event, number, fires = firing
    at_once = behaviour_of(plan.definition).offsets[number].at_once
    return Arrival(
        ident, event.event_id, number, event.scope_id, event.customer_id, event.card_id, event.store_id, event.cause.timezone,
        event.cause.occurred_at, min(fires.at, unit.now) if at_once else fires.at, fires.on, event.historic,
        _fits(unit, plan, event, fires),
    )  # fmt: skip


def _fits(unit: Unit, plan: ActivePlan, event: Matched, fires: Firing) -> bool:
    """An event older than the plan, or whose firing lies beyond grace, starts nothing, except by backfill while its firing is still to come."""
    takes_in, ahead = plan.definition.backfill is Backfill.IN_WINDOW, fires.at > unit.now
    grace = unit.now - timedelta(hours=plan.definition.grace_hours)
    in_time = ahead or (not event.historic and fires.at > grace)
    known = event.cause.occurred_at >= plan.activated_at or (takes_in and ahead)
    return fires.in_time and in_time and known and (not event.historic or takes_in)


async def backfill(unit: Unit, plan: ActivePlan) -> None:
    """On activation, take in what happened in the last offset days, if the plan says so; what would have fired already stays out.

    Of offsets that count back from a date, everything whose date is still ahead.
    """
    if not isinstance(plan.definition.trigger, Behaviour) or plan.definition.backfill is not Backfill.IN_WINDOW:
        return
    await _take_in(unit, plan, await _in_window(unit, plan.definition))


async def expected_backfill(unit: Unit, definition: Definition) -> int:
    """Return how many passages a backfill would begin if the plan were activated now, before its entry rule is asked."""
    if not isinstance(definition.trigger, Behaviour) or definition.backfill is not Backfill.IN_WINDOW:
        return 0
    nobody = UUID(int=0)
    plan = ActivePlan(nobody, nobody, unit.now, None, definition)
    return sum(one.fits for one in await arrive(unit, plan, await _in_window(unit, definition)))


async def _in_window(unit: Unit, definition: Definition) -> list[Matched]:
    """Events whose passage may still be to come, in the order they happened."""
    trigger = behaviour_of(definition)
    since = unit.now - max(LEAST_LOOK_BACK, timedelta(hours=definition.grace_hours))
    looks: list[tuple[str, datetime]] = [
        (f"e.occurred_at <= :now and {dated_within(definition, number)}", since)
        for number, offset in enumerate(trigger.offsets)
        if offset.before is not None
    ]
    forward = [reach(offset) for offset in trigger.offsets if offset.before is None]
    if forward:
        looks.append(("e.occurred_at >= :from_at and e.occurred_at <= :now", since - max(forward)))
    found: dict[tuple[UUID, UUID], Matched] = {}
    for which, from_at in looks:
        some = await matched(unit, definition, which, {"from_at": from_at, "until_at": unit.now + FAR_AHEAD})
        found |= {(one.event_id, one.scope_id): one for one in some}
    return sorted(found.values(), key=lambda one: (one.cause.occurred_at, one.event_id))


_EXPECTED: Final = """
select count(*) from (select {sql} and e.occurred_at > cast(:at as timestamptz) - interval '30 days' and e.occurred_at <= :at limit :enough) x
"""


async def expected_in_thirty_days(unit: Unit, definition: Definition, at: datetime, enough: int | None = None) -> int:
    """Return how many entered, or would have, in the thirty days before: the audience a behaviour plan's hold-out is decided by.

    Nobody counts on once there are `enough`.
    """
    if not isinstance(definition.trigger, Behaviour):
        return 0
    found = matching(definition)
    count: int = await unit.scalar(_EXPECTED.format(sql=found.sql), **found.values, at=at, enough=enough)
    return count
