import base64
from datetime import timedelta
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.log_callback import CallbackFact, Outcome, log_callback
from tasks.flow.sync_tasks import Gone, SyncAsked, SyncForeign, SyncReset, glimpse, sync_tasks
from tasks.flow.tend_sync import tend_sync
from tasks.flow.work_task import claim, expire_due, release, snooze, start
from tasks.kernel.ids import new_id
from tasks.kernel.paging import CursorGarbled
from tasks.kernel.scope import Role
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tests.support.clock import TestClock, shanghai
from tests.support.phone import Phone, server_shows
from tests.support.rows import Ask, doing, make_plan, make_task, rows_of
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, stores=2, employees=4, customers=6)


async def told(world: World, task_id: UUID, store: str = "S1") -> None:
    """Rows that tests write by hand are told by hand."""
    from tasks.worklist.feed import feed  # noqa: PLC0415  # only here

    async def work(unit: Unit) -> None:
        feed(unit).changed(world.stores[store], task_id)

    await world.do(work)


async def task(world: World, customer: str = "C1", who: str | None = "E1", **words: object) -> UUID:
    made = await make_task(world, Ask(customer=customer, who=who, origin="own").but(**words))
    await told(world, made.task_id, str(words.get("store", "S1")))
    return made.task_id


async def answer(world: World, who: str, task_id: UUID, outcome: Outcome, clock: TestClock, **fields: object) -> None:
    fact = CallbackFact(
        action_id=new_id(), task_id=task_id, outcome=outcome, occurred_at=await clock.now(), fields=fields
    )
    await world.do(lambda unit: log_callback(unit, world.scope(who), fact))


async def test_a_snapshot_in_pages_then_only_what_changes(world: World, clock: TestClock) -> None:
    mine = [await task(world, f"C{n}") for n in range(1, 4)]
    pool = await task(world, "C4", None)
    await task(world, "C5", "E3")
    await task(world, "C6", "E2", store="S2")
    phone = Phone(world, "E1", limit=2)
    first = await phone.page()
    assert (len(first.items), first.has_more) == (2, True)
    assert await phone.sync() == 4
    assert set(phone.tasks) == {*mine, pool}
    assert phone.shows() == await server_shows(world, "E1")
    assert await phone.sync() == 0
    until = await clock.now() + timedelta(hours=3)
    await world.do(lambda unit: snooze(unit, world.scope("E1"), mine[0], until))
    page = await phone.page()
    (item,) = page.items
    assert (item.id, item.status, item.wait_until, item.wait_kind) == (mine[0], "waiting", until, "snooze")
    assert page.removed == []
    phone.take(page)
    assert phone.shows() == await server_shows(world, "E1")


async def test_what_changes_between_two_pages_of_a_snapshot_comes_after_it(world: World) -> None:
    tasks = sorted([await task(world, f"C{n}", None) for n in range(1, 5)])
    phone = Phone(world, "E1", limit=2)
    phone.take(await phone.page())
    assert set(phone.tasks) == set(tasks[:2])
    await world.do(lambda unit: claim(unit, world.scope("E3"), tasks[0]))
    await world.do(lambda unit: claim(unit, world.scope("E3"), tasks[3]))
    await phone.sync()
    assert set(phone.tasks) == {tasks[0], tasks[1], tasks[2]}, "the claim is later than the snapshot"
    await phone.sync()
    assert set(phone.tasks) == {tasks[1], tasks[2]}
    assert [(gone.id, gone.reason) for gone in phone.let_go] == [
        (tasks[0], Gone.REASSIGNED),
        (tasks[3], Gone.REASSIGNED),
    ]


