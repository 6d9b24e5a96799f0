import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.log_callback import CallbackFact, Outcome, log_callback
from tasks.flow.work_task import expire_due
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.stats.service import completion
from tests.support.clock import TestClock, shanghai
from tests.support.rows import Ask, Made, add_reason, doing, make_enrolment, make_plan, make_task, rows_of
from tests.support.world import World, make_world

FIELDS: dict[str, dict[str, object]] = {
    "booked": {"startsAt": "2026-03-20T15:00:00+08:00"},
    "no_answer": {},
    "callback_requested": {"callbackAt": "2026-03-20T15:00:00+08:00"},
    "refused_contact": {"scope": "all"},
    "will_come": {"promisedOn": "2026-03-20"},
    "busy": {},
    "skipped": {"reason": "other"},
    "not_interested": {"reason": "price"},
}
FROM, TO = date(2026, 3, 1), date(2026, 3, 2)


async def busy_days(world: World, clock: TestClock, seed: int) -> None:
    """Tasks of two stores, plans and days; some called, some booked, some who came and paid, some refunded, some expired."""
    chance = random.Random(seed)  # noqa: S311  # a story, not a secret
    plans = [await make_plan(world), await make_plan(world, exit_on=()), await make_plan(world, "card_balance_low")]
    made: list[tuple[Made, str]] = []
    for n in range(1, 25):
        who, store = chance.choice([("E1", "S1"), ("E2", "S2"), ("E3", "S1"), (None, "S2")])
        ask = Ask(
            f"C{n}",
            who,
            store,
            opens=chance.choice([-50, -20, -1]),
            due=chance.choice([-2, 5]),
            expires=chance.choice([1, 99]),
        )
        task = await make_task(world, ask, chance.choice(plans))
        if chance.random() < 0.4:
            plan = chance.choice(plans)
            passage = await make_enrolment(world, plan, ask, "active")
            await add_reason(
                world,
                Made(task.task_id, *plan, passage, new_id(), task.customer_id),
                Ask(priority=chance.randrange(999)),
            )
        made.append((task, who or "manager"))
    await they_call(world, clock, chance, made)
    await clock.advance(hours=2)
    await they_pay(world, clock, chance)
    await world.do(lambda unit: expire_due(unit, 100))


async def they_call(world: World, clock: TestClock, chance: random.Random, made: list[tuple[Made, str]]) -> None:
    for task, who in made:
        for _ in range(chance.choice([0, 1, 1, 2])):
            outcome = chance.choice(list(FIELDS))
            said = CallbackFact(
                action_id=new_id(),
                task_id=task.task_id,
                outcome=Outcome(outcome),
                occurred_at=await clock.now(),
                fields=FIELDS[outcome],
            )
            await world.do(doing(log_callback, world.scope(who), said))


async def they_pay(world: World, clock: TestClock, chance: random.Random) -> None:
    for n in range(1, 25):
        if chance.random() < 0.5:
            now = await clock.now()
            await world.sale(
                f"C{n}", now, cash=chance.randrange(0, 9_000), card=chance.randrange(1, 9_000), external_id=f"S{n}"
            )


async def recount(world: World, by: str) -> dict[UUID | None, dict[str, int]]:
    """The same figures from all rows, in plain Python."""
    tasks = await rows_of(world, "select * from task where merchant_id = :merchant")
    reasons = await rows_of(world, "select task_id, plan_id from task_reason where merchant_id = :merchant")
    callbacks = await rows_of(
        world, "select task_id, outcome from callback where merchant_id = :merchant and void_at is null"
    )
    credits_ = await rows_of(world, "select * from credit where merchant_id = :merchant and revoked_at is null")
    now = await world.units.now()
    found: dict[UUID | None, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for task in tasks:
        if not FROM <= task["opens_on"] <= TO:  # type: ignore[operator]  # rows are untyped
            continue
        plans: set[Any] = {row["plan_id"] for row in reasons if row["task_id"] == task["id"]}
        keys: Iterable[Any] = {"employee": {task["assignee_id"]}, "store": {task["store_id"]}, "plan": plans or {None}}[
            by
        ]
        said = {str(row["outcome"]) for row in callbacks if row["task_id"] == task["id"]}
        for key in keys:
            mine = [row for row in credits_ if row["task_id"] == task["id"] and (by != "plan" or row["plan_id"] == key)]
            count(found[key], task, said, now)
            found[key]["arrived"] += any(row["kind"] == "arrived" for row in mine)
            found[key]["paid"] += any(row["kind"] == "purchased" for row in mine)
            found[key]["cash_cents"] += sum(int(str(row["cash_cents"])) for row in mine)
            found[key]["card_cents"] += sum(int(str(row["card_cents"])) for row in mine)
    return found


def count(figures: dict[str, int], task: dict[str, Any], said: set[str], now: Any) -> None:
    status = task["status"]
    if status not in {"moot", "cancelled"}:
        figures["assigned"] += 1
        said = said - {"skipped"}
        figures["attempted"] += bool(said)
        figures["reached"] += bool(said - {"no_answer", "busy"})
        figures["positive"] += bool(said & {"booked", "will_come"})
        figures["booked"] += "booked" in said
    for each in ("expired", "moot", "cancelled"):
        figures[each] += status == each
    figures["skipped"] += task["close_reason"] == "skipped"
    figures["done"] += status == "done" and task["close_reason"] != "skipped"
    ready = status in {"open", "in_progress"} or (status == "waiting" and task["wait_until"] <= now)
    figures["overdue"] += ready and task["due_at"] < now


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_figures_equal_a_recount(units: Units, master: MasterKey, clock: TestClock, seed: int) -> None:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master, stores=2, employees=3, customers=24)
    await busy_days(world, clock, seed)
    for by in ("employee", "plan", "store"):
        rows = await world.do(doing(completion, world.scope("manager"), FROM, TO, by))
        expected = await recount(world, by)
        assert {row.key for row in rows} == set(expected)
        for row in rows:
            assert {name: getattr(row, name) for name in expected[row.key]} == dict(expected[row.key]), by
        assert sum(row.paid for row in rows) > 0
    mine = await world.do(lambda unit: completion(unit, world.scope("E1"), FROM, TO, "employee"))
    assert [row.key for row in mine] == [world.staff["E1"]]


async def test_days_in_the_wrong_order_and_unknown_break_downs_are_refused(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await make_world(units, master, employees=1)
    for first, last, by in ((TO, FROM, "plan"), (FROM, FROM + timedelta(days=401), "plan"), (FROM, TO, "mood")):
        with pytest.raises(Invalid):
            await world.do(doing(completion, world.scope("owner"), first, last, by))
    assert await world.do(lambda unit: completion(unit, world.scope("owner"), FROM, TO, "plan")) == []
