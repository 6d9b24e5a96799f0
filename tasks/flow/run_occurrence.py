"""Run one firing of a recurring plan, chunk by chunk, each in a transaction of its own.

A chunk that committed is never done again (the cursor is in its transaction); a run whose worker died is claimed by another when the lease ends; a worker
that wakes up with an old epoch finds out in the first statement of its next chunk and writes nothing. A chunk that fails is cut smaller until the one
scope that cannot be judged stands alone; it gets a `failed` decision and the rest goes on.
"""

from uuid import UUID

import structlog

from tasks.flow.passing import away, in_the_way
from tasks.flow.units import OpensUnits
from tasks.generation.candidates import Moment, Slice
from tasks.generation.chunk import count_chunk, open_chunk
from tasks.generation.parts import fill_from_part, forget, gather, more
from tasks.generation.service import Job, generate
from tasks.generation.write import EntryRaced
from tasks.kernel.errors import FlowError
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.plans.definition import Definition
from tasks.plans.occurrences import Claimed, LeaseLost, audience_of, finish, move_cursor, renew, store_audience
from tasks.plans.repository import definitions

CHUNK = 10_000
"""Scopes in one transaction."""
RACES = 5
"""A chunk that keeps losing races is somebody else's fault; give the run up for a later claim."""
FAILURES = 100
"""When so many scopes of a run cannot be judged it is the plan that cannot."""

log = structlog.get_logger()


class UngatheredRun(Exception):  # a fact for the run's own record
    """Whom the firing means could not be found: no single scope is to blame."""


async def run_occurrence(units: OpensUnits, merchant_id: UUID, held: Claimed, chunk: int = CHUNK) -> int:
    """Run the claimed firing to its end; returns the number of committed chunks. Raises `LeaseLost` when another worker took over."""
    size, chunks, races, failed = chunk, 0, 0, 0
    while True:
        try:
            async with units.open(merchant_id) as unit:
                over = await run_chunk(unit, held, size)
        except Exception as fault:
            raced = isinstance(fault, EntryRaced) or in_the_way(fault)
            races += raced
            if away(fault) or races > RACES or (isinstance(fault, FlowError) and not raced):
                raise
            if raced:
                continue
            log.warning("chunk.fail.retried", occurrence=str(held.id), size=size, fault=type(fault).__name__)
            if size > 1:
                size = max(1, size // 10)
                continue
            failed += 1
            if failed > FAILURES:
                raise
            over = await _set_aside(units, merchant_id, held, type(fault).__name__)
            size = chunk
        chunks += 1
        if over:
            return chunks


async def run_chunk(unit: Unit, held: Claimed, size: int) -> bool:
    """Do the next `size` scopes of a run in this transaction; returns whether it was the last chunk. Raises `LeaseLost`.

    The first chunk finds whom the firing means; where that takes more than one chunk it does nothing else.
    """
    cursor = await renew(unit, held)
    definition = (await definitions(unit, [held.version_id]))[held.version_id]
    moment = moment_of(unit, held)
    audience = await audience_of(unit, held)
    if audience is None:
        audience = await gather(unit, definition, moment, held.id)
        await store_audience(unit, held, audience)
        if audience > size:
            return False
    await open_chunk(unit)
    last = await fill_from_part(unit, definition, (held.id, moment.today), Slice(str(held.id), cursor, size))
    if await count_chunk(unit):
        await generate(unit, await _job(unit, held, definition, (moment, audience)), entered=False)
    return await _step(unit, held, last)


async def _step(unit: Unit, held: Claimed, last: UUID | None) -> bool:
    """Move the cursor to the last scope that was looked at; the run is over when none is left."""
    if last is not None:
        await move_cursor(unit, held, last)
        if await more(unit, held.id, last):
            return False
    await forget(unit, held.id)
    await finish(unit, held)
    return True


def moment_of(unit: Unit, held: Claimed) -> Moment:
    """The moment a firing is judged at: now, in its zone."""
    return Moment(at=unit.now, fires_at=held.fire_at, today=local_day(unit.now, held.timezone), timezone=held.timezone)


async def _job(unit: Unit, held: Claimed, definition: Definition, found: tuple[Moment, int]) -> Job:
    moment, audience = found
    room = None
    if definition.max_tasks_per_run is not None:
        made = await unit.scalar(
            "select count(*) from decision where merchant_id = :merchant and plan_id = :plan and occurrence_id = :id and decided = 'task'",
            plan=held.plan_id, id=held.id,
        )  # fmt: skip
        room = definition.max_tasks_per_run - made
    held_out = definition.hold_out if definition.hold_out and audience >= definition.hold_out_from else 0
    return Job(definition, held.plan_id, held.version_id, moment, held.id, held_out, room)


async def _set_aside(units: OpensUnits, merchant_id: UUID, held: Claimed, fault: str) -> bool:
    """Decide `failed` for the one scope that cannot be judged, and step over it."""
    async with units.open(merchant_id) as unit:
        cursor = await renew(unit, held)
        definition = (await definitions(unit, [held.version_id]))[held.version_id]
        if await audience_of(unit, held) is None:
            raise UngatheredRun
        await open_chunk(unit)
        last = await fill_from_part(
            unit, definition, (held.id, moment_of(unit, held).today), Slice(str(held.id), cursor, 1)
        )
        await unit.run(
            "insert into decision (merchant_id, id, plan_id, version_id, occurrence_id, scope_id, entry_key, customer_id, decided, reason, decided_at) "
            "select :merchant, new_uuid7(), :plan, :version, :occurrence, c.scope_id, c.entry_key, c.customer_id, 'failed', :fault, :now from chunk c "
            "on conflict do nothing",
            plan=held.plan_id, version=held.version_id, occurrence=held.id, fault=fault,
        )  # fmt: skip
        return await _step(unit, held, last)


async def give_up(units: OpensUnits, merchant_id: UUID, held: Claimed, fault: Exception) -> None:
    """End a run that cannot go on as `failed`, with the name of what happened. Raises `LeaseLost` when it is another worker's by now."""
    log.error("run.failed", occurrence=str(held.id), fault=type(fault).__name__)
    async with units.open(merchant_id) as unit:
        await renew(unit, held)
        await forget(unit, held.id)
        await finish(unit, held, type(fault).__name__)


def passes(fault: Exception) -> bool:
    """True when the run may go on later: the lease ends and somebody takes it over."""
    return isinstance(fault, EntryRaced) or in_the_way(fault) or away(fault)


__all__ = ["CHUNK", "LeaseLost", "give_up", "moment_of", "passes", "run_chunk", "run_occurrence"]
