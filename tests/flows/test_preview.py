"""What a preview says beside who matched: room, leads, samples with their script, warnings, overlaps, approval; and that a run then does just that."""

from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.draft_plans import drafted
from tasks.flow.manage_plans import activate, create_plan
from tasks.flow.preview import Asked, Preview, look, preview
from tasks.kernel.sealing import MasterKey
from tasks.people.service import add_closure, set_history_from
from tests.support.clock import TestClock, shanghai
from tests.support.plans import rows, start_plan, sweep
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=2, employees=4)


async def low_card(world: World, code: str, **fields: Any) -> str:
    await world.customer(code, **fields)
    card = await world.card(code, shanghai("2026-01-10 12:00"), principal=100_000)
    await world.card_entry(card, "consume", shanghai("2026-02-20 12:00"), principal=-70_000)
    return card


async def seen(world: World, template: str, changes: dict[str, Any] | None = None, **asked: Any) -> Preview:
    return await look(world.units, world.merchant_id, drafted(template, changes), Asked(**asked))


async def written(world: World) -> int:
    tables = ("enrolment", "decision", "task", "task_reason", "task_history", "occurrence", "plan", "task_change")
    return sum([len(await rows(world, f"select 1 from {name} where merchant_id = :merchant")) for name in tables])


async def test_a_preview_equals_the_run_that_follows(world: World, clock: TestClock) -> None:
    """The same customers, decisions, employees and days; the hold-out draws by the plan, so it is asked of the plan itself."""
    await rows(
        world, "update staff set max_new_weekday = 3, max_new_weekend = 1 where merchant_id = :merchant returning id"
    )
    for number in range(40):
        await low_card(world, f"P{number}", home_store=f"S{number % 2 + 1}", consultant=f"E{number % 4 + 1}")
        if number % 7 == 0:
            await world.appointment(f"P{number}", shanghai("2026-03-20 15:00"))
    plan = await world.do(
        lambda unit: create_plan(unit, "card_balance_low", {"holdOut": 30, "holdOutFrom": 10, "maxTasksPerRun": 12})
    )
    await world.do(lambda unit: activate(unit, plan.id))
    await clock.set(shanghai("2026-03-02 09:59"))
    before = await written(world)
    told = await look(world.units, world.merchant_id, plan.definition, Asked(plan_id=plan.id))
    assert await written(world) == before
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    decided = await rows(
        world, "select decided || coalesce(':' || reason, '') as name from decision where merchant_id = :merchant"
    )
    assert (
        Counter(row["name"] for row in decided)
        == Counter({"task": told.tasks, "merged": told.merged} | told.by_reason) + Counter()
    )
    assert {"task", "held_out", "suppressed:appointment", "capped"} <= {row["name"] for row in decided}
    made = await rows(
        world, "select assignee_id, opens_on, count(*)::int as n from task where merchant_id = :merchant group by 1, 2"
    )
    assert {(row["assignee_id"], row["opens_on"]): row["n"] for row in made} == {
        (one.staff_id, one.day_on): one.tasks for one in told.tasks_per_employee_per_day
    }
    assert sum(one.matched for one in told.by_store) == told.matched == 40
    assert all(one.room is None or one.tasks <= one.room <= 3 for one in told.tasks_per_employee_per_day)
    assert {one.name for one in told.tasks_per_employee_per_day} == {"员工1", "员工2", "员工3", "员工4"}


async def test_samples_show_the_name_and_the_text_the_task_will_offer(world: World, clock: TestClock) -> None:
    await low_card(world, "C", nickname="小红", consultant="E1")
    told = await seen(world, "card_balance_low")
    (sample,) = told.samples
    assert (sample.name, sample.assignee, sample.decided) == ("小红", "员工1", "task")
    assert sample.script is not None
    assert "小红" in sample.script.text
    assert "300" in sample.script.text
    assert sample.script.variant.startswith("card_balance_low/")
    english = await seen(world, "card_balance_low", locale="en")
    assert english.samples[0].script is not None
    assert english.samples[0].script.text != sample.script.text


async def test_twenty_samples_are_enough(world: World, clock: TestClock) -> None:
    for number in range(25):
        await low_card(world, f"P{number}")
    told = await seen(world, "card_balance_low")
    assert (told.matched, len(told.samples)) == (25, 20)


