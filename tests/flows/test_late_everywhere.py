"""What is late in the whole house: counted for monitoring, named for the doctor, and asked without walking through anybody's rows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any, cast

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from backend import embedded
from backend.app import create_app
from backend.cli.doctor.finding import Level
from backend.cli.doctor.lateness import invariants, late
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from backend.jobs.worker import Chores, work
from backend.observability.heart import Heart
from backend.observability.late import KINDS, LOOPS, look
from backend.push.sender import Sender
from tasks.flow.run_plans import SweepReport, plan_ahead, sweep_merchant
from tasks.flow.tend_merchant import tend_merchant
from tasks.flow.watch_books import _SILENT, watch_books
from tasks.flow.watchdogs import _NAMED, everywhere, question
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tests.support.api import quick_services
from tests.support.clock import TestClock, shanghai
from tests.support.fleet import for_everybody, make_customers, turn_on
from tests.support.plans import rows
from tests.support.waiting import until
from tests.support.world import World, make_world

ABSENT = {"loop": len(LOOPS)}
"""Nobody runs the loops of a house without workers."""


@pytest.fixture
async def house(stack: embedded.Handle, master: MasterKey) -> AsyncIterator[tuple[embedded.Servers, Units]]:
    """A database in which there are no other test's merchants."""
    servers = stack.create_database("late_house")
    await migrate(servers.migration_url)
    engine = open_engine(servers.database_url)
    yield servers, Units(engine, master)
    await engine.dispose()
    stack.drop_database("late_house")


@pytest.fixture
async def units(house: tuple[embedded.Servers, Units]) -> Units:
    return house[1]


@pytest.fixture
async def late_house(units: Units, master: MasterKey) -> World:
    """Two merchants, each with a firing that is late by an hour; one of them has a broken revision too."""
    clock = TestClock(units)
    await clock.set(shanghai("2026-03-02 08:00"))
    worlds = []
    for _ in range(2):
        world = await make_world(units, master)
        await world.do(partial(make_customers, stores=list(world.stores.values()), many=3))
        await turn_on(world, [for_everybody("会员日")])
        await plan_ahead(units, world.merchant_id, SweepReport())
        worlds.append(world)
    await rows(
        worlds[0],
        "insert into task_change (merchant_id, store_id, rev, task_id) values (:merchant, :store, 7, new_uuid7()) returning rev",
        store=worlds[0].stores["S1"],
    )
    await clock.set(shanghai("2026-03-02 11:00"))
    await tend_merchant(units, worlds[0].merchant_id)
    return worlds[0]


async def beat(units: Units) -> Heart:
    heart = Heart(units)
    for loop in LOOPS:
        await heart.beat(loop)
    return heart


async def age(units: Units, heart: Heart, seconds: int) -> None:
    async with units.nameless() as session:
        await session.execute(
            text("update heartbeat set seen_at = seen_at - make_interval(secs => :s) where worker = :worker"),
            {"s": seconds, "worker": heart.worker},
        )


async def test_an_empty_house_with_a_worker_is_well(units: Units) -> None:
    assert (await look(units)).late == ABSENT
    assert [finding.seen async for finding in late(units)] == ["nothing is"], (
        "that no worker is there is said elsewhere"
    )
    await beat(units)
    assert (await look(units)).late == {}
    assert [finding.seen async for finding in late(units)] == ["nothing is"]


async def test_late_things_of_everybody_are_counted_by_kind(units: Units, late_house: World) -> None:
    await beat(units)
    assert (await look(units)).late == {"occurrence": 2, "change_beyond_revision": 1}


async def test_the_doctor_names_plans_with_their_times_and_rows_by_id(units: Units, late_house: World) -> None:
    await beat(units)
    told = [(one.level, one.seen) async for one in late(units)]
    assert sorted(told) == [
        (Level.FAIL, f"测试沙龙: 1 change_beyond_revision: 2026-03-02 11:00 {late_house.stores['S1']}"),
        (Level.WARN, "测试沙龙: 1 occurrence: 会员日 2026-03-02 10:00"),
        (Level.WARN, "测试沙龙: 1 occurrence: 会员日 2026-03-02 10:00"),
    ]
    found = [(one.level, one.seen) async for one in invariants(units)]
    broken = f"change_beyond_revision: 1 of merchant {late_house.merchant_id}: {late_house.stores['S1']}"
    assert found == [(Level.FAIL, broken)]
    await rows(late_house, "delete from task_change where merchant_id = :merchant returning rev")
    assert [one.seen async for one in invariants(units)] == ["hold for 2 merchants"]


