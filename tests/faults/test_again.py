"""R8: a finished run that is done again writes nothing, and customers who cannot be judged stop nobody and are reported."""

from random import Random
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.db.engine import open_engine
from tasks.flow.run_plans import sweep_merchant
from tasks.kernel.sealing import MasterKey
from tests.faults.conftest import Elsewhere
from tests.support.fleet import Shape, let_fire, make_fleet
from tests.support.seeds import seeded

SHORT, FULL = Shape(merchants=1, plans=1, customers=300), Shape(merchants=1, plans=3, customers=10_000)
POISONED = 3
ONCE_MORE = """
update occurrence set state = 'running', cursor = null, audience = null, finished_at = null,
    lease_until = clock_timestamp() - interval '1 second' where state = 'done'
"""
POISON = """
create function poison() returns trigger language plpgsql as $$ begin
    if new.customer_id = any(cast(tg_argv[0] as uuid[])) then raise exception 'poison'; end if; return new; end $$
"""


async def test_a_run_with_poison_in_it_is_finished_and_reported_and_done_again_writes_nothing(
    elsewhere: Elsewhere, master: MasterKey
) -> None:
    name = "test_again.py::test_a_run_with_poison_in_it_is_finished_and_reported_and_done_again_writes_nothing"
    await poisoned_and_again(elsewhere, master, SHORT, seeded(name))


@pytest.mark.faults
async def test_large_runs_with_poison_in_them(elsewhere: Elsewhere, master: MasterKey) -> None:
    chance = seeded("test_again.py::test_large_runs_with_poison_in_them")
    await poisoned_and_again(elsewhere, master, FULL, chance)


async def poisoned_and_again(elsewhere: Elsewhere, master: MasterKey, shape: Shape, chance: Random) -> None:
    """Run with a few customers whose passage cannot be written; then run the same again."""
    sight = elsewhere.sight
    (world,) = await make_fleet(elsewhere.units, master, shape)
    everybody = [row["id"] for row in await sight.connection.fetch("select id from customer order by id")]
    poisoned = chance.sample(everybody, POISONED)
    await poison(elsewhere, poisoned)
    await let_fire(elsewhere.clock)
    await sweep_merchant(world.units, world.merchant_id)

    assert {one.state for one in await sight.firings()} == {"done"}
    assert await sight.faults() == {}
    assert await sight.count("decision") == shape.runs * shape.customers
    failed = await sight.connection.fetch("select customer_id, reason from decision where decided = 'failed'")
    assert sorted(row["customer_id"] for row in failed) == sorted(poisoned * shape.plans), "reported, in every run"
    assert all(row["reason"] for row in failed)
    assert await sight.count("task") == shape.customers - POISONED

    before = await sight.digest()
    await sight.connection.execute(ONCE_MORE)
    report = await sweep_merchant(world.units, world.merchant_id)
    assert report.runs == shape.runs
    after = await sight.digest()
    assert {table for table in before if before[table] != after[table]} == {"occurrence"}, "nothing but that it ran"


async def poison(elsewhere: Elsewhere, customers: list[UUID]) -> None:
    """No passage of these customers can be written any more."""
    engine = open_engine(elsewhere.servers.migration_url, as_app=False)
    listed = ",".join(str(one) for one in customers)
    async with engine.begin() as connection:
        await connection.execute(text(POISON))
        await connection.execute(
            text(
                f"create trigger poison before insert on enrolment for each row execute function poison('{{{listed}}}')"
            )
        )
    await engine.dispose()
