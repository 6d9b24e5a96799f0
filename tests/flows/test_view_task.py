from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.copy_script import CopyFact, copy_script
from tasks.flow.log_callback import CallbackFact, Outcome, log_callback
from tasks.flow.reveal_phone import CallsRefused, RevealBudgetSpent, reveal_phone
from tasks.flow.view_task import TaskDetail, view_task
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.people.contact_state import refuse
from tasks.worklist.faults import TaskAlreadyClaimed
from tests.support.clock import TestClock, shanghai
from tests.support.rows import Ask, doing, make_plan, make_task, rows_of
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master, stores=2, employees=4)
    await world.customer(
        "C1", name="王小红", gender="female", phone="13912345678", source="点评", notes="不要提前男友", level="金卡"
    )
    await world.sale("C1", shanghai("2026-02-23 15:00"), service="LASH")
    await world.card("C1", shanghai("2026-02-23 15:10"), principal=46_000)
    return world


async def view(world: World, task_id: UUID, who: str = "E1", locale: str = "zh-CN") -> TaskDetail:
    return await world.do(lambda unit: view_task(unit, world.scope(who), task_id, locale))  # type: ignore[arg-type]  # untyped on purpose: a test row


async def test_the_page_says_why_to_whom_and_what_to_say(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    said = CallbackFact(
        action_id=new_id(),
        task_id=task.task_id,
        outcome=Outcome.NO_ANSWER,
        occurred_at=await clock.now(),
        note="在开会",
    )
    await world.do(lambda unit: log_callback(unit, world.scope("E1"), said))
    page = await view(world, task.task_id)
    assert (page.store, page.why, page.status, page.assignee) == (
        "1号店",
        "7 天前点评新客，未再到店",
        "waiting",
        "员工1",
    )
    assert not page.outside_window
    her = page.customer
    assert (her.nickname, her.level, her.notes, her.has_phone) == ("王女士", "金卡", "不要提前男友", True)
    assert [phone.masked for phone in her.phones] == ["139****5678"]
    assert [(card.name, card.balance_cents) for card in page.cards] == [("充值卡", 46_000)]
    assert page.last_visit is not None
    assert (page.last_visit.service, page.last_visit.staff) == ("美睫", "员工1")
    (contact,) = page.contacts
    assert (contact.outcome, contact.note, contact.reached) == ("no_answer", "在开会", False)
    assert page.actions == ["copy", "reveal_phone", "callback", "snooze", "release"]
    assert {each.code: each.needs for each in page.outcomes}["refused_contact"] == ("scope",)
    texts = {script.variant: script.text for script in page.scripts}
    assert texts["second_visit/b"] == (
        "王女士，我是7天前帮你做美睫的员工1～一般隔21天左右再来一次，状态会比较稳。明天或周三还有位，帮你约上？"
    )
    assert "second_visit/f" not in texts, "written for another step"
    assert (await view(world, task.task_id)).scripts[0] == page.scripts[0], (
        "the passage's own draw, however often it is shown"
    )
    english = await view(world, task.task_id, locale="en")
    assert english.customer.nickname is None
    assert english.scripts[0].variant == "second_visit/e", "the text that needs no name"


async def test_what_is_relative_to_a_day_is_true_on_the_day_it_is_read(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await clock.set(shanghai("2026-03-04 12:00"))
    texts = {script.variant: script.text for script in (await view(world, task.task_id)).scripts}
    assert "9天前" in texts["second_visit/b"]
    assert "明天或周五" in texts["second_visit/b"]


async def test_days_off_are_not_suggested_and_a_variant_without_its_value_is_not_offered(world: World) -> None:
    task = await make_task(world)
    async with world.units.open(world.merchant_id) as unit:
        e1 = world.staff["E1"]
        await unit.run(
            "insert into roster_day (merchant_id, staff_id, day_on, works) values (:merchant, :e, date '2026-03-03', false)",
            e=e1,
        )
        await unit.run(
            "insert into roster_day (merchant_id, staff_id, day_on, works, store_id) "
            "values (:merchant, :e, date '2026-03-04', true, :other)",
            e=e1,
            other=world.stores["S2"],
        )
        await unit.run(
            "insert into staff_leave (merchant_id, id, staff_id, from_on, to_on) "
            "values (:merchant, new_uuid7(), :e, date '2026-03-05', date '2026-03-06')",
            e=e1,
        )
    texts = {script.variant: script.text for script in (await view(world, task.task_id)).scripts}
    assert "周六或周日" in texts["second_visit/b"]
    async with world.units.open(world.merchant_id) as unit:
        await unit.run(
            "insert into staff_leave (merchant_id, id, staff_id, from_on, to_on) "
            "values (:merchant, new_uuid7(), :e, date '2026-03-01', date '2026-05-01')",
            e=world.staff["E1"],
        )
    offered = {script.variant for script in (await view(world, task.task_id)).scripts}
    assert offered == {"second_visit/c"}, "only the text that offers no day"


async def test_card_scripts_speak_of_the_card(world: World) -> None:
    (card,) = await rows_of(world, "select id from card where merchant_id = :merchant")
    task = await make_task(world, Ask(template="card_balance_low", card_id=card["id"]))  # type: ignore[arg-type]  # untyped on purpose: a test row
    page = await view(world, task.task_id)
    assert page.why == "充值卡还剩 460元"
    texts = {script.variant: script.text for script in page.scripts}
    assert texts["card_balance_low/a"] == "王女士，你的充值卡还有460元，大概还能做2次美睫。这周想约哪天？我先给你留着～"


async def test_who_may_see_a_task(world: World) -> None:
    plan = await make_plan(world)
    held = await make_task(world, Ask(origin="own"), plan)
    pool = await make_task(world, Ask(origin="own", who=None), plan)
    assert (await view(world, held.task_id, "manager")).actions == []
    assert (await view(world, pool.task_id, "E3")).actions == ["claim", "start"]
    for task, who in ((held, "E3"), (held, "E2"), (pool, "E2")):
        with pytest.raises(NotFound):
            await view(world, task.task_id, who)


async def test_a_warning_outside_the_window(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await clock.set(shanghai("2026-03-02 22:00"))
    assert (await view(world, task.task_id)).outside_window


async def test_a_copy_keeps_the_exact_text_sealed(world: World) -> None:
    task = await make_task(world)
    scope = world.scope("E1")
    fact = CopyFact(task_id=task.task_id, variant="second_visit/a", text="王女士你好呀", edited=True)
    copy_id = await world.do(lambda unit: copy_script(unit, scope, fact))
    (row,) = await rows_of(
        world,
        "select y.*, c.salt from script_copy y join customer c on c.merchant_id = :merchant and c.id = y.customer_id "
        "where y.merchant_id = :merchant",
    )
    assert (row["id"], row["variant"], row["edited"], row["staff_id"]) == (
        copy_id,
        "second_visit/a",
        True,
        world.staff["E1"],
    )
    async with world.units.glance(world.merchant_id) as unit:
        assert unit.vault.open(row["salt"], task.customer_id, row["sealed"]).decode() == "王女士你好呀"  # type: ignore[arg-type]  # untyped on purpose: a test row
    for wrong, field in ((CopyFact(task_id=task.task_id, variant="no/such", text="x"), "variant"),
                         (CopyFact(task_id=task.task_id, variant="second_visit/a", text=" "), "text")):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            await world.do(doing(copy_script, scope, wrong))
        assert refused.value.field == field
    with pytest.raises(TaskAlreadyClaimed):
        await world.do(lambda unit: copy_script(unit, world.scope("E3"), fact))


async def test_the_number_is_shown_in_ones_own_live_task_and_counted_once(world: World) -> None:
    task = await make_task(world)
    scope = world.scope("E1")
    for subject in (task.task_id, task.customer_id, task.task_id):
        assert await world.do(doing(reveal_phone, scope, subject)) == "13912345678"
    (row,) = await rows_of(world, "select task_id, times from phone_reveal where merchant_id = :merchant")
    assert row == {"task_id": task.task_id, "times": 3}
    for who in ("E2", "E3", "manager"):
        with pytest.raises(NotFound):
            await world.do(doing(reveal_phone, world.scope(who), task.task_id))
    await world.do(lambda unit: refuse(unit, task.customer_id, "phone"))
    with pytest.raises(CallsRefused):
        await world.do(lambda unit: reveal_phone(unit, scope, task.task_id))


async def test_sixty_a_day(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    scope = world.scope("E1")
    async with world.units.open(world.merchant_id) as unit:
        await unit.run(
            "insert into phone_reveal (merchant_id, staff_id, task_id, customer_id, revealed_at, revealed_on) "
            "select :merchant, :e, new_uuid7(), :c, :now, date '2026-03-02' from generate_series(1, 60)",
            e=scope.staff_id,
            c=task.customer_id,
        )
    with pytest.raises(RevealBudgetSpent):
        await world.do(lambda unit: reveal_phone(unit, scope, task.task_id))
    await clock.set(shanghai("2026-03-03 09:00"))
    assert await world.do(lambda unit: reveal_phone(unit, scope, task.task_id)) == "13912345678"
