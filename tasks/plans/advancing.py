"""What comes after a step: the next one after its wait, the next round of a plan that repeats, or the end of the passage.

Rounds are counted from the first firing, never from the one before: monthly from the 31st is 28 February and again 31 March (engine.md, "When").
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day, local_instant
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.repository import definitions
from tasks.plans.schedules import wall_of
from tasks.plans.states import EntryMode, Scope
from tasks.plans.steps import Wait
from tasks.plans.triggers import Repeat, months_after, span

MORNING: Final = time(9)
"""The wall time of a next step where nothing names one."""


class Fired(msgspec.Struct, frozen=True):
    """A passage whose step is over: which firing it was (counted from 0), on which local day and at which instant, and from where rounds are counted.

    `served_on` is the day of the service that started it, `gap_days` after how many days it or its category is usually due again; `newer` says that a later
    passage has taken this one's place.
    """

    id: UUID
    version_id: UUID
    step: int
    fires_on: date
    fire_at: datetime
    anchor_on: date
    offset_no: int
    timezone: str
    served_on: date | None
    gap_days: int | None
    category: str | None
    newer: bool


def has_next(definition: Definition, ordinal: int) -> bool:
    """Say whether anything can come after the n-th firing."""
    if (ordinal + 1) % len(definition.steps):
        return True
    repeat = _repeat(definition)
    return repeat is not None and (ordinal + 1) // len(definition.steps) < repeat.times


def next_firing(definition: Definition, fired: Fired) -> tuple[int, date, datetime] | None:
    """Return ordinal, local day and instant of what comes after a firing; None when that was the last.

    A step that waits for a cycle nobody knows is left out.
    """
    ordinal = fired.step
    while has_next(definition, ordinal):
        ordinal += 1
        found = _of_round(definition, fired, ordinal) or _of_step(definition, fired, ordinal)
        if found is not None:
            return ordinal, *found
    return None


def _repeat(definition: Definition) -> Repeat | None:
    return definition.trigger.repeat if isinstance(definition.trigger, Behaviour) else None


def _of_round(definition: Definition, fired: Fired, ordinal: int) -> tuple[date, datetime] | None:
    """Return when a further round begins, if the firing is the first of one."""
    repeat = _repeat(definition)
    rounds, step = divmod(ordinal, len(definition.steps))
    if step or repeat is None:
        return None
    count = rounds * repeat.every
    day = months_after(fired.anchor_on, count) if repeat.unit == "months" else fired.anchor_on + timedelta(days=count)
    return day, local_instant(day, _wall(definition, fired), fired.timezone)


def _of_step(definition: Definition, fired: Fired, ordinal: int) -> tuple[date, datetime] | None:
    wait = definition.steps[ordinal % len(definition.steps)].wait
    if wait is None:
        return None
    if wait.after is not None:
        at = fired.fire_at + span(wait.after)
        return local_day(at, fired.timezone), at
    # A step that waited for the task before it fired later than it was meant to.
    fired_on = max(fired.fires_on, local_day(fired.fire_at, fired.timezone))
    day = _due_again(wait, fired) if wait.cycle else fired_on + timedelta(days=wait.days or 0)
    if day is None or day < fired.fires_on:
        return None
    return day, local_instant(day, wait.at or _wall(definition, fired), fired.timezone)


def _due_again(wait: Wait, fired: Fired) -> date | None:
    """Return the day on which the service she had is usually due again: by its own gap, its category's, or what the plan says of the category."""
    days = fired.gap_days or wait.usual.get(fired.category or "")
    return fired.served_on + timedelta(days=days) if days and fired.served_on else None


def _wall(definition: Definition, fired: Fired) -> time:
    """The wall time the passage began at."""
    trigger = definition.trigger
    if not isinstance(trigger, Behaviour):
        return wall_of(trigger)
    offsets = trigger.offsets
    return (offsets[fired.offset_no].at if fired.offset_no < len(offsets) else None) or MORNING


