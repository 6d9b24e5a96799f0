"""The traps architecture.md measured, each as a test that falls into it and one that does not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from asyncpg import PostgresError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import embedded
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.world import make_world


async def test_a_setting_left_empty_by_an_earlier_transaction_hides_everything(units: Units, master: MasterKey) -> None:
    """After `set_config(..., true)` a used connection has the setting as an empty string; a bare cast to uuid would fail there."""
    world = await make_world(units, master)
    async with units.engine.connect() as connection:
        await connection.execute(text("select set_config('app.merchant_id', :m, true)"), {"m": str(world.merchant_id)})
        await connection.commit()
        left = (await connection.execute(text("select current_setting('app.merchant_id', true)"))).scalar()
        assert left == ""
        assert (await connection.execute(text("select count(*) from customer"))).scalar() == 0
        with pytest.raises(DBAPIError, match="invalid input syntax"):
            await connection.execute(text("select current_setting('app.merchant_id', true)::uuid"))


async def test_a_reference_cannot_cross_merchants(units: Units, master: MasterKey) -> None:
    one, other = await make_world(units, master), await make_world(units, master)
    async with units.open(one.merchant_id) as unit:
        found = await unit.run(
            "update membership set store_id = :store where merchant_id = :merchant", store=one.stores["S1"]
        )
        assert found.rowcount > 0
    with pytest.raises(PostgresError, match="fk_membership_store_id"):
        async with units.open(one.merchant_id) as unit:
            await unit.run(
                "update membership set store_id = :store where merchant_id = :merchant", store=other.stores["S1"]
            )


async def test_rows_of_another_merchant_can_be_neither_read_written_nor_made(units: Units, master: MasterKey) -> None:
    one, other = await make_world(units, master), await make_world(units, master)
    async with units.open(one.merchant_id) as unit:
        assert await unit.scalar("select count(*) from store where merchant_id = :other", other=other.merchant_id) == 0
        assert (
            await unit.run("update store set name = 'x' where merchant_id = :other", other=other.merchant_id)
        ).rowcount == 0
        assert (
            await unit.run("delete from store_hours where merchant_id = :other", other=other.merchant_id)
        ).rowcount == 0
    with pytest.raises(PostgresError, match="row-level security"):
        async with units.open(one.merchant_id) as unit:
            await unit.run(
                "insert into store (merchant_id, id, code, name, timezone) values (:other, :id, 'X', 'X', 'Asia/Shanghai')",
                other=other.merchant_id, id=new_id(),
            )  # fmt: skip


PARENTS = """
insert into customer (merchant_id, id, external_index, sealed, home_store_id, created_at)
select :merchant, new_uuid7(), gen_random_uuid(), 'x'::bytea, :store, :now from generate_series(1, 20000)
"""
CHILDREN = "insert into customer_contact_state (merchant_id, customer_id) select merchant_id, id from customer where merchant_id = :merchant"


async def plan_of_check(connection: Any, merchant: Any) -> str:
    """The plan of the foreign-key check as a generic one, which is what the trigger keeps."""
    await connection.execute(text("set local plan_cache_mode = force_generic_plan"))
    await connection.exec_driver_sql(
        "prepare ri (uuid, uuid) as select 1 from only customer x where merchant_id = $1 and id = $2 for key share of x"
    )
    rows = (await connection.exec_driver_sql(f"explain execute ri ('{merchant}', '{new_id()}')")).scalars().all()
    await connection.exec_driver_sql("deallocate ri")
    await connection.rollback()
    return "\n".join(rows)


@dataclass
class Fresh:
    """A database of its own: statistics of other tests' merchants would hide the trap. `above` sees it as foreign-key checks do, without policies."""

    units: Units
    owner: AsyncConnection
    above: AsyncConnection


@pytest.fixture
async def fresh(
    stack: embedded.Handle, servers: embedded.Servers, master: MasterKey
) -> AsyncIterator[Fresh]:  # roles exist
    made = stack.create_database("traps")
    await migrate(made.migration_url)
    owner, app = open_engine(made.migration_url, as_app=False), open_engine(made.database_url)
    above = open_engine(made.migration_url.replace("huifang_owner@", "postgres@"), as_app=False)
    async with owner.connect() as connection, above.connect() as unbound:
        yield Fresh(Units(app, master), connection, unbound)
    for engine in (owner, app, above):
        await engine.dispose()
    stack.drop_database("traps")


async def test_statistics_taken_during_a_chunk_leave_the_foreign_key_check_on_the_primary_key(
    fresh: Fresh, master: MasterKey
) -> None:
    """An uncommitted chunk of parents, ANALYZE from a second connection, children: the check must use the primary key."""
    world = await make_world(fresh.units, master)
    async with fresh.units.glance(world.merchant_id) as unit:
        await unit.run(PARENTS, store=world.stores["S1"])
        await fresh.owner.execute(text("analyze customer"))
        await fresh.owner.commit()
        made = await unit.run(CHILDREN)
        assert made.rowcount == 20_000
        plan = await plan_of_check(fresh.above, world.merchant_id)
        assert "pk_customer" in plan, plan


async def test_the_trap_itself(fresh: Fresh, master: MasterKey) -> None:
    """With a secondary index that begins with the merchant, the same ANALYZE makes the check pick it: why none of ours does."""
    world = await make_world(fresh.units, master)
    await fresh.owner.execute(text("create index trap on customer (merchant_id, home_store_id)"))
    await fresh.owner.commit()
    try:
        async with fresh.units.glance(world.merchant_id) as unit:
            await unit.run(PARENTS, store=world.stores["S1"])
            await fresh.owner.execute(text("analyze customer"))
            await fresh.owner.commit()
            plan = await plan_of_check(fresh.above, world.merchant_id)
            assert "trap" in plan, plan
    finally:
        await fresh.owner.execute(text("drop index trap"))
        await fresh.owner.commit()
