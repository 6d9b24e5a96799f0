"""References that a statement proves (ADR 11): as strict as a foreign key, for everybody who writes."""

from uuid import UUID

import pytest
from asyncpg import PostgresError

from backend.db.references import NAMED, PROVED
from backend.db.units import Units
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tests.support.world import World, make_world

SALE = """insert into sale (merchant_id, id, external_id, store_id, customer_id, sold_at, sold_on, cash_cents, card_cents, recorded_at)
          select :merchant, new_uuid7(), 'R' || n, :store, :customer, :now, date '2026-01-30', 1, 0, :now from generate_series(1, :many) n"""
LINE = "insert into sale_line (merchant_id, sale_id, line_no, quantity, cash_cents, card_cents) values (:merchant, :sale, 1, 1, 1, 0)"
VISIT = """insert into visit (merchant_id, id, customer_id, store_id, visited_on, visited_at, said_by, said_product_id, recorded_at)
           values (:merchant, new_uuid7(), :customer, :store, date '2026-01-30', :now, :staff, :product, :now)"""


@pytest.fixture
async def one(units: Units, master: MasterKey) -> World:
    world = await make_world(units, master)
    await world.customer("C1")
    return world


async def sell(unit: Unit, named: dict[str, UUID], many: int = 1) -> None:
    await unit.run(SALE, many=many, **named)


@pytest.mark.parametrize("wrong", ["store", "customer"])
async def test_a_receipt_names_a_store_and_a_customer_of_its_merchant(
    units: Units, master: MasterKey, one: World, wrong: str
) -> None:
    other = await make_world(units, master)
    await other.customer("C1")
    named = {"store": one.stores["S1"], "customer": one.customers["C1"]}
    for stranger in (new_id(), other.stores["S1"] if wrong == "store" else other.customers["C1"]):
        with pytest.raises(PostgresError, match=f"fk_sale_{wrong}_id"):
            async with units.open(one.merchant_id) as unit:
                await sell(unit, {**named, wrong: stranger})
    async with units.open(one.merchant_id) as unit:
        await sell(unit, named)
        with pytest.raises(PostgresError, match=f"fk_sale_{wrong}_id"):
            async with unit.connection.savepoint():
                await unit.run(f"update sale set {wrong}_id = :id where merchant_id = :merchant", id=new_id())


async def test_a_line_names_a_receipt(units: Units, one: World) -> None:
    with pytest.raises(PostgresError, match="fk_sale_line_sale_id"):
        async with units.open(one.merchant_id) as unit:
            await unit.run(LINE, sale=new_id())


@pytest.mark.parametrize("wrong", ["customer", "store", "staff", "product"])
async def test_a_visit_names_what_is_there(units: Units, one: World, wrong: str) -> None:
    named: dict[str, UUID | None] = {"customer": one.customers["C1"], "store": one.stores["S1"]}
    with pytest.raises(PostgresError, match="fk_visit_"):
        async with units.open(one.merchant_id) as unit:
            await unit.run(VISIT, **{"staff": None, "product": None, **named, wrong: new_id()})


async def test_what_is_named_is_kept_under_its_id(units: Units, one: World) -> None:
    async with units.open(one.merchant_id) as unit:
        await sell(unit, {"store": one.stores["S1"], "customer": one.customers["C1"]})
    for table in ("sale", "customer", "store", "staff"):
        for deed in (f"delete from {table}", f"update {table} set id = new_uuid7()"):
            with pytest.raises(PostgresError, match="are kept under their ids"):
                async with units.open(one.merchant_id) as unit:
                    await unit.run(f"{deed} where merchant_id = :merchant")


async def test_the_look_goes_through_the_primary_key_whatever_the_statistics_say(units: Units, one: World) -> None:
    """Plans that were made while the tables were empty are kept; 20,000 receipts and their lines must not be compared each with each."""
    named = {"store": one.stores["S1"], "customer": one.customers["C1"]}
    async with units.glance(one.merchant_id) as unit:
        await unit.run("set local statement_timeout = '20s'")
        await sell(unit, named, 20_000)
        made = await unit.run(
            """insert into sale_line (merchant_id, sale_id, line_no, quantity, cash_cents, card_cents)
               select merchant_id, id, 1, 1, 1, 0 from sale where merchant_id = :merchant"""
        )
        assert made.rowcount == 20_000


async def test_every_proved_column_has_its_triggers(units: Units) -> None:
    async with units.nameless() as session:
        found = (await session.connection()).exec_driver_sql(
            "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal and tgenabled = 'O'"
        )
        triggers = {tuple(row) for row in (await found).all()}
    wanted = {(table, f"prove_{deed}") for table in PROVED for deed in ("insert", "update")}
    assert wanted | {(table, "keep_named") for table in NAMED} <= triggers
