"""R9: whatever eight writers do at once, a phone that keeps asking misses nothing; a feed numbered by a sequence does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from uuid import UUID

import asyncpg
import pytest

from backend import embedded
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.flow.work_task import claim, release, snooze, start
from tasks.kernel.errors import FlowError
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.worklist.feed import feed
from tests.support.clock import TestClock
from tests.support.phone import Phone, server_shows
from tests.support.rows import Ask, doing, make_plan, make_task, rows_of
from tests.support.seeds import seeded
from tests.support.waiting import until
from tests.support.world import World, make_world

WRITERS = 8
EMPLOYEES = 4
TASKS = 24


@pytest.fixture
async def crowd(servers: embedded.Servers, master: MasterKey) -> AsyncIterator[Units]:
    engine = open_engine(servers.database_url, pool_size=WRITERS + EMPLOYEES + 2)
    yield Units(engine, master)
    await engine.dispose()


async def busy_world(crowd: Units, master: MasterKey) -> tuple[World, list[UUID]]:
    world = await make_world(crowd, master, stores=2, employees=EMPLOYEES, customers=TASKS)
    plan = await make_plan(world)
    made = [
        await make_task(
            world, Ask(customer=f"C{n + 1}", who=None, store=f"S{n % 2 + 1}", origin="own", expires=24 * 60), plan
        )
        for n in range(TASKS)
    ]
    return world, [each.task_id for each in made]


class Writer:
    """Moves tasks at random, as employees would; some moves close a store's tasks by hand, as a sweep would."""

    def __init__(self, world: World, tasks: list[UUID], seed: int) -> None:
        self.world, self.tasks, self.dice = world, tasks, Random(seed)  # noqa: S311  # a story, not a secret
        self.done = 0

    async def run(self, changes: int) -> None:
        while self.done < changes:
            try:
                await self.move()
                self.done += 1
            except FlowError:  # a colleague was faster, or it is not the moment: nothing was written
                continue

    async def move(self) -> None:
        world, dice = self.world, self.dice
        scope = world.scope(f"E{dice.randint(1, EMPLOYEES)}")
        task_id = dice.choice(self.tasks)
        kind = dice.choice(("claim", "start", "snooze", "release", "urge", "customer", "pool"))
        if kind == "customer":
            await world.do(doing(self.customer))
        elif kind in {"urge", "pool"}:
            await world.do(doing(self.by_hand, task_id, kind))
        elif kind == "snooze":
            until = await world.units.now() + timedelta(minutes=dice.randint(1, 10_000))
            await world.do(doing(snooze, scope, task_id, until))
        else:
            await world.do(doing({"claim": claim, "start": start, "release": release}[kind], scope, task_id))

    async def customer(self, unit: Unit) -> None:
        """Several at once, in several stores: the locks come in one order."""
        some = self.dice.sample(sorted(self.world.customers.values()), 5)
        feed(unit).customers_changed(some)

    async def by_hand(self, unit: Unit, task_id: UUID, kind: str) -> None:
        change = (
            "attempts = attempts + 1" if kind == "urge" else "assignee_id = null, status = 'open', wait_until = null"
        )
        row = await unit.row(
            f"with was as (select id, assignee_id from task where merchant_id = :merchant and id = :t for update) "
            f"update task t set {change} from was where t.merchant_id = :merchant and t.id = was.id "
            f"returning t.store_id, was.assignee_id",
            t=task_id,
        )
        assert row is not None
        feed(unit).changed(row["store_id"], task_id, row["assignee_id"] if kind == "pool" else None)


async def read_until(phone: Phone, over: asyncio.Event) -> int:
    """Sync without end, in small pages, until the writers are done; returns how often there was something."""
    found = 0
    while not over.is_set():
        found += bool(await phone.sync())
    return found


