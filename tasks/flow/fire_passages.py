"""Fire the passages of behaviour plans that are due, set-based, in one transaction per batch; the row locks are the lease."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from tasks.flow.passing import away, in_the_way
from tasks.flow.units import OpensUnits
from tasks.generation.candidates import Moment, fill_from_enrolments
from tasks.generation.chunk import count_chunk, open_chunk
from tasks.generation.service import Job, generate
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.plans.definition import Definition
from tasks.plans.due import Due, due_of, lock_due, still_due
from tasks.plans.entries import expected_in_thirty_days
from tasks.plans.repository import definitions

BATCH = 5_000
"""Passages in one transaction."""
FEW = 100
"""So few passages the planner need not be told of: what it assumes of an unknown table is about as much, and being told costs more than the look."""
RACES = 5
"""A batch that another transaction is in the way of so often is left for the next sweep."""

log = structlog.get_logger()


async def fire_passages(units: OpensUnits, merchant_id: UUID, batch: int = BATCH) -> int:
    """Fire everything that is due; returns how many passages were decided. One that cannot be judged is failed alone and stops nobody."""
    fired, size, races = 0, batch, 0
    while True:
        try:
            async with units.open(merchant_id) as unit:
                done = await fire_batch(unit, size)
        except Exception as fault:
            races += in_the_way(fault)
            if away(fault) or races > RACES:
                raise
            if in_the_way(fault):
                continue
            log.warning("passages.fire.retried", size=size, fault=type(fault).__name__)
            if size > 1:
                size = max(1, size // 10)
                continue
            done = await _fail_first(units, merchant_id, type(fault).__name__)
        fired += done
        if done == 0:
            return fired


async def fire_batch(unit: Unit, limit: int) -> int:
    """Decide up to `limit` due passages in this transaction, plan by plan; returns how many."""
    groups = await lock_due(unit, limit)
    if len(groups) > 1:
        await _lock_tasks(unit, groups)
    return sum([await _fire(unit, due) for due in groups])


async def fire_at_once(unit: Unit, enrolment_ids: Sequence[UUID]) -> None:
    """Fire passages that were entered in this transaction and whose plan waits for nothing: an acknowledged event already has its task."""
    if enrolment_ids:
        for due in await due_of(unit, enrolment_ids):
            await _fire(unit, due)


async def _lock_tasks(unit: Unit, groups: Sequence[Due]) -> None:
    """Each plan locks the tasks it may join in id order; several plans after one another would not."""
    await unit.run(
        "select t.id from task t where t.merchant_id = :merchant and t.status in ('queued', 'open', 'in_progress', 'waiting') and t.customer_id in "
        "(select e.customer_id from enrolment e where e.merchant_id = :merchant and e.id = any(cast(:ids as uuid[]))) order by t.id for update",
        ids=[one for due in groups for one in due.ids],
    )


async def _fire(unit: Unit, due: Due) -> int:
    """Decide passages that belong together; returns how many were looked at."""
    definition = (await definitions(unit, [due.version_id]))[due.version_id]
    ids = await still_due(unit, definition, due)
    if ids:
        moment = Moment(
            at=unit.now, fires_at=due.fire_at, today=local_day(unit.now, due.timezone), timezone=due.timezone
        )
        job = Job(
            definition, due.plan_id, due.version_id, moment, hold_out=await hold_out_of(unit, definition, moment),
            ordinal=due.ordinal, offset_no=due.offset_no,
        )  # fmt: skip
        await open_chunk(unit)
        await fill_from_enrolments(unit, ids)
        if len(ids) > FEW:
            await count_chunk(unit)
        await generate(unit, job, entered=True)
        await _settle(unit, due)
    return len(due.ids)


async def _settle(unit: Unit, due: Due) -> None:
    """Nothing that was locked may stay waiting in the past, or the sweep would turn for ever. Whose next step is due already fires with the next batch."""
    await unit.run(
        "update enrolment set state = 'failed', exit_reason = 'undecided', closed_at = :now "
        "where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and state = 'waiting' and fire_at <= :now and step = :ordinal",
        ids=due.ids, ordinal=due.ordinal,
    )  # fmt: skip


async def hold_out_of(unit: Unit, definition: Definition, moment: Moment) -> int:
    """Return the percent held out: the plan's, when enough are expected in thirty days to measure anything by it."""
    if not definition.hold_out:
        return 0
    expected = await expected_in_thirty_days(unit, definition, moment.at, definition.hold_out_from)
    return definition.hold_out if expected >= definition.hold_out_from else 0


async def _fail_first(units: OpensUnits, merchant_id: UUID, fault: str) -> int:
    """Fail the one passage that cannot be judged, with a decision that says so."""
    async with units.open(merchant_id) as unit:
        failed = 0
        for due in await lock_due(unit, 1):
            await unit.run(
                "insert into decision (merchant_id, id, plan_id, version_id, enrolment_id, scope_id, entry_key, step, customer_id, "
                "decided, reason, decided_at) "
                "select :merchant, new_uuid7(), e.plan_id, e.version_id, e.id, e.scope_id, e.entry_key, e.step, e.customer_id, 'failed', :fault, :now "
                "from enrolment e where e.merchant_id = :merchant and e.id = any(cast(:ids as uuid[])) on conflict do nothing",
                ids=due.ids, fault=fault,
            )  # fmt: skip
            ended = await unit.run(
                "update enrolment set state = 'failed', exit_reason = :fault, closed_at = :now "
                "where merchant_id = :merchant and id = any(cast(:ids as uuid[]))",
                ids=due.ids, fault=fault,
            )  # fmt: skip
            failed += ended.rowcount
        return failed
