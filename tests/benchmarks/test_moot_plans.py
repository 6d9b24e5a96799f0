"""What events end is never looked for in a product of tables, even while the planner knows nothing of most of them.

A salon's first minutes: the books are in, the table of events has outgrown what was known of it and was looked at, the others never were.
Each is one merchant's, who is taken for one in two hundred by a planner without statistics: joined in another order than by their keys, thirty
tasks took thirteen seconds.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import text

from backend import embedded
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.statistics import follow_growth
from backend.db.units import Units
from tasks.events.happened import Happened
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import LineIn, SaleIn
from tasks.ledger.sales import record_sales
from tasks.moot.repository import read_stale, read_touched
from tasks.people.inputs import CustomerIn
from tests.support.clock import TestClock, shanghai
from tests.support.explaining import Explaining
from tests.support.rows import Ask, Made, make_plan, make_task, rows_of
from tests.support.world import World, make_world

CUSTOMERS: Final = 400
COMINGS: Final = 4
TASKS: Final = 30
AGAIN: Final = 5
LAST: Final = shanghai("2026-02-23 15:00")
EACH: Final = 250
"""Rows one customer may cost over all steps of all plans: she has five comings of two events each, and one passage."""
TABLE: Final = CUSTOMERS * COMINGS
"""Rows of a table of the books. While nothing is known of it, any index of the merchant's looks as good as the customer's: it may be read once a customer, and
never for each row of another."""


@dataclass
class Young:
    """Four hundred customers' books, thirty tasks about their last visits, and five who have come again since."""

    world: World
    tasks: list[Made]
    again: list[Happened]

    @asynccontextmanager
    async def explained(self) -> AsyncIterator[tuple[Unit, Explaining]]:
        async with self.world.units.open(self.world.merchant_id) as unit:
            unit.connection = explaining = Explaining(unit)
            yield unit, explaining

    async def stored(self) -> int:
        """Rows read to find the five."""
        async with self.explained() as (unit, explaining):
            found = await read_stale(unit, [made.task_id for made in self.tasks])
        assert {one.task_id for one in found} == {made.task_id for made in self.tasks[:AGAIN]}
        return explaining.walked

    async def know(self, *tables: str) -> None:
        async with self.world.units.nameless() as session:
            await session.execute(text("select refresh_stats(:tables)"), {"tables": list(tables)})


@pytest.fixture
async def young(stack: embedded.Handle, servers: embedded.Servers, master: MasterKey) -> AsyncIterator[Young]:
    database = stack.create_database("young")
    await migrate(database.migration_url)
    engine = open_engine(database.database_url)
    units = Units(engine, master)
    await TestClock(units).set(shanghai("2026-03-02 12:00"))
    try:
        yield await _salon(await make_world(units, master))
    finally:
        await engine.dispose()
        stack.drop_database("young")


def came(customer: int, at: datetime) -> SaleIn:
    line = LineIn(product="CUT", cash_cents=100)
    return SaleIn(external_id=f"{customer}@{at}", store="S1", at=at, customer=f"C{customer}", lines=(line,))


async def _salon(world: World) -> Young:
    people = [CustomerIn(external_id=f"C{n}", name=f"顾客{n}", home_store="S1") for n in range(CUSTOMERS)]
    ids = [verdict.id for verdict in await world.books("customers", *people)]
    world.customers |= {person.external_id: one for person, one in zip(people, ids, strict=True) if one}
    comings = [LAST - timedelta(days=30 * nth) for nth in range(COMINGS)]
    await world.books("sales", *(came(n, at) for at in comings for n in range(CUSTOMERS)), historic=True)
    plan = await make_plan(world)
    last = await rows_of(world, _CAUSES, at=LAST)
    causes = {row["customer_id"]: row["id"] for row in last}
    tasks = []
    for n in range(TASKS):
        cause = causes[world.customers[f"C{n}"]]
        assert isinstance(cause, UUID)
        tasks.append(await make_task(world, Ask(f"C{n}", event_id=cause), plan))
    sales = [came(n, shanghai("2026-03-02 11:30")) for n in range(AGAIN)]
    recorded = await world.do(lambda unit: record_sales(unit, sales))
    return Young(world, tasks, list(recorded.happened))


_CAUSES: Final = "select id, customer_id from event where merchant_id = :merchant and type = 'service_completed' and occurred_at = :at"
KNOWN: Final = ((), ("event",), ("event", "sale"), ("event", "task", "enrolment"), ("enrolment",))


@pytest.mark.parametrize("known", KNOWN)
async def test_what_is_stored_while_little_is_known(young: Young, known: tuple[str, ...]) -> None:
    await young.know(*known)
    assert await young.stored() < TASKS * (2 * TABLE + EACH), "either question reads a table once a customer"


async def test_what_is_stored_once_a_worker_has_looked(young: Young) -> None:
    await follow_growth(young.world.units)
    assert await young.stored() < TASKS * EACH


@pytest.mark.parametrize("known", KNOWN)
async def test_what_has_just_come(young: Young, known: tuple[str, ...]) -> None:
    await young.know(*known)
    async with young.explained() as (unit, explaining):
        found = await read_touched(unit, young.again)
    assert {one.task_id for one in found} == {made.task_id for made in young.tasks[:AGAIN]}
    assert explaining.walked < len(young.again) * EACH, explaining.plans


async def test_books_of_before_are_looked_at_once(young: Young) -> None:
    """Nobody's passage is touched by what was before it began: a file of years costs a look at who is in one."""
    earlier = [came(n, LAST - timedelta(days=1, hours=nth)) for nth in range(COMINGS) for n in range(CUSTOMERS)]
    recorded = await young.world.do(lambda unit: record_sales(unit, earlier, historic=True))
    async with young.explained() as (unit, explaining):
        assert await read_touched(unit, list(recorded.happened)) == []
    assert len(explaining.plans) == 1
    assert explaining.walked < CUSTOMERS + TASKS * EACH, explaining.plans
