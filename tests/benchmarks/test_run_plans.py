"""What the engine asks of large tables goes by an index: a firing that means few, passages that are due, and who has something due at all.

A hundred thousand customers here (`make test`), a million in `make test-faults`; the plans are looked at, not the time.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from backend import embedded
from backend.bench.crowds import Crowd
from backend.bench.measures.plan_run import FIRES_AT, found_due, turn_clock
from backend.bench.stage import Database
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from tasks.flow.fire_passages import fire_batch
from tasks.flow.run_occurrence import run_chunk
from tasks.flow.settle_promises import follow_books
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.moot.service import close_stale
from tasks.plans.occurrences import claim
from tasks.promises.service import Promised, promise, settle_due

ONE_IN = 10_000
LARGE = {
    "customer", "customer_facts", "customer_contact_state", "customer_staff", "contact_point", "contact", "visit", "card", "card_facts",
    "card_entry", "card_holder", "enrolment",
}  # fmt: skip
"""Tables with a row for every customer, or for many."""
ASKS = ("select", "insert", "update", "with", "delete")

_WAITING = """
insert into enrolment (merchant_id, id, plan_id, version_id, scope_id, entry_key, customer_id, fire_at, fires_on, created_at)
select :merchant, new_uuid7(), p.id, p.version_id, c.id, 'later:0', c.id,
    cast(:now as timestamptz) + interval '1 hour' * case when row_number() over (order by c.id) % 10000 = 5000 then -1 else 100 end,
    cast(:now as timestamptz)::date, :now
from customer c cross join lateral (select id, version_id from plan where merchant_id = :merchant limit 1) p where c.merchant_id = :merchant
"""
_DUE = """
explain (format json) select e.merchant_id from enrolment e where e.state = 'waiting' and e.fire_at <= cast(:now as timestamptz)
"""


@pytest.fixture(
    scope="module",
    params=[pytest.param(100_000, id="100k"), pytest.param(1_000_000, id="1m", marks=pytest.mark.faults)],
)
async def crowd(
    stack: embedded.Handle, master: MasterKey, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Database, UUID]]:
    """A chain whose plan means one customer in ten thousand, its firing due, and a passage waiting for every customer."""
    name = f"run_plans_{request.param}"
    servers = stack.create_database(name)
    await migrate(servers.migration_url)
    engine = open_engine(servers.database_url)
    database = Database(servers, engine, Units(engine, master), master)
    merchant_id = await found_due(database, Crowd(request.param, ONE_IN))
    await turn_clock(database, FIRES_AT + timedelta(seconds=5))
    async with database.units.open(merchant_id) as unit:
        await unit.run(_WAITING)
    await database.refresh_stats()
    yield database, merchant_id
    await engine.dispose()
    stack.drop_database(name)


def walked(plan: dict[str, Any]) -> set[str]:
    """Every table that a plan reads from end to end, also by an index that is asked for nothing but the merchant."""
    own = {plan["Relation Name"]} if "Seq Scan" in plan["Node Type"] else set()
    only = (
        plan.get("Index Cond", "").removeprefix("(").startswith("merchant_id = ") and " AND " not in plan["Index Cond"]
    )
    if "Index" in plan["Node Type"] and only:
        own = {plan["Index Name"].removeprefix("pk_")}
    return own.union(*(walked(below) for below in plan.get("Plans", ())))


@contextmanager
def explained(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, set[str]]]:
    """Every statement of a unit is explained before it runs; gives those that walk through large tables, with the tables."""
    found: dict[str, set[str]] = {}
    plain = Unit.run

    async def run(self: Unit, statement: str, **values: Any) -> Any:
        if statement.lstrip().lower().startswith(ASKS):
            told: Any = (await plain(self, f"explain (format json) {statement}", **values)).scalar()
            plan = (msgspec.json.decode(told) if isinstance(told, str) else told)[0]["Plan"]
            if tables := walked(plan) & LARGE:
                found[" ".join(statement.split())[:200]] = tables
        return await plain(self, statement, **values)

    with monkeypatch.context() as patched:
        patched.setattr(Unit, "run", run)
        yield found


async def test_a_firing_that_means_few_walks_through_nothing(
    crowd: tuple[Database, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, merchant_id = crowd
    async with database.units.open(merchant_id) as unit:
        held = await claim(unit)
    assert held is not None
    with explained(monkeypatch) as found:
        async with database.units.glance(merchant_id) as unit:
            assert await run_chunk(unit, held, 10_000)
            made = await unit.scalar("select count(*) from decision where merchant_id = :merchant")
    assert made >= 10
    assert found == {}


async def test_passages_that_are_due_are_found_among_those_that_wait(
    crowd: tuple[Database, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, merchant_id = crowd
    with explained(monkeypatch) as found:
        async with database.units.glance(merchant_id) as unit:
            assert await fire_batch(unit, 1_000) >= 10
    assert found == {}


async def test_who_has_something_due_is_asked_of_indexes(crowd: tuple[Database, UUID]) -> None:
    database, _ = crowd
    async with database.as_owner() as connection:
        body = await connection.fetchval("select prosrc from pg_proc where proname = 'merchants_due'")
    assert "e.state = 'waiting' and e.fire_at <= business" in body
    async with database.units.nameless() as session:
        now = await database.units.now()
        told: Any = (await session.execute(text(_DUE), {"now": now})).scalar()
    plan = (msgspec.json.decode(told) if isinstance(told, str) else told)[0]["Plan"]
    assert walked(plan) & LARGE == set()


async def test_looking_again_at_tasks_and_promises_goes_by_their_customers(
    crowd: tuple[Database, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, merchant_id = crowd
    async with database.units.glance(merchant_id) as unit:
        assert await fire_batch(unit, 1_000) >= 10
        tasks = await unit.rows("select id, customer_id, store_id, assignee_id from task where merchant_id = :merchant")
        for task in tasks[:10]:
            said = Promised(
                customer_id=task["customer_id"], store_id=task["store_id"], staff_id=task["assignee_id"], promised_on=unit.now.date(), made_at=unit.now,
            )  # fmt: skip
            await promise(unit, said)
        await unit.run("update promise set settle_at = :now where merchant_id = :merchant")
        with explained(monkeypatch) as found:
            assert await close_stale(unit, [task["id"] for task in tasks]) == []
            await follow_books(unit, [task["customer_id"] for task in tasks])
            assert await settle_due(unit, 1_000) == min(10, len(tasks))
    assert found == {}