async def test_a_claim_reaches_every_member_of_the_store_and_nobody_else(world: World) -> None:
    pool = await task(world, "C1", None)
    phones = {who: Phone(world, who) for who in ("E1", "E3", "E2", "manager")}
    for phone in phones.values():
        await phone.sync()
    assert [who for who, phone in phones.items() if pool in phone.tasks] == ["E1", "E3", "manager"]
    await world.do(lambda unit: claim(unit, world.scope("E1"), pool))
    assert {who: await phone.sync() for who, phone in phones.items()} == {"E1": 1, "E3": 1, "E2": 0, "manager": 1}
    assert phones["E1"].tasks[pool].assignee_id == world.staff["E1"]
    assert pool not in phones["E3"].tasks
    assert phones["manager"].tasks[pool].assignee == "员工1"
    await world.do(lambda unit: start(unit, world.scope("E1"), pool))
    assert {who: await phone.sync() for who, phone in phones.items()} == {"E1": 1, "E3": 0, "E2": 0, "manager": 1}, (
        "what a colleague does with a task of theirs is no news"
    )
    await world.do(lambda unit: release(unit, world.scope("E1"), pool))
    assert {who: await phone.sync() for who, phone in phones.items()} == {"E1": 1, "E3": 1, "E2": 0, "manager": 1}
    assert phones["E3"].tasks[pool].pool
    for who, phone in phones.items():
        assert phone.shows() == await server_shows(world, who), who


async def test_a_callback_on_a_task_of_the_pool_takes_it_from_the_others(world: World, clock: TestClock) -> None:
    pool = await task(world, "C1", None)
    other = Phone(world, "E3")
    await other.sync()
    await answer(world, "E1", pool, Outcome.NO_ANSWER, clock)
    await other.sync()
    assert other.tasks == {}
    assert other.let_go[0].reason is Gone.REASSIGNED


async def test_a_closed_task_is_shown_for_a_day_by_who_closed_it(world: World, clock: TestClock) -> None:
    mine, pool = await task(world, "C1"), await task(world, "C2", None)
    phones = {who: Phone(world, who) for who in ("E1", "E3", "manager")}
    late = Phone(world, "E1", "another phone")
    for phone in (*phones.values(), late):
        await phone.sync()
    await answer(world, "E1", mine, Outcome.SKIPPED, clock, reason="other")
    await world.do(lambda unit: _moot(unit, pool))
    await told(world, pool)
    for who, phone in phones.items():
        await phone.sync()
        assert phone.shows() == await server_shows(world, who), who
    assert phones["E1"].tasks[mine].close_reason == "skipped"
    assert [(gone.id, gone.reason) for gone in phones["E3"].let_go] == [(pool, Gone.CLOSED)]
    assert {gone.id for gone in phones["manager"].let_go} == {mine, pool}
    await clock.advance(hours=27)
    await late.sync()
    assert late.tasks == {}, "a phone that was away learns that they are over"
    assert {gone.reason for gone in late.let_go} == {Gone.CLOSED}


async def _moot(unit: Unit, task_id: UUID) -> None:
    await unit.run(
        "update task set status = 'moot', closed_at = :now, close_reason = 'arrived' where merchant_id = :merchant and id = :t",
        t=task_id,
    )


async def test_a_record_of_the_customer_changes_the_task_that_shows_her(world: World, clock: TestClock) -> None:
    await world.card("C1", shanghai("2026-02-01 15:00"), principal=50_000, external_id="K")
    (card,) = await rows_of(world, "select id from card where merchant_id = :merchant")
    plan = await make_plan(world, "card_balance_low")
    made = await make_task(world, Ask(template="card_balance_low", card_id=card["id"]), plan)  # type: ignore[arg-type]  # untyped on purpose: a test row
    await told(world, made.task_id)
    phone = Phone(world, "E1")
    await phone.sync()
    assert phone.tasks[made.task_id].why == "充值卡还剩 500元"
    await world.card_entry("K", "consume", await clock.now(), principal=-30_000)
    assert await phone.sync() == 1
    assert phone.tasks[made.task_id].why == "充值卡还剩 200元"
    await world.customer("C1", phone="", name="王小红", gender="female", level="金卡")
    assert await phone.sync() == 1
    assert (phone.tasks[made.task_id].nickname, phone.tasks[made.task_id].level) == ("王女士", "金卡")
    await world.sale("C2", await clock.now())
    assert await phone.sync() == 0, "nobody shows her"


async def test_an_appointment_that_is_moved_changes_what_her_task_says_of_it(world: World, clock: TestClock) -> None:
    at = await clock.now() + timedelta(days=3)
    await world.appointment("C1", at, external_id="A")
    await task(world, "C1")
    phone = Phone(world, "E1")
    await phone.sync()
    await world.appointment("C1", at + timedelta(days=1), external_id="A")
    assert await phone.sync() == 1


