"""Firings of one-off and recurring plans: written ahead by the calendar, claimed under a lease, taken over when the lease ends.

The row is the queue: `state`, `lease_until` and `epoch`. Leases run on the database's own clock, never on business time.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from tasks.kernel.errors import FlowError
from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.plans.calendars.firing import fires_at, firings
from tasks.plans.calendars.repository import festivals_for
from tasks.plans.definition import Behaviour
from tasks.plans.repository import ActivePlan
from tasks.plans.schedules import OneOff, Schedule

LEASE_SECONDS = 15
"""A worker that has not renewed for so long has lost its run (architecture.md)."""
AHEAD = timedelta(days=2)
"""Firings are written this far ahead."""
LOOK_BACK = timedelta(days=60)
"""After a longer downtime, older firings are not even listed as missed."""


class LeaseLost(FlowError):
    """Another worker has taken the run over; whoever sees this writes nothing more."""

    code = "lease-lost"
    status = 409
    zh = "任务已由其他进程接管"
    en = "Another worker has taken this run over"


class Claimed(msgspec.Struct, frozen=True):
    """A firing that this worker holds until its lease ends."""

    id: UUID
    plan_id: UUID
    version_id: UUID
    timezone: str
    fires_on: date
    fire_at: datetime
    epoch: int
    audience: int | None


_WRITE = """
insert into occurrence (merchant_id, id, plan_id, version_id, timezone, fires_on, fire_at)
select :merchant, o.id, :plan, :version, o.timezone, o.fires_on, o.fire_at
from unnest(cast(:ids as uuid[]), cast(:zones as text[]), cast(:days as date[]), cast(:at as timestamptz[])) as o(id, timezone, fires_on, fire_at)
where not :once or not exists (select from occurrence x where x.merchant_id = :merchant and x.plan_id = :plan and x.timezone = o.timezone
    and x.state in ('due', 'running', 'done', 'failed'))
on conflict (plan_id, timezone, fires_on, merchant_id) where timezone <> '' do nothing
"""


async def write_ahead(unit: Unit, plan: ActivePlan, zones: Sequence[str]) -> int:
    """Write the plan's firings from where it was planned to until `AHEAD`; writing one twice changes nothing. Returns how many are new.

    Firings of an earlier version that are still to come give way to those of the version in force; a one-off plan fires once in each zone.
    """
    trigger = plan.definition.trigger
    if isinstance(trigger, Behaviour):
        return 0
    # From now on once more although it was planned ahead: a store may have opened in a new zone since.
    begin = min(plan.planned_until, unit.now) if plan.planned_until else plan.activated_at
    start = max(begin, unit.now - LOOK_BACK)
    await _withdraw(unit, plan)
    due = await _to_come(unit, trigger, zones, start)
    made = await unit.run(
        _WRITE,
        plan=plan.plan_id, version=plan.version_id, once=isinstance(trigger, OneOff), ids=new_ids(len(due)),
        zones=[zone for zone, _, _ in due], days=[day for _, day, _ in due], at=[at for _, _, at in due],
    )  # fmt: skip
    await unit.run(
        "update plan set planned_until = :until where merchant_id = :merchant and id = :plan",
        plan=plan.plan_id,
        until=unit.now + AHEAD,
    )
    return made.rowcount


async def _withdraw(unit: Unit, plan: ActivePlan) -> None:
    await unit.run(
        "delete from occurrence where merchant_id = :merchant and plan_id = :plan and state = 'due' and fire_at > :now and version_id <> :version",
        plan=plan.plan_id,
        version=plan.version_id,
    )


async def _to_come(
    unit: Unit, schedule: Schedule, zones: Sequence[str], start: datetime
) -> list[tuple[str, date, datetime]]:
    """Zone, local day and instant of the firings from `start` until `AHEAD`."""
    festivals = await festivals_for(unit, schedule)
    return [
        (zone, day, at)
        for zone in zones
        # From the day before: a firing late in the evening may be moved past midnight by a gap.
        for day in firings(
            schedule, local_day(start, zone) - timedelta(days=1), local_day(unit.now + AHEAD, zone), festivals
        )
        if (at := fires_at(schedule, day, zone)) >= start
    ]


_SPENT = """
update plan p set state = 'ended', etag = p.etag + 1
where p.merchant_id = :merchant and p.id = :plan and p.state = 'active' and p.version_id = :version
  and not exists (select from occurrence o where o.merchant_id = :merchant and o.plan_id = :plan and o.state in ('due', 'running'))
  and not exists (select from enrolment e where e.merchant_id = :merchant and e.plan_id = :plan
    and (e.state = 'waiting' or (e.state = 'active' and :more)))