async def let_them_write(world: World, tasks: list[UUID], changes: int, test: str) -> tuple[list[Phone], list[int]]:
    phones = [Phone(world, f"E{n}", limit=5) for n in range(1, EMPLOYEES + 1)] + [Phone(world, "manager", limit=7)]
    over = asyncio.Event()
    readers = [asyncio.ensure_future(read_until(phone, over)) for phone in phones]
    chance = seeded(f"../concurrency/test_sync_writers.py::{test}")
    writers = [Writer(world, tasks, chance.getrandbits(32)) for _ in range(WRITERS)]

    await asyncio.gather(*(writer.run(changes // WRITERS) for writer in writers))
    over.set()
    found = list(await asyncio.gather(*readers))
    for phone in phones:
        await phone.sync()
    return phones, found


async def check_nothing_missed(crowd: Units, master: MasterKey, changes: int, test: str) -> None:
    world, tasks = await busy_world(crowd, master)
    phones, found = await let_them_write(world, tasks, changes, test)
    (written,) = await rows_of(world, "select count(*) as n from task_change where merchant_id = :merchant")
    assert int(str(written["n"])) >= changes
    assert min(found) > 1, "phones read while it was written"
    for phone in phones:
        assert phone.shows() == await server_shows(world, phone.who), phone.who
        fresh = Phone(world, phone.who)
        await fresh.sync()
        assert phone.shows() == fresh.shows(), phone.who


async def test_phones_miss_nothing_of_eight_writers(crowd: Units, master: MasterKey, clock: TestClock) -> None:
    await check_nothing_missed(crowd, master, 400, "test_phones_miss_nothing_of_eight_writers")


@pytest.mark.faults
@pytest.mark.timeout(1800)
async def test_phones_miss_nothing_of_ten_thousand_changes(crowd: Units, master: MasterKey, clock: TestClock) -> None:
    await check_nothing_missed(crowd, master, 10_000, "test_phones_miss_nothing_of_ten_thousand_changes")


class Rival:
    """A feed as one would first write it: each change takes the next number of a sequence, and the reader asks for what is above its own."""

    def __init__(self, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.owner = owner
        self.cursor = 0

    async def write(self, connection: "asyncpg.Connection[asyncpg.Record]", task: str) -> None:
        await connection.execute("insert into rival.change (task) values ($1)", task)

    async def read(self) -> list[str]:
        rows = await self.owner.fetch("select rev, task from rival.change where rev > $1 order by rev", self.cursor)
        self.cursor = max([self.cursor, *(row["rev"] for row in rows)])
        return [row["task"] for row in rows]


@pytest.fixture
async def rival(servers: embedded.Servers) -> AsyncIterator[tuple[Rival, list["asyncpg.Connection[asyncpg.Record]"]]]:
    connections = [await asyncpg.connect(servers.migration_url) for _ in range(3)]
    await connections[0].execute(
        "create schema rival; create table rival.change (rev bigserial primary key, task text not null)"
    )
    yield Rival(connections[0]), connections[1:]
    await connections[0].execute("drop schema rival cascade")
    for connection in connections:
        await connection.close()


async def test_a_sequence_misses_what_commits_out_of_order(
    rival: tuple[Rival, list["asyncpg.Connection[asyncpg.Record]"]],
) -> None:
    """The negative control: A takes its number, B commits a later one, the reader polls, A commits."""
    reader, (a, b) = rival
    slow = a.transaction()
    await slow.start()
    await reader.write(a, "A")
    await reader.write(b, "B")
    assert await reader.read() == ["B"]
    await slow.commit()
    assert await reader.read() == [], "A is lost for ever"
    assert await reader.owner.fetchval("select count(*) from rival.change") == 2


async def test_the_same_interleaving_is_missed_by_nobody_here(
    crowd: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await make_world(crowd, master, employees=1, customers=2)
    plan = await make_plan(world)
    a, b = [(await make_task(world, Ask(customer=f"C{n}", origin="own"), plan)).task_id for n in (1, 2)]
    phone = Phone(world, "E1")
    await phone.sync()
    numbered, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with crowd.open(world.merchant_id) as unit:
            feed(unit).changed(world.stores["S1"], a)
            await unit.close()  # A takes its number …
            unit._closers.clear()
            numbered.set()
            await go_on.wait()  # … and does not commit yet

    async def second() -> None:
        await numbered.wait()
        async with crowd.open(world.merchant_id) as unit:
            feed(unit).changed(world.stores["S1"], b)

    slow, quick = asyncio.ensure_future(first()), asyncio.ensure_future(second())
    await numbered.wait()
    await until_blocked(world)
    assert await phone.sync() == 0, "B has no number before A has committed"
    assert not quick.done()
    go_on.set()
    await asyncio.gather(slow, quick)
    assert await phone.sync() == 2
    assert phone.shows() == await server_shows(world, "E1")


async def until_blocked(world: World) -> None:
    """Until somebody waits for the store's revision."""

    async def looking() -> bool:
        (row,) = await rows_of(
            world,
            "select count(*) as n from pg_locks where not granted and locktype in ('transactionid', 'tuple')",
        )
        return bool(row["n"])

    await until(looking)