async def test_a_task_that_is_not_there_any_more_is_let_go_of(world: World) -> None:
    phone = Phone(world, "E1")
    await phone.sync()
    await told(world, new_id())
    await phone.sync()
    assert [gone.reason for gone in phone.let_go] == [Gone.DELETED]


async def test_what_was_said_to_her_changes_her_other_tasks(world: World, clock: TestClock) -> None:
    mine, theirs = await task(world, "C1"), await task(world, "C1", "E3")
    phone = Phone(world, "E3")
    await phone.sync()
    await answer(world, "E1", mine, Outcome.NO_ANSWER, clock)
    page = await phone.page(detail=True)
    assert [item.id for item in page.items] == [theirs]
    assert page.items[0].detail is not None
    assert [contact.outcome for contact in page.items[0].detail.contacts] == ["no_answer"]


async def test_time_passing_is_no_change(world: World, clock: TestClock) -> None:
    mine = await task(world, "C1", due=2, expires=24 * 20)
    phone = Phone(world, "E1")
    await phone.sync()
    await clock.advance(days=3)
    assert await phone.sync() == 0
    assert phone.tasks[mine].due_at < await clock.now(), "overdue, as the phone sees by itself"
    await clock.advance(days=20)
    assert await world.do(lambda unit: expire_due(unit, 10)) == 1
    assert await phone.sync() == 1
    assert phone.tasks[mine].status == "expired"


async def test_a_cursor_is_good_for_who_it_was_made_for(world: World, units: Units, master: MasterKey) -> None:
    await task(world)
    phone = Phone(world, "E1", "phone-1")
    await phone.sync()
    assert phone.cursor is not None
    other = await make_world(units, master, customers=1)
    thieves = {
        "another phone": Phone(world, "E1", "phone-2", cursor=phone.cursor),
        "no phone": Phone(world, "E1", cursor=phone.cursor),
        "a colleague": Phone(world, "E3", "phone-1", cursor=phone.cursor),
        "another merchant": Phone(other, "E1", "phone-1", cursor=phone.cursor),
    }
    for thief in thieves.values():
        with pytest.raises(SyncForeign):
            await thief.page()
    raw = base64.urlsafe_b64decode(phone.cursor + "=" * (-len(phone.cursor) % 4))
    forged = base64.urlsafe_b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode().rstrip("=")
    for wrong in ("", "x", "会", forged, phone.cursor[:-4], phone.cursor + "AAAA", "a" * 8000):
        with pytest.raises(CursorGarbled):
            await Phone(world, "E1", "phone-1", cursor=wrong).page()
    await phone.sync()


async def test_a_cursor_ends_with_its_month_its_stores_and_its_role(world: World, clock: TestClock) -> None:
    await task(world)
    phone = Phone(world, "manager")
    await phone.sync()
    scope = world.scope("manager")
    for changed in (
        scope.__class__(scope.merchant_id, scope.staff_id, Role.OWNER, scope.store_ids),
        scope.__class__(scope.merchant_id, scope.staff_id, scope.role, scope.store_ids[:1]),
    ):
        with pytest.raises(SyncReset):
            await world.do(doing(sync_tasks, changed, SyncAsked(cursor=phone.cursor)))
    await clock.advance(days=29)
    young = Phone(world, "manager", cursor=phone.cursor)
    await young.sync()
    await clock.advance(days=2)
    with pytest.raises(SyncReset):
        await phone.sync()
    assert await young.sync() == 0, "one that was used lives on"


async def test_forgotten_changes_are_answered_with_a_reset(world: World, clock: TestClock) -> None:
    pool = await task(world, "C1", None)
    old = Phone(world, "E1")
    await old.sync()
    for act in (claim, release):
        await world.do(doing(act, world.scope("E3"), pool))
    await clock.advance(days=20)
    fresh = Phone(world, "E1")
    await fresh.sync()
    await world.do(doing(claim, world.scope("E3"), pool))
    await clock.advance(days=12)
    assert await tend_sync(world.units, world.merchant_id, batch=2) == 3
    assert await tend_sync(world.units, world.merchant_id) == 0
    kept = await rows_of(world, "select rev from task_change where merchant_id = :merchant")
    assert [row["rev"] for row in kept] == [4]
    (floor,) = await rows_of(
        world, "select floor_rev, rev from store_revision where merchant_id = :merchant and rev > 0"
    )
    assert floor == {"floor_rev": 3, "rev": 4}
    assert await fresh.sync() == 1
    assert fresh.tasks == {}
    assert old.cursor is not None
    await _backdate(world, old)
    with pytest.raises(SyncReset):
        await old.page()