_FIRED = """
select e.id, e.version_id, e.step, e.fires_on, e.fire_at, coalesce(e.anchor_on, e.fires_on) as anchor_on,
    coalesce(nullif(split_part(e.entry_key, ':', 2), ''), '0')::int as offset_no, coalesce(s.timezone, m.timezone) as timezone,
    (ev.occurred_at at time zone coalesce(s.timezone, m.timezone))::date as served_on, coalesce(pr.cycle_days, ca.usual_gap_days) as gap_days, pr.category,
    exists (select from enrolment n where n.merchant_id = :merchant and n.customer_id = e.customer_id and n.plan_id = e.plan_id
            and n.event_id is not null
            and n.card_id is not distinct from e.card_id and n.created_at > e.created_at and n.id <> e.id) as newer
from enrolment e join merchant m on m.merchant_id = e.merchant_id
left join store s on s.merchant_id = :merchant and s.id = e.store_id
left join event ev on ev.merchant_id = :merchant and ev.id = e.event_id
left join visit v on v.merchant_id = :merchant and v.id = ev.ledger_id and ev.ledger_kind = 'visit'
left join product pr on pr.merchant_id = :merchant and pr.id = v.product_id
left join category ca on ca.merchant_id = :merchant and ca.code = pr.category
where e.merchant_id = :merchant and e.id = any(cast(:ids as uuid[])) and e.state = 'active' order by e.id for update of e
"""

_GO_ON = """
update enrolment e set state = 'waiting', step = u.step, fires_on = u.day_on, fire_at = greatest(u.fire_at, cast(:now as timestamptz)),
    anchor_on = coalesce(e.anchor_on, e.fires_on)
from unnest(cast(:ids as uuid[]), cast(:steps as int[]), cast(:days as date[]), cast(:at as timestamptz[])) as u(id, step, day_on, fire_at)
where e.merchant_id = :merchant and e.id = u.id
"""

_COMPLETE = """
update enrolment set state = 'completed', closed_at = :now
where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and state = 'active'
"""


async def finish_step(unit: Unit, enrolment_ids: Sequence[UUID]) -> int:
    """The step's task is closed, or was never made: passages wait for their next step, those that have none are completed. Returns how many were completed.

    A next step fires at the latest when this one is over: never before, and at once if its time has come meanwhile.
    """
    if not enrolment_ids:
        return 0
    plans = await definitions(unit, await _versions(unit, enrolment_ids))
    many = {version for version, plan in plans.items() if len(plan.steps) > 1 or _repeat(plan) is not None}
    if many:
        fired = [one for one in await unit.structs(Fired, _FIRED, ids=list(enrolment_ids)) if one.version_id in many]
        coming = [(one.id, *found) for one in fired if (found := _next_of(plans[one.version_id], one)) is not None]
        await _go_on(unit, coming)
    return (await unit.run(_COMPLETE, ids=list(enrolment_ids))).rowcount


def _next_of(definition: Definition, fired: Fired) -> tuple[int, date, datetime] | None:
    """Return what comes next of a passage that no newer one has replaced."""
    if fired.newer and definition.entry.mode is EntryMode.RESTART and definition.entry.scope is not Scope.APPOINTMENT:
        return None
    return next_firing(definition, fired)


async def _versions(unit: Unit, enrolment_ids: Sequence[UUID]) -> list[UUID]:
    rows = await unit.rows(
        "select distinct version_id from enrolment where merchant_id = :merchant and id = any(cast(:ids as uuid[]))",
        ids=list(enrolment_ids),
    )
    return [row["version_id"] for row in rows]


async def _go_on(unit: Unit, coming: Sequence[tuple[UUID, int, date, datetime]]) -> None:
    if coming:
        ids, steps, days, at = zip(*coming, strict=True)
        await unit.run(_GO_ON, ids=list(ids), steps=list(steps), days=list(days), at=list(at))