async def test_a_longer_lead_reaches_more(world: World, clock: TestClock) -> None:
    """提前1天只够…人: four employees with two a day, five at the weekend none; forty to tell."""
    await rows(
        world, "update staff set max_new_weekday = 2, max_new_weekend = 0 where merchant_id = :merchant returning id"
    )
    for number in range(40):
        await low_card(world, f"P{number}", home_store=f"S{number % 2 + 1}")
    told = await seen(world, "card_balance_low", {"holdOut": 0, "task": {"spreadDays": 1, "chain": ["least_loaded"]}})
    assert told.leads is not None
    assert (told.leads.wanted, told.leads.days) == (40, 1)
    # Monday to Friday two each, Saturday and Sunday none, Monday again: eight days.
    assert [one.told for one in told.leads.leads] == [8, 16, 24, 32, 40]
    assert told.leads.sentence == "提前1天只够16人，提前4天可通知40人"
    enough = await seen(world, "card_balance_low", {"holdOut": 0, "task": {"spreadDays": 4, "chain": ["least_loaded"]}})
    assert enough.leads is not None
    assert enough.leads.sentence is None
    english = await seen(
        world, "card_balance_low", {"holdOut": 0, "task": {"spreadDays": 1, "chain": ["least_loaded"]}}, locale="en"
    )
    assert english.leads is not None
    assert english.leads.sentence == "1 days ahead is enough for 16; 4 days ahead, 40 can be told"


async def test_a_member_days_lead_ends_on_the_day(world: World, clock: TestClock) -> None:
    """The anchor is the last day a task is of use: what a longer lead brings is counted up to it."""
    await rows(
        world, "update staff set max_new_weekday = 2, max_new_weekend = 2 where merchant_id = :merchant returning id"
    )
    for number in range(30):
        await low_card(world, f"P{number}", home_store=f"S{number % 2 + 1}")
    changes = {
        "trigger": {"kind": "monthly", "days": [18], "offsetDays": -1, "at": "10:00"},
        "holdOut": 0,
        "task": {"lastDay": "anchor", "spreadDays": 7, "chain": ["least_loaded"], "pool": False, "manager": False},
    }
    told = await seen(world, "card_balance_low", changes, as_of=date(2026, 3, 17))
    assert (told.tasks, told.by_reason) == (16, {"no_capacity": 14})
    assert told.leads is not None
    assert [one.told for one in told.leads.leads] == [8, 16, 24, 30]
    assert told.leads.sentence == "提前1天只够16人，提前3天可通知30人"


async def test_room_of_everybody_stands_beside_the_tasks_of_a_day(world: World, clock: TestClock) -> None:
    await low_card(world, "C", consultant="E1", home_store="S1")
    told = await seen(world, "card_balance_low")
    today = told.per_day[0]
    assert (today.day_on, today.tasks) == (date(2026, 3, 2), 1)
    assert today.room == 2 * 15  # two employees work in the store; its manager is dealt nothing


async def test_books_that_begin_late_or_have_stopped_are_said(world: World, clock: TestClock) -> None:
    await world.do(lambda unit: set_history_from(unit, date(2025, 12, 1)))
    await world.customer("A")
    await world.visit("A", shanghai("2026-02-26 12:00"), historic=True)
    await world.visit("A", shanghai("2026-03-01 12:00"), store="S2", historic=True)
    told = await seen(world, "second_visit")
    assert told.warnings == ["history_from:2025-12-01", "stale_data:S1:2026-02-26"]
    await world.do(lambda unit: add_closure(unit, world.stores["S1"], date(2026, 2, 27), date(2026, 3, 1)))
    assert (await seen(world, "second_visit")).warnings == ["history_from:2025-12-01"]
    past = await seen(world, "second_visit", as_of=date(2026, 2, 27))
    assert past.warnings == ["history_from:2025-12-01", "stale_data:S2"]