async def _backdate(world: World, phone: Phone) -> None:
    """A cursor of today that stands where the old one stood: only the floor can refuse it."""
    from tasks.sync.cursors import Holder, Position, read_cursor, write_cursor  # noqa: PLC0415  # only here

    async def work(unit: Unit) -> str:
        holder = Holder(world.scope(phone.who), phone.device)
        stood = read_cursor(unit.vault, holder, str(phone.cursor), unit.now - timedelta(days=20))
        return write_cursor(unit.vault, holder, Position(unit.now, stood.upto))

    phone.cursor = await world.do(work)


async def test_a_database_that_was_put_back_is_answered_with_a_reset(world: World) -> None:
    await task(world)
    phone = Phone(world, "E1")
    await phone.sync()
    await rows_of(world, "select 1 as one")
    await world.do(
        lambda unit: unit.run("update store_revision set rev = 0 where merchant_id = :merchant returning rev")
    )
    with pytest.raises(SyncReset):
        await phone.sync()


async def test_pages_of_the_tasks_come_with_them_when_asked_for(world: World) -> None:
    for n in range(1, 5):
        await task(world, f"C{n}", "E1" if n % 2 else None)
    phone = Phone(world, "E1")
    page = await phone.page(detail=True)
    assert [item.detail is not None and item.detail.id == item.id for item in page.items] == [True] * 4
    details = [item.detail for item in page.items if item.detail]
    assert all(detail.customer.phones[0].masked.startswith("1") for detail in details)
    assert {tuple(detail.actions) for detail in details} >= {("claim", "start")}
    assert all(item.detail is None for item in (await phone.page()).items)


async def test_the_number_of_statements_does_not_grow_with_the_tasks(world: World) -> None:
    async def statements(limit: int) -> int:
        async with world.units.open(world.merchant_id) as unit:
            seen: list[str] = []
            run = unit.run

            async def counting(statement: str, **values: object) -> object:
                seen.append(statement)
                return await run(statement, **values)

            unit.run = counting  # type: ignore[method-assign, assignment]  # counts, and does the same
            found = await sync_tasks(unit, world.scope("E1"), SyncAsked(detail=True, limit=limit))
            assert found.page is not None
            assert len(found.page.items) == min(limit, 6)
            return len(seen)

    for n in range(1, 7):
        await task(world, f"C{n}")
    assert await statements(1) == await statements(6) < 25


async def test_the_same_question_has_the_same_tag_until_something_changes(world: World) -> None:
    mine = await task(world)
    scope = world.scope("E1")

    async def ask(**asked: object) -> tuple[str, bool]:
        found = await world.do(doing(sync_tasks, scope, SyncAsked(**asked)))  # type: ignore[arg-type]  # untyped on purpose: a test row
        return found.tag, found.page is not None

    tag, fresh = await ask()
    assert fresh
    assert await ask(seen=tag) == (tag, False)
    others: list[dict[str, object]] = [{"limit": 1}, {"detail": True}, {"locale": "en"}, {"device": "phone"}]
    assert tag not in [(await ask(**other, seen=tag))[0] for other in others]
    await world.do(doing(start, scope, mine))
    assert (await ask(seen=tag))[1]


async def test_a_glimpse_says_whether_there_is_anything_for_the_caller(world: World) -> None:
    pool, theirs = await task(world, "C1", None), await task(world, "C2", "E3")
    first = await world.do(doing(glimpse, world.scope("E1"), None))
    assert first.news
    seen = await world.do(doing(glimpse, world.scope("E1"), first.cursor))
    assert not seen.news
    await world.do(doing(start, world.scope("E3"), theirs))
    seen = await world.do(doing(glimpse, world.scope("E1"), first.cursor))
    assert not seen.news, "a colleague's task"
    await world.do(doing(claim, world.scope("E3"), pool))
    assert (await world.do(doing(glimpse, world.scope("E1"), first.cursor))).news
    await Phone(world, "E1", cursor=first.cursor).sync()
