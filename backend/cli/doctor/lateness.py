"""What is late, by the names of plans and stores, and what no longer holds of a merchant's rows, by id. Nothing of a person is shown."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.cli.doctor.finding import Finding, fail, ok, warn
from backend.db.units import Units
from backend.observability.late import look, merchants_with_late
from tasks.flow.invariants import Broken, check_invariants
from tasks.flow.watchdogs import Late, watch
from tasks.kernel.errors import NotFound
from tasks.kernel.sealing import SealBroken
from tasks.people.lookups import merchant_zone

MERCHANTS: Final = 20
"""Merchants whose late things are named."""
SHOWN: Final = 5
"""Things of one kind, and ids of one invariant, that are named."""
ADVICE: Final = {
    "occurrence": "nobody begins it: look at the workers' log",
    "run": "its worker stands still: look at its log; another takes over when the lease ends",
    "lease": "workers die on it: look at their logs",
    "missed": "nobody worked when it was due; preview the plan and decide whether to run it by hand",
    "failed": "look at the fault, mend the plan; the next firing tries again",
    "passage": "nobody fires them: look at the workers' log",
    "unmatched": "send the customers: an event waits thirty days for its customer",
    "set_aside": "a plan fails on it: look for react in the workers' log",
    "store_stale": "look at what sends the store's books",
    "plan_idle": "explain the plan for a customer who should have had a task",
    "plan_flood": "preview the plan: its audience may be wrong, or its books came late",
}
KEEP_IDS: Final = "keep the ids and report them: this must not happen"


async def late(units: Units) -> AsyncIterator[Finding]:
    """Name what is late, merchant by merchant."""
    found = False
    try:
        async for finding in _late(units):
            found = True
            yield finding
    except DBAPIError as fault:
        yield warn("late", f"could not be looked at ({type(fault.orig).__name__})", "mend the findings above first")
        return
    if not found:
        yield ok("late", "nothing is")


async def _late(units: Units) -> AsyncIterator[Finding]:
    house = await look(units)
    for worker in house.dead_workers():
        yield warn("late", f"worker {worker} fell silent without leaving", "look why it ended")
    for loop in house.silent_loops() if house.pulses else ():  # that there is no worker at all is a finding of its own
        yield warn("late", f"no worker runs its {loop} loop", "restart the workers and look at their logs")
    for merchant_id in await merchants_with_late(units, MERCHANTS):
        async for finding in _of_merchant(units, merchant_id):
            yield finding


async def _of_merchant(units: Units, merchant_id: UUID) -> AsyncIterator[Finding]:
    try:
        async with units.glance(merchant_id) as unit:
            zone = await merchant_zone(unit)
            name = str(await unit.scalar("select name from merchant where merchant_id = :merchant"))
            found = await watch(unit)
    except (SealBroken, NotFound):  # said elsewhere, or gone while we looked
        return
    for kind, things in groupby(found, key=lambda one: one.kind):
        yield _finding(name, kind, list(things), zone)


def _finding(merchant: str, kind: str, things: Sequence[Late], zone: str) -> Finding:
    total = sum(one.count for one in things)
    shown = ", ".join(_words(one, zone) for one in things[:SHOWN])
    more = f" and {len(things) - SHOWN} more" if len(things) > SHOWN else ""
    seen = f"{merchant}: {total} {kind}: {shown}{more}"
    return warn("late", seen, ADVICE[kind]) if kind in ADVICE else fail("invariants", seen, KEEP_IDS)


def _words(one: Late, zone: str) -> str:
    known = one.detail in available_timezones()
    at = _wall(one.since, one.detail if known else zone)
    return " ".join(
        word for word in (one.name if one.name != one.kind else "", at, "" if known else one.detail) if word
    )


def _wall(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


async def invariants(units: Units) -> AsyncIterator[Finding]:
    """Look at every row of every merchant now, as the worker does at night; writes nothing."""
    async with units.nameless() as session:
        found = await session.execute(text("select merchant_id from all_merchants()"))
        merchants = [row.merchant_id for row in found]
    broken = 0
    for merchant_id in merchants:
        for finding in _broken(merchant_id, await check_invariants(units, merchant_id)):
            broken += 1
            yield finding
    if not broken:
        yield ok("invariants", f"hold for {len(merchants)} merchants")


def _broken(merchant_id: UUID, found: Sequence[Broken]) -> Iterator[Finding]:
    for one in found:
        ids = ", ".join(str(each) for each in one.ids[:SHOWN])
        yield fail("invariants", f"{one.name}: {one.found} of merchant {merchant_id}: {ids}", KEEP_IDS)