"""


async def end_spent(unit: Unit, plan: ActivePlan, zones: Sequence[str]) -> bool:
    """End a one-off plan whose moment is over in every zone, once its runs and waiting passages are; returns whether it ended now.

    Tasks that are out stay; where steps may follow theirs the plan goes on. A run that failed or came too late is over as well, and
    stays visible among the firings.
    """
    trigger = plan.definition.trigger
    if not isinstance(trigger, OneOff) or any(fires_at(trigger, trigger.at.date(), zone) > unit.now for zone in zones):
        return False
    return (
        await unit.run(_SPENT, plan=plan.plan_id, version=plan.version_id, more=len(plan.definition.steps) > 1)
    ).rowcount == 1


async def nothing_ahead(unit: Unit, plans: Sequence[ActivePlan]) -> None:
    """Plans without a calendar count as planned, so that nobody looks at them again before `AHEAD` is half over."""
    stale = [plan.plan_id for plan in plans if plan.planned_until is None or plan.planned_until < unit.now + AHEAD / 2]
    if stale:
        await unit.run(
            "update plan set planned_until = :until where merchant_id = :merchant and id = any(cast(:plans as uuid[]))",
            until=unit.now + AHEAD,
            plans=stale,
        )


_MISS = """
with late as (
    select o.id from occurrence o where o.merchant_id = :merchant and o.plan_id = :plan and o.state = 'due' and o.fire_at <= :now
      and (o.fire_at < :oldest or exists (select from occurrence later where later.merchant_id = o.merchant_id and later.plan_id = o.plan_id
            and later.timezone = o.timezone and later.state = 'due' and later.fire_at <= :now and later.fire_at > o.fire_at))
    order by o.id for update skip locked
)
update occurrence o set state = 'missed', finished_at = :now from late l where o.merchant_id = :merchant and o.id = l.id
"""


async def miss_late(unit: Unit, plan: ActivePlan) -> int:
    """After downtime only the newest firing inside its grace still runs; older ones become `missed`, visibly (engine.md). Returns how many."""
    oldest = unit.now - timedelta(hours=plan.definition.grace_hours)
    return (await unit.run(_MISS, plan=plan.plan_id, oldest=oldest)).rowcount


async def begin_again(unit: Unit, plan_id: UUID) -> None:
    """Let a plan that did not fire for a while go on from now: what would have fired meanwhile is `missed`, what is still to come stays."""
    await unit.run(
        "update occurrence set state = 'missed', finished_at = :now "
        "where merchant_id = :merchant and plan_id = :plan and state = 'due' and fire_at <= :now",
        plan=plan_id,
    )
    await unit.run(
        "update plan set planned_until = :now where merchant_id = :merchant and id = :plan and planned_until is not null",
        plan=plan_id,
    )


async def cancel(unit: Unit, plan_id: UUID) -> None:
    """Cancel the firings of a plan that has ended, also the rest of one that is running: its worker finds out before the next chunk."""
    await unit.run(
        "delete from run_part r using occurrence o where r.merchant_id = :merchant and o.merchant_id = :merchant "
        "and o.id = r.occurrence_id and o.plan_id = :plan and o.state in ('due', 'running')",
        plan=plan_id,
    )
    await unit.run(
        "update occurrence set state = 'cancelled', finished_at = :now, lease_until = null "
        "where merchant_id = :merchant and plan_id = :plan and state in ('due', 'running')",
        plan=plan_id,
    )


_CLAIM = """
with next as (
    select o.id from occurrence o join plan p on p.merchant_id = o.merchant_id and p.id = o.plan_id
    join merchant m on m.merchant_id = o.merchant_id
    where o.merchant_id = :merchant and o.fire_at <= :now
      and m.stopped_at is null
      and ((o.state = 'due' and p.state = 'active') or (o.state = 'running' and o.lease_until < clock_timestamp()))
    order by o.fire_at, o.id limit 1 for update of o skip locked
)
update occurrence o set state = 'running', epoch = o.epoch + 1, lease_until = clock_timestamp() + make_interval(secs => :lease),
    version_id = case when o.state = 'due' then p.version_id else o.version_id end,
    started_at = coalesce(o.started_at, :now), progress_at = :now