async def test_a_worker_that_falls_silent_is_missed_and_one_that_leaves_is_not(units: Units) -> None:
    first, second = await beat(units), await beat(units)
    await age(units, first, 61)
    house = await look(units)
    assert (house.late, house.dead_workers()) == ({"worker": 1}, [first.worker])
    assert f"worker {first.worker} fell silent without leaving" in [one.seen async for one in late(units)]
    await age(units, first, 15 * 60)
    assert (await look(units)).late == {}, "after a quarter of an hour it is no news"
    await second.leave()
    assert (await look(units)).late == ABSENT


async def test_a_worker_that_leaves_while_the_database_is_away_tells_nobody(master: MasterKey) -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/none")
    await Heart(Units(engine, master)).leave()
    assert engine.pool.status()
    await engine.dispose()


async def test_a_heart_beats_no_more_than_it_must(units: Units) -> None:
    heart = await beat(units)
    await age(units, heart, 30)
    await heart.beat("sweep")
    assert (await look(units)).heard("sweep") == pytest.approx(30, abs=5)
    heart._beaten["sweep"] -= 15
    await heart.beat("sweep")
    assert (await look(units)).heard("sweep") == pytest.approx(0, abs=5)


async def test_a_worker_beats_with_every_loop_looks_after_the_house_and_leaves(
    house: tuple[embedded.Servers, Units], late_house: World
) -> None:
    servers, units = house
    stop = asyncio.Event()
    sweep, tend, watch = (partial(chore, units) for chore in (sweep_merchant, tend_merchant, watch_books))
    chores = Chores(sweep, tend, watch, Sender(units, {}).push)
    working = asyncio.create_task(work(units, chores, servers.redis_url, stop))

    async def well() -> bool:
        seen = await look(units)
        return seen.silent_loops() == [] and seen.late.keys() == {"change_beyond_revision"}

    async def looked_after() -> bool:
        return bool(
            await rows(late_house, "select name from self_check where merchant_id = :merchant and name = 'store_stale'")
        )

    await until(well)
    await until(looked_after)
    stop.set()
    await asyncio.wait_for(working, 10)
    assert (await look(units)).pulses == []


async def ask(units: Units, path: str, *, host: str = "127.0.0.1", headers: dict[str, str] | None = None) -> Any:
    app = cast("Any", create_app(quick_services(units, units.master)))
    transport = ASGITransport(app, client=(host, 4711))
    async with AsyncClient(transport=transport, base_url="http://huifang.test") as client:
        return await client.get(path, headers=headers)


