"""Tags under races: people, imports, events and rules that mean the same customers at once, and what is left in the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend import embedded
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.audience.tag_rules import claim_rule, settle_everybody
from tasks.flow.manage_tags import TagView, TagWish, create_tag, drop_tag
from tasks.flow.record_books import record_books
from tasks.flow.tag_customers import Whom, give_in_bulk, set_tag, take_in_bulk
from tasks.flow.tend_tags import tend_tags
from tasks.kernel.errors import FlowError, NotFound
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import VisitIn
from tasks.people.states import Pace, TagHand
from tasks.people.tagging import give_by_name
from tests.support.clock import TestClock
from tests.support.plans import rows
from tests.support.rows import doing
from tests.support.waiting import until
from tests.support.world import World, make_world

CROWD = 12
NEVER: dict[str, Any] = {"condition": "visit_count", "atMost": 0}
WAITING = text("select exists (select from pg_locks where not granted and locktype in ('transactionid', 'tuple'))")
Work = Callable[[Unit], Awaitable[object]]


@pytest.fixture
async def world(servers: embedded.Servers, master: MasterKey, clock: TestClock) -> AsyncIterator[World]:
    engine = open_engine(servers.database_url, pool_size=2 * CROWD)
    yield await make_world(Units(engine, master), master, customers=CROWD)
    await engine.dispose()


async def make(world: World, name: str, rule: dict[str, Any] | None = None, pace: Pace | None = None) -> TagView:
    wish = TagWish(name=name, rule=rule, pace=pace)
    return await world.do(lambda unit: create_tag(unit, world.scope("owner"), wish, "zh-CN"))


async def at_once(world: World, *works: Work) -> list[FlowError | None]:
    ready = asyncio.Barrier(len(works))

    async def one(work: Work) -> FlowError | None:
        try:
            async with world.units.open(world.merchant_id) as unit:
                await ready.wait()
                await work(unit)
        except FlowError as told:
            return told
        return None

    return await asyncio.gather(*(one(work) for work in works))


async def balanced(world: World) -> None:
    """What customers have is what the history adds up to."""
    wrong = await rows(
        world,
        """with said as (select customer_id, tag_id, sum(case when given then 1 else -1 end) as n, (array_agg(given order by at desc, id desc))[1] as last
                         from customer_tag_history where merchant_id = :merchant group by 1, 2)
           select s.customer_id from said s full join (select * from customer_tag where merchant_id = :merchant) ct
           on ct.customer_id = s.customer_id and ct.tag_id = s.tag_id where (ct.tag_id is not null) is distinct from (s.n = 1)""",
    )
    assert wrong == []


async def tagged(world: World, tag_id: UUID) -> set[UUID]:
    found = await rows(
        world, "select customer_id from customer_tag where merchant_id = :merchant and tag_id = :tag", tag=tag_id
    )
    return {row["customer_id"] for row in found}


async def test_giving_and_taking_at_once_ends_without_a_deadlock(world: World) -> None:
    tags = [await make(world, name) for name in "甲乙丙"]
    owner = world.scope("owner")
    ids = sorted(world.customers.values())

    def bulk(number: int) -> Work:
        whom = Whom(customer_ids=tuple(ids if number % 2 else reversed(ids)))
        act = give_in_bulk if number % 3 else take_in_bulk
        return lambda unit: act(unit, owner, tags[number % len(tags)].id, whom)

    def imported(number: int) -> Work:
        names = tuple(reversed("甲乙丙")) if number % 2 else tuple("甲乙丙丁")
        return lambda unit: give_by_name(unit, [(one, names) for one in reversed(ids)], TagHand.IMPORT)

    assert set(await at_once(world, *map(bulk, range(CROWD)), *map(imported, range(4)))) == {None}
    await balanced(world)
    assert len(await rows(world, "select id from tag where merchant_id = :merchant and name = '丁'")) == 1


async def test_workers_at_once_judge_a_rule_once(world: World, clock: TestClock) -> None:
    tag = await make(world, "没来过", NEVER, Pace.HALF_HOUR)
    await rows(world, "delete from customer_tag where merchant_id = :merchant returning tag_id")
    await rows(world, "delete from customer_tag_history where merchant_id = :merchant returning tag_id")
    await clock.advance(hours=1)
    done = await asyncio.gather(*(tend_tags(world.units, world.merchant_id) for _ in range(4)))
    assert sum(done) == CROWD
    assert await tagged(world, tag.id) == set(world.customers.values())
    await balanced(world)


async def test_a_visit_beside_the_judging_of_everybody(world: World, clock: TestClock) -> None:
    """The worker has seen who never came and waits for her; the visit that commits meanwhile is what counts."""
    tag = await make(world, "没来过", NEVER, Pace.AT_ONCE)
    await rows(world, "delete from customer_tag where merchant_id = :merchant returning tag_id")
    await clock.advance(hours=1)
    visit = VisitIn(
        customer="C1", store="S1", at=await world.units.now() - timedelta(hours=1), staff="E1", service="CUT"
    )
    began = asyncio.Event()

    async def judge() -> int:
        async with world.units.open(world.merchant_id) as unit:
            rule = await claim_rule(unit, tag.id)
            assert rule is not None
            began.set()
            changed, _ = await settle_everybody(unit, rule)
            return changed

    async with world.units.open(world.merchant_id) as unit:
        await record_books(unit, "visits", [visit])
        judging = asyncio.create_task(judge())
        await began.wait()
        await until(lambda: waits(world))
    assert await judging == CROWD - 1
    assert await tagged(world, tag.id) == set(world.customers.values()) - {world.customers["C1"]}


async def waits(world: World) -> bool:
    """Somebody of this database waits for a row."""
    async with world.units.nameless() as session:
        found = await session.execute(WAITING)
        return bool(found.scalar())


async def test_what_a_person_gives_while_the_rule_judges_stays(world: World, clock: TestClock) -> None:
    tag = await make(world, "没来过", NEVER, Pace.HALF_HOUR)
    for code in world.customers:
        await world.visit(code, await world.units.now() - timedelta(hours=1))
    await clock.advance(hours=1)
    owner = world.scope("owner")
    kept = sorted(world.customers.values())[:3]
    gives = [doing(set_tag, owner, one, tag.id) for one in kept]
    results = await asyncio.gather(tend_tags(world.units, world.merchant_id), at_once(world, *gives))
    assert results[1] == [None] * 3
    assert await tagged(world, tag.id) == set(kept)


async def test_a_tag_does_not_go_half_way(world: World) -> None:
    owner = world.scope("owner")
    ids = tuple(sorted(world.customers.values()))
    for round_ in range(6):
        tag = await make(world, f"标签{round_}")
        gives = [doing(give_in_bulk, owner, tag.id, Whom(customer_ids=ids))] * 3
        told = await at_once(world, doing(drop_tag, owner, tag.id), *gives)
        assert told[0] is None
        assert all(each is None or isinstance(each, NotFound) for each in told)
        assert await tagged(world, tag.id) == set()
        history = await rows(
            world, "select given from customer_tag_history where merchant_id = :merchant and tag_id = :tag", tag=tag.id
        )
        assert sum(1 if row["given"] else -1 for row in history) == 0