async def test_a_live_task_of_another_plan_is_an_overlap(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    await low_card(world, "D")
    other = await start_plan(world, "card_balance_low", name="另一个", holdOut=0)
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    told = await seen(world, "card_balance_low", {"holdOut": 0})
    assert (told.tasks, told.merged) == (0, 2)
    assert [(one.plan_id, one.name, one.customers) for one in told.overlaps] == [(other, "另一个", 2)]


async def test_what_activation_would_take_in_is_counted(world: World, clock: TestClock) -> None:
    for code, at in (("OLD", "2026-02-20 11:00"), ("LATELY", "2026-02-27 11:00"), ("TODAY", "2026-03-02 07:00")):
        await world.customer(code)
        await world.visit(code, shanghai(at), historic=True)
    assert (await seen(world, "second_visit")).backfilled == 2
    assert (await seen(world, "second_visit", {"backfill": "none"})).backfilled == 0
    assert (await seen(world, "card_balance_low")).backfilled is None


async def test_approval_is_said_with_its_reasons(world: World, clock: TestClock) -> None:
    await low_card(world, "C", home_store="S1")
    await low_card(world, "D", home_store="S2")
    alone = await seen(world, "card_balance_low")
    assert not alone.approval.needed
    bold = await seen(
        world, "card_balance_low", {"suppress": {"appointment": False}, "holdOut": 0}, stores=(world.stores["S1"],)
    )
    assert [(one.what, one.found, one.limit) for one in bold.approval.reasons] == [
        ("overrides", 2, 0),
        ("otherStores", 1, 0),
    ]
    assert list(bold.approval.reasons[0].fields) == ["suppress.appointment", "holdOut"]
    assert (bold.matched, [one.store_id for one in bold.by_store]) == (1, [world.stores["S1"]])
    assert [one.customer_id for one in bold.samples] == [world.customers["C"]]


async def test_a_behaviour_plan_is_previewed_as_its_passages_fire(world: World, clock: TestClock) -> None:
    """Every day of a week: what the preview of the morning says is what the sweep decides."""
    plan = await start_plan(world, "second_visit", exitOn=[])
    for number in range(12):
        code = f"N{number}"
        await world.customer(code)
        await clock.set(shanghai("2026-03-02 08:00") + timedelta(hours=12 * number))
        await world.visit(code, shanghai("2026-03-02 07:00") + timedelta(hours=12 * number))
        if number % 3 == 0:
            await world.visit(code, shanghai("2026-03-02 07:30") + timedelta(hours=12 * number, days=0), store="S2")
    for day in range(9, 16):
        await clock.set(shanghai(f"2026-03-{day:02d} 08:59"))
        told = await preview(world.units, world.merchant_id, drafted("second_visit", {"exitOn": []}), None, plan)
        await clock.set(shanghai(f"2026-03-{day:02d} 09:00"))
        await sweep(world)
        # Whose second event of a day was not let in was told so when it came.
        expected = Counter({"task": told.tasks, "merged": told.merged} | told.by_reason | {"entry": 0})
        assert await _decided_on(world, date(2026, 3, day)) == +expected


async def _decided_on(world: World, day: date) -> Counter[str]:
    found = await rows(
        world, "select decided || coalesce(':' || reason, '') as name from decision where merchant_id = :merchant and decided_at >= :since",
        since=shanghai(f"{day} 08:59"),
    )  # fmt: skip
    return Counter(row["name"] for row in found)


async def test_nothing_waits_for_a_preview(world: World, clock: TestClock) -> None:
    """While it looks, no row of the real tables is locked or written."""
    await low_card(world, "C")
    locks: list[Any] = []
    units = Watching(world.units, locks)
    assert (await look(units, world.merchant_id, drafted("card_balance_low"), Asked())).tasks == 1
    assert locks == []


class Watching:
    """Hands out glances and, before each ends, notes which real tables it wrote to or locked rows of."""

    def __init__(self, units: Units, locks: list[Any]) -> None:
        self._units, self._locks = units, locks

    def open(self, merchant_id: UUID) -> Any:
        return self._units.open(merchant_id)

    def glance(self, merchant_id: UUID) -> Any:
        return _Glance(self._units.glance(merchant_id), self._locks)


class _Glance:
    def __init__(self, inner: Any, locks: list[Any]) -> None:
        self._inner, self._locks = inner, locks
        self._unit: Any = None

    async def __aenter__(self) -> Any:
        self._unit = await self._inner.__aenter__()
        return self._unit

    async def __aexit__(self, *told: object) -> Any:
        if self._unit is not None:
            self._locks += [row["name"] for row in await self._unit.rows(REAL_LOCKS)]
        return await self._inner.__aexit__(*told)


REAL_LOCKS = """
select distinct c.relname as name from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
where l.pid = pg_backend_pid() and l.locktype = 'relation' and n.nspname = 'public' and l.mode not in ('AccessShareLock')
"""


async def test_a_plan_without_a_choice_of_days_or_people_has_no_lead(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    tasks: list[dict[str, Any]] = [{"chain": []}, {"spreadDays": 0}]
    for task in tasks:
        told = await seen(world, "card_balance_low", {"task": task})
        assert (told.tasks, told.leads) == (1, None)
    assert (await seen(world, "second_visit")).leads is None  # nobody wants a task