from next n, plan p where o.merchant_id = :merchant and o.id = n.id and p.merchant_id = :merchant and p.id = o.plan_id
returning o.id, o.plan_id, o.version_id, o.timezone, o.fires_on, o.fire_at, o.epoch, o.audience
"""


async def claim(unit: Unit) -> Claimed | None:
    """Take the oldest due firing, or one whose worker lost its lease; a fresh one starts on the version in force now."""
    row = await unit.row(_CLAIM, lease=LEASE_SECONDS)
    return Claimed(**row) if row else None


async def renew(unit: Unit, held: Claimed) -> UUID | None:
    """Prove the lease and extend it, locking the row until the chunk commits; returns the cursor. The first statement of a chunk.

    Raises `LeaseLost`, also when the plan has ended or everything was stopped since.
    """
    row = await unit.row(
        "update occurrence set lease_until = clock_timestamp() + make_interval(secs => :lease), progress_at = :now "
        "where merchant_id = :merchant and id = :id and epoch = :epoch and state = 'running' "
        "and not exists (select from merchant m where m.merchant_id = :merchant and m.stopped_at is not null) returning cursor",
        id=held.id, epoch=held.epoch, lease=LEASE_SECONDS,
    )  # fmt: skip
    if row is None:
        raise LeaseLost
    cursor: UUID | None = row["cursor"]
    return cursor


async def move_cursor(unit: Unit, held: Claimed, cursor: UUID) -> None:
    """Remember the last scope id of the chunk, in the chunk's own transaction; the lease runs anew, however long the chunk took."""
    await unit.run(
        "update occurrence set cursor = :cursor, lease_until = clock_timestamp() + make_interval(secs => :lease) "
        "where merchant_id = :merchant and id = :id",
        id=held.id, cursor=cursor, lease=LEASE_SECONDS,
    )  # fmt: skip


async def audience_of(unit: Unit, held: Claimed) -> int | None:
    """Return how many the run means, None before anybody was looked for."""
    found: int | None = await unit.scalar(
        "select audience from occurrence where merchant_id = :merchant and id = :id", id=held.id
    )
    return found


async def store_audience(unit: Unit, held: Claimed, audience: int) -> None:
    """Keep how many matched before the first chunk: the hold-out is decided by it once."""
    await unit.run(
        "update occurrence set audience = :audience where merchant_id = :merchant and id = :id",
        id=held.id,
        audience=audience,
    )


async def release(unit: Unit, held: Claimed) -> None:
    """Give the run back: its lease ends now, and whoever looks next goes on from the cursor."""
    await unit.run(
        "update occurrence set lease_until = clock_timestamp() where merchant_id = :merchant and id = :id and epoch = :epoch and state = 'running'",
        id=held.id,
        epoch=held.epoch,
    )


async def finish(unit: Unit, held: Claimed, fault: str | None = None) -> None:
    """The run is over: done, with how many tasks it made, or failed with what happened."""
    await unit.run(
        "update occurrence o set state = case when cast(:fault as text) is null then 'done' else 'failed' end, "
        "fault = :fault, finished_at = :now, lease_until = null, "
        "made = (select count(*) from decision d where d.merchant_id = :merchant and d.plan_id = o.plan_id "
        "and d.decided_at >= o.started_at and d.occurrence_id = o.id and d.decided = 'task') "
        "where o.merchant_id = :merchant and o.id = :id and o.epoch = :epoch",
        id=held.id, epoch=held.epoch, fault=fault,
    )  # fmt: skip
