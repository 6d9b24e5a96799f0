"""A till's question is led by indexes to its rows: it walks through no table of many rows, however many customers, benefits and merchants there are."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from backend import embedded
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from tasks.benefits.offers import _SQL, Asked, binds
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tests.support.world import World, make_world

BENEFITS: Final = 50
NEIGHBOURS: Final = 20
SMALL: Final = {"store", "merchant", "product", "category"}
"""Tables with a handful of rows, which are quicker read than looked up in."""
_CUSTOMERS: Final = """
insert into customer (merchant_id, id, external_index, sealed, level, home_store_id, created_at)
select :merchant, new_uuid7(), gen_random_uuid(), '\\x00', (array['gold', 'silver', null])[1 + n % 3], :store, :now from generate_series(1, :many) n
"""
_BENEFITS: Final = """
insert into benefit (merchant_id, id, name, state, days, from_time, gain, value, stacking, budget_amount, budget_unit, budget_period, created_at, changed_at)
select :merchant, new_uuid7(), 'B' || n, 'active', '{"kind": "daily"}', time '00:00', 'points', 200, 'stack', 1000, 'uses', 'day', :now, :now
from generate_series(1, :benefits) n
"""
_ROWS: Final = (
    """insert into benefit_day (merchant_id, timezone, from_at, benefit_id, day_on, to_at)
       select :merchant, 'Asia/Shanghai', t, b.id, t::date, t + interval '1 day' from benefit b,
         generate_series(date_trunc('day', cast(:now as timestamptz)) - interval '100 days', cast(:now as timestamptz) + interval '400 days', '1 day') t
       where b.merchant_id = :merchant""",
    "insert into benefit_level (merchant_id, benefit_id, level) select :merchant, id, 'gold' from benefit where merchant_id = :merchant",
    "insert into benefit_store (merchant_id, benefit_id, store_id) select :merchant, id, :store from benefit where merchant_id = :merchant",
    """insert into benefit_item (merchant_id, benefit_id, nth, product_id)
       select :merchant, b.id, n, p.id from benefit b, product p, generate_series(1, 20) n where b.merchant_id = :merchant and p.code = 'CUT'""",
    """insert into benefit_spent (merchant_id, benefit_id, period, begins_on, cents, times)
       select :merchant, b.id, 'day', (cast(:now as timestamptz))::date - n, 5, 5 from benefit b, generate_series(-5, 400) n where b.merchant_id = :merchant""",
    """insert into benefit_redemption (merchant_id, id, external_id, benefit_id, store_id, customer_id, redeemed_at, day_on, amount_cents, saved_cents,
         counted_cents, recorded_at)
       select :merchant, c.id, c.id::text, b.id, :store, c.id, :now, (cast(:now as timestamptz))::date, 5, 0, 5, :now
       from (select id, row_number() over () as n from customer where merchant_id = :merchant limit 50000) c
       join (select id, row_number() over () as n from benefit where merchant_id = :merchant) b on b.n = 1 + c.n % :benefits where :mine""",
)  # fmt: skip


@dataclass
class Chain:
    """A chain of many customers among others, and one customer of it."""

    world: World
    customer: UUID

    @property
    def units(self) -> Units:
        return self.world.units


async def fill(world: World, customers: int, *, mine: bool) -> None:
    async with world.units.open(world.merchant_id) as unit:
        values: dict[str, Any] = {"store": world.stores["S1"], "benefits": BENEFITS, "many": customers, "mine": mine}
        await unit.run(
            "insert into customer_level (merchant_id, code, name) values (:merchant, 'gold', '金卡'), (:merchant, 'silver', '银卡')"
        )
        for statement in (_CUSTOMERS, _BENEFITS, *_ROWS):
            await unit.run(statement, **values)


async def chain_of(stack: embedded.Handle, master: MasterKey, customers: int) -> AsyncIterator[Chain]:
    name = f"tills{customers}"
    servers = stack.create_database(name)
    await migrate(servers.migration_url)
    engine = open_engine(servers.database_url)
    units = Units(engine, master)
    for _ in range(NEIGHBOURS):
        await fill(await make_world(units, master, employees=0), 100, mine=False)
    world = await make_world(units, master, employees=0)
    await fill(world, customers, mine=True)
    owner = open_engine(servers.migration_url, as_app=False)
    async with owner.connect() as connection:
        await connection.exec_driver_sql("analyze")
        await connection.commit()
    await owner.dispose()
    yield Chain(world, await world.customer("C1", level="gold"))
    await engine.dispose()
    stack.drop_database(name)


@pytest.fixture(scope="module")
async def chain(stack: embedded.Handle, servers: embedded.Servers, master: MasterKey) -> AsyncIterator[Chain]:
    async for made in chain_of(stack, master, 100_000):
        yield made


@pytest.fixture(scope="module")
async def large_chain(stack: embedded.Handle, servers: embedded.Servers, master: MasterKey) -> AsyncIterator[Chain]:
    async for made in chain_of(stack, master, 1_000_000):
        yield made


QUESTIONS: Final = {
    "by her id at the till": Asked(customer="C1", store="S1"),
    "for a product": Asked(customer="C1", store="S1", product="CUT"),
    "at her home store": Asked(customer="C1"),
    "for nobody in particular": Asked(store="S1"),
    "by an employee": Asked(customer="C1", store="S1", stores=(new_id(),)),
    "for one benefit, as a redemption asks": Asked(customer="C1", store="S1", benefit_id=new_id()),
}


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for below in plan.get("Plans", ()) for node in nodes(below))]


def walked(plan: dict[str, Any]) -> set[str]:
    """Tables that are read from end to end."""
    return {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}


def used(plan: dict[str, Any]) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


async def plan_of(unit: Unit, asked: Asked, how: str = "format json") -> dict[str, Any]:
    found = await unit.scalar(f"explain ({how}) {_SQL}", **binds(unit, asked))
    plan: dict[str, Any] = (msgspec.json.decode(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


async def check(chain: Chain, asked: Asked) -> None:
    """Once planned for these values, once for any (a prepared statement's): the days by their key, the customer by hers, and nothing walked."""
    wanted = {"pk_benefit_day", "pk_benefit", "pk_benefit_spent"}
    if asked.customer:
        wanted |= {"uq_customer_external_index", "ix_benefit_redemption_customer"}
    async with chain.units.glance(chain.world.merchant_id) as unit:
        for how in ("format json", "format json, generic_plan"):
            plan = await plan_of(unit, asked, how)
            told = msgspec.json.format(msgspec.json.encode(plan)).decode()
            assert walked(plan) <= SMALL, told
            assert wanted <= used(plan), told


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_hundred_thousand_customers(chain: Chain, name: str) -> None:
    await check(chain, QUESTIONS[name])


@pytest.mark.faults
@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_million_customers(large_chain: Chain, name: str) -> None:
    await check(large_chain, QUESTIONS[name])


async def test_it_reads_the_rows_of_the_day_and_no_others(chain: Chain) -> None:
    """Run for real: of 500 days of 50 benefits it fetches those of two, and one customer of a hundred thousand."""
    async with chain.units.glance(chain.world.merchant_id) as unit:
        plan = await plan_of(unit, Asked(customer="C1", store="S1"), "analyze, format json")
    for node in nodes(plan):
        if node.get("Relation Name") == "benefit_day":
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            assert rows <= 2 * BENEFITS
        if node.get("Relation Name") == "customer":
            assert node["Actual Rows"] <= 1
    assert plan["Actual Rows"] == BENEFITS


async def test_the_rule_sees_a_walk(chain: Chain) -> None:
    async with chain.units.glance(chain.world.merchant_id) as unit:
        await unit.run("set local enable_indexscan = off")
        await unit.run("set local enable_bitmapscan = off")
        await unit.run("set local enable_indexonlyscan = off")
        assert {"benefit_day", "customer"} <= walked(await plan_of(unit, Asked(customer="C1", store="S1")))