async def test_health_and_metrics_count_without_naming_anybody(units: Units, late_house: World) -> None:
    await beat(units)
    health = (await ask(units, "/health/late")).json()
    assert (health["status"], health["late"]) == ("late", {"occurrence": 2, "change_beyond_revision": 1})
    assert [one["loop"] for one in health["loops"]] == list(LOOPS)
    answer = await ask(units, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    samples = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert samples['huifang_late{kind="occurrence"}'] == "2"
    assert samples['huifang_late{kind="missed"}'] == "0"
    assert {name for name in samples if name.startswith("huifang_late")} == {
        f'huifang_late{{kind="{one}"}}' for one in KINDS
    }
    assert samples["huifang_workers"] == "1"
    assert float(samples['huifang_loop_seconds{loop="sweep"}']) < 60
    for said in (answer.text, msgspec.json.encode(health).decode()):
        assert "会员日" not in said
        assert str(late_house.merchant_id) not in said


@pytest.mark.parametrize("path", ["/health/late", "/metrics"])
async def test_nobody_from_elsewhere_is_told(units: Units, path: str) -> None:
    assert (await ask(units, path)).status_code == 200
    assert (await ask(units, path, host="::1")).status_code == 200
    for host, headers in (("10.0.0.7", {}), ("testclient", {}), ("127.0.0.1", {"x-forwarded-for": "10.0.0.7"})):
        answer = await ask(units, path, host=host, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


BIG = {"occurrence", "enrolment", "event", "decision", "task", "visit", "sale", "customer"}
MANY = 20_000
DAYS_AGO, MINUTES_AGO = (f"cast(:now as timestamptz) - make_interval({unit} => n)" for unit in ("days", "mins"))
CROWD = (
    """insert into customer (merchant_id, id, sealed, created_at) select :merchant, new_uuid7(), '\\x00', :now from generate_series(1, 100)""",
    f"""insert into occurrence (merchant_id, id, plan_id, version_id, timezone, fires_on, fire_at, state, finished_at)
    select :merchant, new_uuid7(), p.id, p.version_id, 'UTC', date '1950-01-01' + n, {DAYS_AGO}, 'done', {DAYS_AGO}
    from generate_series(1, {MANY}) n cross join plan p where p.merchant_id = :merchant""",
    f"""insert into event (merchant_id, id, source, external_id, type, occurred_at, received_at)
    select :merchant, new_uuid7(), 'pos', 'N' || n, 'viewed', {MINUTES_AGO}, {MINUTES_AGO}
    from generate_series(1, {MANY}) n""",
    f"""insert into enrolment (merchant_id, id, plan_id, version_id, scope_id, entry_key, customer_id, state, fire_at, fires_on, created_at)
    select :merchant, new_uuid7(), p.id, p.version_id, new_uuid7(), 'n' || n,
        (select min(id::text)::uuid from customer c where c.merchant_id = :merchant), 'completed',
        {MINUTES_AGO}, '2026-01-01', :now from generate_series(1, {MANY}) n cross join plan p where p.merchant_id = :merchant""",
    f"""insert into visit (merchant_id, id, customer_id, store_id, visited_on, visited_at, recorded_at)
    select :merchant, new_uuid7(), c.id, s.id, date '2025-06-01' - n, :now, :now from generate_series(1, {MANY} / 100) n
    cross join customer c cross join store s where c.merchant_id = :merchant and s.merchant_id = :merchant""",
    f"""insert into sale (merchant_id, id, external_id, store_id, sold_at, sold_on, cash_cents, card_cents, recorded_at)
    select :merchant, new_uuid7(), 'R' || n, s.id, :now, date '2025-06-01' - n / 100, 1, 0, :now from generate_series(1, {MANY}) n
    cross join store s where s.merchant_id = :merchant""",
)


def walked(plan: dict[str, Any]) -> set[str]:
    """Every table that a plan reads from end to end."""
    own = {plan["Relation Name"]} if "Seq Scan" in plan["Node Type"] else set()
    return own.union(*(walked(below) for below in plan.get("Plans", ())))


async def plan_of(unit: Unit, sql: str, **values: Any) -> dict[str, Any]:
    found = await unit.scalar(f"explain (format json) {sql}", **values)
    plan: dict[str, Any] = (msgspec.json.decode(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


async def test_no_watchdog_walks_through_a_big_table(units: Units, master: MasterKey) -> None:
    """Years of firings, passages, events and books that are all in order: each question goes by an index of what is open."""
    world = await make_world(units, master)
    await turn_on(world, [for_everybody("会员日")])
    async with world.units.open(world.merchant_id) as unit:
        for statement in CROWD:
            await unit.run(statement)
        await unit.run("select refresh_stats(array['customer', 'occurrence', 'event', 'enrolment', 'visit', 'sale'])")
    asked = {kind: question(kind, shown, words) for kind, (shown, words) in _NAMED.items()}
    async with world.units.glance(world.merchant_id) as unit:
        stores = list(world.stores.values())
        silent = {
            "before": 14,
            "stores": stores,
            "since": [unit.now - timedelta(hours=36)],
            "since_on": [unit.now.date()],
        }
        plans = {kind: await plan_of(unit, sql, most=20) for kind, sql in asked.items()}
        plans["stores"] = await plan_of(unit, _SILENT, **silent)
        plans["everywhere"] = await plan_of(unit, everywhere("cast(:now as timestamptz)"))
        control = await plan_of(unit, "select count(*) from event where state = 'accepted' and merchant_id = :merchant")
    assert {kind: walked(plan) & BIG for kind, plan in plans.items() if walked(plan) & BIG} == {}
    assert walked(control) == {"event"}, "a question that walks is seen"
