"""Value and rhythm over real books: who moves, closed days, and what the worker does."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from backend.jobs.sweeper import TO_TEND, Sweeper
from tasks.flow.close_store import close_store
from tasks.flow.tend_merchant import refresh_merchant, tend_merchant
from tasks.insight.rules import InsightRulesIn, Thresholds
from tasks.insight.service import put_rules, refresh_everybody
from tasks.insight.states import Method
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import CategoryIn, LineIn, ProductIn, SaleIn
from tasks.ledger.states import ProductKind
from tests.support.audience import meant
from tests.support.clock import TestClock, shanghai
from tests.support.plans import decisions, rows, start_plan, sweep
from tests.support.rows import doing
from tests.support.world import World, make_world

TODAY = date(2026, 3, 2)


@pytest.fixture
async def salon(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master)


async def rhythm(world: World, customer: str, category: str = "") -> dict[str, Any] | None:
    found = await rows(
        world,
        "select * from customer_rhythm where merchant_id = :merchant and customer_id = :customer and category = :category",
        customer=world.customers[customer],
        category=category,
    )
    return found[0] if found else None


async def insight(world: World, customer: str) -> dict[str, Any]:
    (found,) = await rows(
        world,
        "select * from customer_insight where merchant_id = :merchant and customer_id = :customer",
        customer=world.customers[customer],
    )
    return found


async def movements(world: World) -> list[tuple[str, str, str | None, str | None]]:
    """Customer code, what moved, from and to, in the order they happened."""
    codes = {one: code for code, one in world.customers.items()}
    found = await rows(
        world,
        """select e.customer_id, (select text_value from event_field f where f.merchant_id = e.merchant_id and f.event_id = e.id and f.name = 'what') as what,
             (select text_value from event_field f where f.merchant_id = e.merchant_id and f.event_id = e.id and f.name = 'from') as was,
             (select text_value from event_field f where f.merchant_id = e.merchant_id and f.event_id = e.id and f.name = 'to') as is_now
           from event e where e.merchant_id = :merchant and e.source = 'huifang:insight' and e.type = 'segment_changed' and e.state = 'accepted'
           order by e.occurred_at, 2""",
    )
    return [(codes[row["customer_id"]], row["what"], row["was"], row["is_now"]) for row in found]


async def came(world: World, customer: str, *days: int, service: str = "CUT", historic: bool = False) -> None:
    for ago in days:
        await world.sale(
            customer, shanghai("2026-03-02 07:00") - timedelta(days=ago), service=service, historic=historic
        )


async def test_three_days_make_a_rhythm_of_her_own_and_the_category_says_it_before(salon: World) -> None:
    await salon.customer("A")
    await came(salon, "A", 50, 29, service="LASH")
    before = await rhythm(salon, "A", "lash")
    assert before is not None
    assert (before["days"], before["own"], before["gap_open_days"] / before["gap_over"]) == (2, False, 21)
    await came(salon, "A", 10, service="LASH")
    after = await rhythm(salon, "A", "lash")
    assert after is not None
    assert (after["days"], after["own"], after["gap_open_days"], after["gap_over"]) == (3, True, 40, 2)
    assert await rhythm(salon, "A", "hair") is None
    whole = await rhythm(salon, "A")
    assert whole is not None
    assert (whole["days"], whole["last_on"]) == (3, TODAY - timedelta(days=10))


async def test_a_category_says_the_usual_gap_before_its_products_do(salon: World) -> None:
    await salon.customer("A")
    await salon.books("categories", CategoryIn(code="hair", name="美发", usual_gap_days=40))
    await came(salon, "A", 3)
    found = await rhythm(salon, "A", "hair")
    assert found is not None
    assert found["gap_open_days"] / found["gap_over"] == 40
    assert await meant(salon, {"condition": "overdue_ratio", "category": "lash", "atLeast": 0}) == set()


async def test_closed_days_are_no_days_of_a_gap(salon: World) -> None:
    """Came every ten days, then the store was closed for fifteen of the twenty-five days since: not overdue."""
    await salon.customer("A")
    await came(salon, "A", 45, 35, 25)
    assert (await insight(salon, "A"))["churn_level"] == "at_risk"
    assert await meant(salon, {"condition": "overdue_ratio", "atLeast": 2.5, "atMost": 2.5}) == {"A"}

    first, last = TODAY - timedelta(days=20), TODAY - timedelta(days=6)
    await salon.do(doing(close_store, salon.stores["S1"], first, last))
    await tend_merchant(salon.units, salon.merchant_id)
    assert (await insight(salon, "A"))["churn_level"] == "due"
    assert await meant(salon, {"condition": "overdue_ratio", "atLeast": 1, "below": 1.001}) == {"A"}
    assert await meant(salon, {"condition": "overdue_ratio", "above": 1}) == set()


async def test_a_weekday_that_is_closed_counts_neither_in_the_gap_nor_since(salon: World) -> None:
    await salon.do(lambda unit: unit.run("delete from store_hours where merchant_id = :merchant and weekday = 6"))
    await salon.customer("A")
    await came(salon, "A", 7)
    found = await rhythm(salon, "A")
    assert found is not None
    # Thirty calendar days are 30 * 6/7 open days, and six of the last seven days were open.
    assert (found["gap_open_days"], found["gap_over"]) == (180, 7)
    (today,) = await rows(
        salon, "select nth from store_open_day where merchant_id = :merchant and day_on = :today", today=TODAY
    )
    assert today["nth"] - found["last_nth"] == 6


async def test_who_moves_is_an_event_once_a_day_and_a_first_tier_is_none(salon: World, clock: TestClock) -> None:
    await salon.customer("A")
    await came(salon, "A", 40, 30, 20, 0, historic=True)
    await salon.do(refresh_everybody)
    assert await movements(salon) == []
    assert [(await insight(salon, "A"))[name] for name in ("rfm_tier", "rfm_before", "churn_level", "churn_before")] == [
        "valued", None, "active", None,
    ]  # fmt: skip
    await clock.advance(days=20)
    await salon.do(refresh_everybody)
    assert await movements(salon) == [("A", "churn", "active", "due")]
    await salon.do(refresh_everybody)
    assert len(await movements(salon)) == 1
    assert await meant(salon, {"condition": "churn_moved", "to": "due", "from": "active", "withinDays": 0}) == {"A"}
    assert await meant(salon, {"condition": "churn_level", "isOneOf": ["due"], "sinceWithinDays": 0}) == {"A"}
    await clock.advance(days=80)
    await salon.do(refresh_everybody)
    assert (await movements(salon))[1:] == [("A", "churn", "due", "lost"), ("A", "rfm", "valued", "maintain")]
    assert await meant(salon, {"condition": "churn_moved", "to": "due", "withinDays": 365}) == set()
    assert await meant(salon, {"condition": "rfm_moved", "to": "maintain", "withinDays": 30}) == {"A"}
    await salon.sale("A", await clock.now(), cash=100_000)
    assert (await movements(salon))[3:] == [("A", "churn", "lost", "active"), ("A", "rfm", "maintain", "champion")]


async def test_a_corrected_receipt_changes_the_tier_without_an_event_of_its_own(salon: World) -> None:
    await salon.customer("A")
    said = SaleIn(
        external_id="R", store="S1", at=shanghai("2026-03-01 12:00"), customer="A",
        lines=(LineIn(product="CUT", cash_cents=150_000),),
    )  # fmt: skip
    await salon.books("sales", said)
    assert (await insight(salon, "A"))["rfm_tier"] == "develop"
    corrected = SaleIn(
        external_id="R", store="S1", at=shanghai("2026-03-01 12:00"), customer="A",
        lines=(LineIn(product="LASH", cash_cents=15_000),),
    )  # fmt: skip
    await salon.books("sales", corrected)
    assert (await insight(salon, "A"))["rfm_tier"] == "newcomer"
    assert await rhythm(salon, "A", "hair") is None
    assert await rhythm(salon, "A", "lash") is not None


async def test_new_rules_judge_anew_and_move_nobody(salon: World) -> None:
    await salon.customer("A")
    await came(salon, "A", 1)
    await salon.do(refresh_everybody)
    said = InsightRulesIn(thresholds=Thresholds(frequency=1, money_cents=5_000))
    await salon.do(lambda unit: put_rules(unit, said, None))
    await came(salon, "A", 0)
    assert (await insight(salon, "A"))["rfm_tier"] == "newcomer", "until everybody is judged anew, the old rules hold"
    await salon.do(refresh_everybody)
    found = await insight(salon, "A")
    assert (found["rfm_tier"], found["rfm_before"]) == ("champion", None)
    assert await movements(salon) == []


async def test_an_import_marks_once_a_chunk_and_the_worker_computes_when_it_is_over(
    salon: World, clock: TestClock
) -> None:
    await salon.customer("A")
    tended: list[UUID] = []

    async def tend(merchant_id: UUID) -> None:
        if merchant_id == salon.merchant_id:
            tended.append(merchant_id)
            await tend_merchant(salon.units, merchant_id)

    sweeper = Sweeper(salon.units, tend, look=TO_TEND)
    await sweeper.run_once()
    assert tended == [salon.merchant_id], "no day has been computed yet"
    await sweeper.run_once()
    assert len(tended) == 1
    await came(salon, "A", 30, 20, 10, historic=True)
    assert await rhythm(salon, "A") is None
    assert len(await rows(salon, "select id from insight_due where merchant_id = :merchant")) == 3
    await sweeper.run_once()
    assert len(tended) == 1, "more may be coming"
    await clock.advance(seconds=61)
    await sweeper.run_once()
    assert len(tended) == 2
    found = await rhythm(salon, "A")
    assert found is not None
    assert found["days"] == 3
    assert await rows(salon, "select id from insight_due where merchant_id = :merchant") == []
    await clock.set(shanghai("2026-03-03 02:59"))
    assert salon.merchant_id not in await sweeper.due()
    await clock.set(shanghai("2026-03-03 03:00"))
    assert salon.merchant_id in await sweeper.due()


async def test_slice_by_slice_is_everybody_at_once(salon: World) -> None:
    for number in range(7):
        await salon.customer(f"A{number}")
        await came(salon, f"A{number}", *range(number, 40, 9), historic=True)
    await salon.do(lambda unit: put_rules(unit, InsightRulesIn(method=Method.QUINTILES), None))
    sliced = await refresh_merchant(salon.units, salon.merchant_id, size=3)
    assert sliced is not None
    assert sliced.customers == 7
    tables = ("customer_rhythm", "customer_insight")
    found = [
        await rows(salon, f"select * from {table} where merchant_id = :merchant order by 2, 3") for table in tables
    ]
    assert all(found)
    for table in tables:
        await salon.do(doing(Unit.run, f"delete from {table} where merchant_id = :merchant"))
    await salon.do(refresh_everybody)
    again = [
        await rows(salon, f"select * from {table} where merchant_id = :merchant order by 2, 3") for table in tables
    ]
    assert again == found


async def test_somebody_who_is_joined_into_another_record_has_no_value_any_more(salon: World) -> None:
    await salon.customer("A")
    await came(salon, "A", 1)
    assert await rhythm(salon, "A") is not None
    await salon.do(lambda unit: unit.run("update customer set status = 'merged' where merchant_id = :merchant"))
    await salon.do(refresh_everybody)
    assert await rhythm(salon, "A") is None
    assert await rows(salon, "select customer_id from customer_insight where merchant_id = :merchant") == []


async def test_a_birthday_that_many_share_is_made_up(salon: World) -> None:
    async def born(unit: Any) -> None:
        await unit.run(
            """insert into customer (merchant_id, id, sealed, birthday_on, created_at)
               select :merchant, new_uuid7(), '\\x00', case when n <= 20 then date '1990-01-01' else date '1950-01-01' + n end, :now
               from generate_series(1, 500) as n"""
        )

    await salon.do(born)
    await salon.do(refresh_everybody)
    found = await rows(salon, "select birthday_on from birthday_default where merchant_id = :merchant")
    assert [row["birthday_on"] for row in found] == [date(1990, 1, 1)]
    await salon.do(
        lambda unit: unit.run(
            """update customer set birthday_on = date '1991-05-05' where merchant_id = :merchant and id = (
                 select id from customer where merchant_id = :merchant and birthday_on = date '1990-01-01' limit 1)"""
        )
    )
    await salon.do(refresh_everybody)
    assert await rows(salon, "select birthday_on from birthday_default where merchant_id = :merchant") == []


async def test_a_new_category_of_a_product_counts_for_the_past(salon: World, clock: TestClock) -> None:
    await salon.customer("A")
    await came(salon, "A", 5)
    await salon.books(
        "products", ProductIn(code="CUT", name="剪发", kind=ProductKind.SERVICE, category="barber", price_cents=10_000)
    )
    await clock.advance(minutes=2)
    await tend_merchant(salon.units, salon.merchant_id)
    assert await rhythm(salon, "A", "hair") is None
    assert await rhythm(salon, "A", "barber") is not None


async def test_a_movement_is_an_event_that_a_plan_can_use(salon: World, clock: TestClock) -> None:
    await salon.customer("C1")
    await came(salon, "C1", 200)
    plan = await start_plan(
        salon,
        "second_visit",
        trigger={"events": ["segment_changed"], "offsets": [{"afterDays": 1, "at": "10:00"}], "firstVisit": False},
        audience={"condition": "rfm_moved", "to": "newcomer", "withinDays": 3},
        suppress={"appointment": False},
        holdOut=0,
    )
    await came(salon, "C1", 0)
    assert ("rfm", "newcomer") in [(what, to) for _, what, _, to in await movements(salon)]
    entered = await rows(
        salon,
        "select e.id from enrolment n join event e on e.merchant_id = n.merchant_id and e.id = n.event_id "
        "where n.merchant_id = :merchant and n.plan_id = :plan and e.type = 'segment_changed'",
        plan=plan,
    )
    assert len(entered) == 1
    await clock.advance(days=1, hours=3)
    await sweep(salon)
    assert (await decisions(salon))["C1"][-1] == "task"
