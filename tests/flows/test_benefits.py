"""Benefits by a moving clock: their days and hours, for whom and what they are, and what owners do with them."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from backend.db.units import Units
from tasks.benefits.faults import BenefitChanged, BenefitMoved
from tasks.benefits.states import BenefitState, Stands
from tasks.benefits.wording import benefit_words
from tasks.flow.keep_calendar import FestivalIn, FestivalUsed, add_festival, change_festival, remove_festival
from tasks.flow.manage_benefits import (
    MOST_ACTIVE,
    activate_benefit,
    change_benefit,
    create_benefit,
    end_benefit,
    page_of_benefits,
    pause_benefit,
    view_benefit,
)
from tasks.flow.manage_plans import create_plan
from tasks.flow.tend_benefits import tend_benefits
from tasks.flow.tend_merchant import tend_merchant
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CategoryIn, ProductIn
from tasks.ledger.states import ProductKind
from tasks.people.batches import Unknown
from tasks.people.service import create_store
from tasks.people.trait_inputs import LevelIn
from tasks.plans.calendars.yearly import OnDates, OnDay
from tests.support.benefits import ask, benefit, give, names, only, tell
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, rows
from tests.support.rows import doing
from tests.support.waiting import until
from tests.support.world import World, make_world

NEW_YORK = "America/New_York"
WAITING = text("select exists (select from pg_locks where not granted and locktype in ('transactionid', 'tuple'))")
MEMBER_DAY = {"kind": "monthly", "days": [18]}
LESS = {"kind": "percent_off", "percent": 12}


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    made = await make_world(units, master, stores=2, employees=1)
    await made.books("levels", LevelIn(code="gold", name="金卡", rank=3), LevelIn(code="plain", name="普卡"))
    await made.books("categories", CategoryIn(code="hair", name="美发"), CategoryIn(code="lash", name="美睫"))
    await made.customer("gold", level="gold", home_store="S2")
    await made.customer("plain", level="plain")
    return made


async def days(world: World) -> list[tuple[str, str]]:
    """Local day and zone of the days that are written and not over."""
    found = await rows(
        world,
        "select timezone, day_on from benefit_day where merchant_id = :merchant and to_at > :now order by from_at, timezone",
    )
    return [(row["day_on"].isoformat(), row["timezone"]) for row in found]


async def test_a_member_day_begins_and_ends_at_midnight_of_the_store(world: World, clock: TestClock) -> None:
    made = await give(world, days=MEMBER_DAY)
    assert made.coming_on == [date(2026, 3, 18), date(2026, 4, 18), date(2026, 5, 18)]
    for moment, told in (
        ("2026-03-17 23:59", []),
        ("2026-03-18 00:00", ["会员日"]),
        ("2026-03-18 23:59", ["会员日"]),
        ("2026-03-19 00:00", []),
        ("2026-04-18 12:00", ["会员日"]),
    ):
        await clock.set(shanghai(moment))
        assert await names(world) == told, moment
    one = await only(world)
    assert (one.words, one.multiplier, one.ends_at) == ("双倍积分", 200, shanghai("2026-04-19 00:00"))


async def test_hours_are_of_the_wall(world: World, clock: TestClock) -> None:
    await give(world, fromTime="10:00", toTime="21:00")
    told = []
    for moment in ("09:59", "10:00", "20:59", "21:00"):
        await clock.set(shanghai(f"2026-03-09 {moment}"))
        told.append(len((await ask(world)).benefits))
    assert told == [0, 1, 1, 0]


async def test_each_store_has_its_own_zone_and_its_clocks_change(world: World, clock: TestClock) -> None:
    await world.do(lambda unit: create_store(unit, code="NY", name="纽约店", timezone=NEW_YORK))
    await give(world, days={"kind": "dates", "dates": ["2026-03-08"]}, fromTime="02:30", toTime="24:00")
    # On 8 March clocks in New York jump from 02:00 to 03:00: what begins at 02:30 begins at 03:30.
    for at, told in (
        (datetime(2026, 3, 8, 7, 29, tzinfo=UTC), []),
        (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), ["会员日"]),
        (datetime(2026, 3, 9, 3, 59, tzinfo=UTC), ["会员日"]),
        (datetime(2026, 3, 9, 4, 0, tzinfo=UTC), []),
    ):
        await clock.set(at)
        assert await names(world, store="NY") == told, at
    await clock.set(shanghai("2026-03-08 02:30"))
    assert (await names(world), await names(world, store="NY")) == (["会员日"], [])


async def test_hours_that_a_change_of_clocks_swallows_are_none(world: World) -> None:
    await world.do(lambda unit: create_store(unit, code="NY", name="纽约店", timezone=NEW_YORK))
    await give(world, days={"kind": "dates", "dates": ["2026-03-08"]}, fromTime="02:30", toTime="03:00")
    assert await days(world) == [("2026-03-08", "Asia/Shanghai")]


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ({"kind": "weekly", "weekdays": ["tue"]}, ["2026-03-03", "2026-03-10"]),
        ({"kind": "monthly", "days": [31], "shortMonth": "skip"}, ["2026-03-31", "2026-05-31"]),
        ({"kind": "month_end"}, ["2026-03-31", "2026-04-30"]),
        ({"kind": "yearly", "month": 2, "day": 29}, ["2027-02-28"]),
        ({"kind": "lunar", "month": 8, "day": 15}, ["2026-09-25"]),
        ({"kind": "festival", "name": "mid_autumn", "offsetDays": -1, "lastsDays": 2}, ["2026-09-24", "2026-09-25"]),
        ({"kind": "solar_term", "term": "dong_zhi"}, ["2026-12-22"]),
        ({"kind": "festival", "name": "national_day", "lastsDays": 7}, [f"2026-10-0{day}" for day in range(1, 8)]),
        ({"kind": "dates", "dates": ["2026-11-11", "2026-03-02"]}, ["2026-03-02", "2026-11-11"]),
    ],
)
async def test_every_way_to_say_the_days(world: World, said: dict[str, Any], first: list[str]) -> None:
    await give(world, days=said)
    assert [day for day, _ in await days(world)][: len(first)] == first


async def test_it_is_given_only_between_its_first_and_last_day(world: World, clock: TestClock) -> None:
    await give(world, fromOn="2026-03-04", toOn="2026-03-05")
    assert [day for day, _ in await days(world)] == ["2026-03-04", "2026-03-05"]
    await clock.set(shanghai("2026-03-06 03:00"))
    await tend_benefits(world.units, world.merchant_id)
    page = await world.do(lambda unit: page_of_benefits(unit, "zh-CN", 10))
    assert [one.state for one in page.items] == [BenefitState.ENDED]


async def test_for_whom_and_where(world: World) -> None:
    await give(world, name="金卡", levels=["gold"])
    await give(world, name="二店", stores=["S2"])
    await give(world, name="会员", membersOnly=True)
    await give(world, name="人人")
    assert await names(world, customer="gold") == sorted(["金卡", "会员", "人人"])
    assert await names(world, customer="plain") == sorted(["会员", "人人"])
    assert await names(world, customer="gold", store=None) == sorted(["金卡", "二店", "会员", "人人"])
    assert await names(world, customer="plain", store="S2") == sorted(["二店", "会员", "人人"])
    assert await names(world, customer=str(world.customers["gold"])) == sorted(["金卡", "会员", "人人"])
    assert await names(world) == ["人人"]
    told = await ask(world, customer="nobody knows her")
    assert (told.customer_known, [one.name for one in told.benefits]) == (False, ["人人"])
    with pytest.raises(NotFound):
        await ask(world, store="nowhere")


async def test_one_who_was_erased_is_nobody_in_particular(world: World) -> None:
    await give(world, levels=["gold"])
    await rows(
        world,
        "update customer set status = 'erased' where merchant_id = :merchant and id = :id returning id",
        id=world.customers["gold"],
    )
    assert await names(world, customer="gold") == []


async def test_a_level_counts_from_the_moment_it_changes(world: World) -> None:
    await give(world, levels=["gold"])
    assert await names(world, customer="plain") == []
    await world.customer("plain", level="gold")
    assert await names(world, customer="plain") == ["会员日"]


async def test_for_certain_items(world: World) -> None:
    await give(world, name="美睫", gain=LESS, categories=["lash"])
    await give(world, name="护发油", gain=LESS, products=["OIL"])
    await give(world, name="全场", gain=LESS)
    assert await names(world, product="LASH") == sorted(["美睫", "全场"])
    assert await names(world, product="OIL") == sorted(["护发油", "全场"])
    told = await ask(world, 10_000, product="no such thing")
    assert (told.product_known, [one.name for one in told.benefits]) == (False, ["全场"])
    whole = {one.name: one for one in (await ask(world, 10_000)).benefits}
    assert {name: one.stands for name, one in whole.items()} == {
        "美睫": Stands.NEEDS_PRODUCT,
        "护发油": Stands.NEEDS_PRODUCT,
        "全场": Stands.APPLIES,
    }
    assert [(item.category, item.product, item.name) for item in whole["美睫"].items] == [("lash", None, "美睫")]
    assert (whole["美睫"].words, whole["全场"].words) == ("美睫8.8折", "8.8折")


async def test_a_member_price_is_for_its_product(world: World) -> None:
    prices = [{"product": "LASH", "cents": 15_000}, {"product": "CUT", "cents": 8_000}]
    await give(world, gain={"kind": "member_price", "prices": prices})
    lash = await ask(world, product="LASH")
    assert (lash.amount_cents, lash.benefits[0].price_cents, lash.benefits[0].saved_cents) == (20_000, 15_000, 5_000)
    assert lash.combinations[0].pay_cents == 15_000
    assert (await only(world, 14_000, product="LASH")).saved_cents == 0
    await world.books("products", ProductIn(code="LASH", name="美睫", kind=ProductKind.SERVICE, price_cents=-1))
    assert (await ask(world, product="LASH")).amount_cents == 0
    assert await names(world, product="OIL") == []
    whole = await only(world)
    assert [(item.product, item.cents) for item in whole.items] == [("LASH", 15_000), ("CUT", 8_000)]
    assert whole.words == "指定项目会员价"


async def test_minimum_spend_and_every_so_much(world: World) -> None:
    await give(world, gain={"kind": "amount_off", "offCents": 5_000, "each": True}, minSpendCents=30_000)
    assert (await only(world)).stands is Stands.NEEDS_AMOUNT
    below = await ask(world, 29_999)
    assert (below.benefits[0].stands, below.combinations) == (Stands.BELOW_MINIMUM, [])
    assert [(await only(world, amount)).saved_cents for amount in (30_000, 59_999, 60_000)] == [5_000, 5_000, 10_000]


async def test_an_edit_counts_from_its_instant(world: World, clock: TestClock) -> None:
    made = await give(world, fromTime="08:00", toTime="20:00")
    await clock.set(shanghai("2026-03-02 10:00"))
    later = benefit(fromTime="11:00", toTime="12:00")
    with pytest.raises(BenefitChanged):
        await world.do(lambda unit: change_benefit(unit, (made.id, made.etag + 1), later, "zh-CN"))
    changed = await world.do(lambda unit: change_benefit(unit, (made.id, made.etag), later, "zh-CN"))
    assert changed.etag == made.etag + 1
    assert await names(world) == []
    await clock.set(shanghai("2026-03-02 11:00"))
    assert (await only(world)).ends_at == shanghai("2026-03-02 12:00")
    over = await rows(
        world,
        "select from_at, to_at from benefit_day where merchant_id = :merchant and from_at < :before",
        before=shanghai("2026-03-02 09:00"),
    )
    assert over == [{"from_at": shanghai("2026-03-02 08:00"), "to_at": over[0]["to_at"]}]
    assert over[0]["to_at"] < shanghai("2026-03-02 10:01")


async def test_pausing_stops_at_once_and_activating_goes_on(world: World) -> None:
    made = await give(world)
    paused = await world.do(lambda unit: pause_benefit(unit, (made.id, made.etag), "zh-CN"))
    assert (await names(world), await days(world)) == ([], [])
    with pytest.raises(BenefitMoved):
        await world.do(lambda unit: pause_benefit(unit, (made.id, None), "zh-CN"))
    again = await world.do(lambda unit: activate_benefit(unit, (made.id, paused.etag), "zh-CN"))
    assert await names(world) == ["会员日"]
    await world.do(lambda unit: end_benefit(unit, (made.id, again.etag), "zh-CN"))
    assert await names(world) == []
    for move in (activate_benefit, pause_benefit, end_benefit):
        with pytest.raises(BenefitMoved):
            await world.do(doing(move, (made.id, None), "zh-CN"))
    with pytest.raises(BenefitMoved):
        await world.do(lambda unit: change_benefit(unit, (made.id, None), benefit(), "zh-CN"))


async def test_a_draft_is_not_given(world: World) -> None:
    made = await world.do(lambda unit: create_benefit(unit, benefit(), "zh-CN"))
    assert (made.state, await names(world), await count(world, "benefit_day")) == (BenefitState.DRAFT, [], 0)


async def test_days_are_written_a_year_ahead_and_again_each_day(world: World, clock: TestClock) -> None:
    await give(world)
    assert len(await days(world)) == 401
    assert await tend_benefits(world.units, world.merchant_id) == 0
    await clock.set(shanghai("2026-03-03 03:00"))
    assert await tend_benefits(world.units, world.merchant_id) == 1
    assert [day for day, _ in await days(world)][-1] == "2027-04-07"
    assert await tend_benefits(world.units, world.merchant_id) == 0
    written = await count(world, "benefit_day")
    await clock.set(shanghai("2027-05-01 03:00"))
    assert await tend_benefits(world.units, world.merchant_id) == 1
    # What was over for four hundred days is gone, and the rest of what was written before is kept.
    assert (written, await count(world, "benefit_day")) == (402, 401 + 376)


async def test_one_that_is_paused_while_its_days_are_written_has_none(world: World, clock: TestClock) -> None:
    made = await give(world)
    await clock.set(shanghai("2026-03-03 03:00"))

    async def waits() -> bool:
        async with world.units.nameless() as session:
            return bool((await session.execute(WAITING)).scalar())

    async with world.units.open(world.merchant_id) as unit:
        await pause_benefit(unit, (made.id, None), "zh-CN")
        tending = asyncio.create_task(tend_benefits(world.units, world.merchant_id))
        await until(waits)
    assert await tending == 1
    assert await days(world) == []


async def test_the_sweep_of_a_merchant_tends_benefits(world: World, clock: TestClock) -> None:
    await give(world)
    await clock.set(shanghai("2026-03-05 03:00"))
    await tend_merchant(world.units, world.merchant_id)
    assert [day for day, _ in await days(world)][-1] == "2027-04-09"


async def test_a_store_in_a_new_zone_is_written_with_the_next_look(world: World, clock: TestClock) -> None:
    await give(world)
    await world.do(lambda unit: create_store(unit, code="NY", name="纽约店", timezone=NEW_YORK))
    assert await names(world, store="NY") == []
    await clock.set(shanghai("2026-03-03 03:00"))
    await tend_benefits(world.units, world.merchant_id)
    assert await names(world, store="NY") == ["会员日"]


async def test_an_own_festival_moves_the_days_by_it(world: World, clock: TestClock) -> None:
    with pytest.raises(Invalid) as refused:
        await give(world, days={"kind": "festival", "name": "店庆"})
    assert refused.value.field == "days.name"
    festival = FestivalIn(name="店庆", days=OnDay(month=3, day=9))
    row = await world.do(lambda unit: add_festival(unit, festival))
    made = await give(world, days={"kind": "festival", "name": "店庆"})
    assert [day for day, _ in await days(world)] == ["2026-03-09", "2027-03-09"]
    moved = FestivalIn(name="店庆", days=OnDates(dates=(date(2026, 3, 11),)))
    named = FestivalIn(name="周年", days=moved.days)
    with pytest.raises(FestivalUsed):
        await world.do(lambda unit: change_festival(unit, row.id, named, row.etag))
    with pytest.raises(FestivalUsed):
        await world.do(lambda unit: remove_festival(unit, row.id, row.etag))
    await world.do(lambda unit: change_festival(unit, row.id, moved, row.etag))
    assert [day for day, _ in await days(world)] == ["2026-03-11"]
    await clock.set(shanghai("2026-03-12 08:00"))
    paused = await world.do(lambda unit: pause_benefit(unit, (made.id, None), "zh-CN"))
    with pytest.raises(Invalid):
        await world.do(lambda unit: activate_benefit(unit, (made.id, paused.etag), "zh-CN"))


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": " 会员日"}, "name"),
        ({"name": "会员\u0007日"}, "name"),
        ({"days": {"kind": "monthly", "days": [18, 18]}}, "days.days[1]"),
        ({"days": {"kind": "yearly", "month": 2, "day": 30}}, "days.day"),
        ({"days": {"kind": "weekly", "weekdays": ["mon", "mon"]}}, "days.weekdays[1]"),
        ({"days": {"kind": "dates", "dates": ["2026-05-01", "2026-05-01"]}}, "days.dates[1]"),
        ({"days": {"kind": "dates", "dates": ["9999-12-31"]}}, "days.dates[0]"),
        ({"fromOn": "0001-01-01"}, "fromOn"),
        ({"fromOn": "2026-05-02", "toOn": "2026-05-01"}, "toOn"),
        ({"fromTime": "21:00", "toTime": "21:00"}, "toTime"),
        ({"toTime": "00:00"}, "toTime"),
        ({"gain": {"kind": "amount_off", "offCents": 5_000, "each": True}}, "minSpendCents"),
        ({"gain": {"kind": "amount_off", "offCents": 5_000}, "minSpendCents": 5_000}, "gain.offCents"),
        ({"gain": {"kind": "member_price", "prices": [{"product": "CUT", "cents": 1}] * 2}}, "gain.prices[1]"),
        ({"gain": {"kind": "member_price", "prices": [{"product": "CUT", "cents": 1}]}, "products": ["CUT"]}, "products"),
        ({"gain": {"kind": "member_price", "prices": [{"product": "CUT", "cents": 1}]}, "minSpendCents": 1}, "minSpendCents"),
        ({"levels": ["gold", "gold"]}, "levels[1]"),
    ],
)  # fmt: skip
async def test_what_cannot_be_kept_is_refused_by_its_field(world: World, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await world.do(lambda unit: create_benefit(unit, benefit(**said), "zh-CN"))
    assert refused.value.field == field
    assert await count(world, "benefit") == 0


async def test_nobody_names_another_merchants_things(world: World, units: Units, master: MasterKey) -> None:
    other = await make_world(units, master)
    await other.books("levels", LevelIn(code="black", name="黑卡"))
    await other.books("categories", CategoryIn(code="spa", name="水疗"))
    plan = await other.do(lambda unit: create_plan(unit, "second_visit"))
    foreign: tuple[tuple[dict[str, Any], str], ...] = (
        ({"levels": ["gold", "black"]}, "levels[1]"),
        ({"stores": ["S1", "S3"]}, "stores[1]"),
        ({"categories": ["spa"]}, "categories[0]"),
        ({"products": ["nothing"]}, "products[0]"),
        ({"gain": {"kind": "member_price", "prices": [{"product": "nothing", "cents": 1}]}}, "gain.prices[0].product"),
        ({"planId": str(plan.id)}, "planId"),
        ({"planId": str(new_id())}, "planId"),
    )
    for said, field in foreign:
        with pytest.raises(Unknown) as refused:
            await world.do(doing(create_benefit, benefit(**said), "zh-CN"))
        assert refused.value.field == field
    assert await count(world, "benefit") == 0


async def test_what_is_stored_is_what_was_said(world: World) -> None:
    plan = await world.do(lambda unit: create_plan(unit, "second_visit"))
    said = benefit(
        days={"kind": "monthly", "days": [8, 18], "shortMonth": "skip", "offsetDays": -1, "lastsDays": 2}, fromTime="10:30", toTime="21:00",
        fromOn="2026-03-01", toOn="2027-03-01", gain={"kind": "amount_off", "offCents": 5_000, "each": True}, minSpendCents=30_000,
        levels=["gold", "plain"], stores=["S1", "S2"], products=["OIL", "CUT"], categories=["lash", "hair"], membersOnly=True, stacking="exclusive",
        caps={"perBillCents": 1, "perDayCents": 2, "perDayTimes": 3}, budget={"amount": 9, "unit": "uses", "period": "month"}, planId=str(plan.id),
    )  # fmt: skip
    made = await world.do(lambda unit: create_benefit(unit, said, "zh-CN"))
    assert made.definition == said
    other = benefit(gain={"kind": "member_price", "prices": [{"product": "OIL", "cents": 3}]}, fromTime="00:00")
    changed = await world.do(lambda unit: change_benefit(unit, (made.id, made.etag), other, "zh-CN"))
    assert changed.definition == other
    assert await world.do(lambda unit: view_benefit(unit, made.id, "en")) == changed.__class__(
        **{name: getattr(changed, name) for name in changed.__struct_fields__} | {"words": "护发油 at ¥0.03"}
    )


async def test_an_amount_off_is_said_in_words(world: World) -> None:
    gain = {"kind": "amount_off", "offCents": 5_000}
    made = await give(world, gain=gain)
    least = await give(world, gain=gain | {"each": True}, minSpendCents=30_000, products=["OIL", "CUT"])
    english = [(await world.do(doing(view_benefit, one.id, "en"))).words for one in (made, least)]
    assert [made.words, least.words] == ["减50元", "指定项目每满300减50"]
    assert english == ["¥50 off", "¥50 off every ¥300 on selected items"]
    with pytest.raises(NotFound):
        await world.do(doing(view_benefit, new_id(), "en"))


async def test_no_day_to_come_cannot_be_turned_on(world: World) -> None:
    for said in (
        {"days": {"kind": "dates", "dates": ["2026-03-01"]}},
        {"toOn": "2026-03-01"},
        {"days": MEMBER_DAY, "fromOn": "2026-03-19", "toOn": "2026-04-17"},
    ):
        with pytest.raises(Invalid) as refused:
            await give(world, **said)
        assert refused.value.field == "days"
    await give(world, days={"kind": "dates", "dates": ["2029-01-01"]})
    assert await days(world) == []


async def test_a_merchant_has_so_many_active_ones_at_most(world: World) -> None:
    made = await give(world)
    await rows(
        world,
        "insert into benefit (merchant_id, id, name, state, days, from_time, gain, value, stacking, created_at, changed_at) "
        "select merchant_id, new_uuid7(), name || n, state, days, from_time, gain, value, stacking, created_at, changed_at "
        "from benefit, generate_series(2, :most) n where merchant_id = :merchant and id = :id returning id",
        id=made.id, most=MOST_ACTIVE,
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        await give(world)
    assert refused.value.field == "state"


async def test_a_list_has_pages(world: World) -> None:
    for number in range(3):
        await world.do(doing(create_benefit, benefit(name=f"第{number}"), "zh-CN"))
    first = await world.do(lambda unit: page_of_benefits(unit, "zh-CN", 2))
    rest = await world.do(lambda unit: page_of_benefits(unit, "zh-CN", 2, first.next_cursor))
    assert [one.name for one in (*first.items, *rest.items)] == ["第0", "第1", "第2"]
    assert rest.next_cursor is None


async def test_words_of_a_plan_are_true_on_the_day(world: World, clock: TestClock) -> None:
    plan = await world.do(lambda unit: create_plan(unit, "second_visit"))
    made = await give(world, days=MEMBER_DAY, planId=str(plan.id))
    await give(world, days=MEMBER_DAY, planId=str(plan.id), gain=LESS, minSpendCents=30_000)
    member_day, ordinary = date(2026, 3, 18), date(2026, 3, 17)

    async def words(day: date, locale: Any = "zh-CN") -> str | None:
        return await world.do(lambda unit: benefit_words(unit, plan_id=plan.id, day=day, locale=locale))

    assert await words(member_day) == "双倍积分，满300元8.8折"
    assert await words(member_day, "en") == "double points, 12% off when you spend ¥300"
    assert await words(ordinary) is None
    await clock.set(shanghai("2026-03-18 12:00"))
    await world.do(lambda unit: pause_benefit(unit, (made.id, None), "zh-CN"))
    assert await words(member_day) == "满300元8.8折"
    own = await world.do(lambda unit: benefit_words(unit, benefit_id=made.id, day=member_day, locale="en"))
    assert own is None


async def test_what_was_given_stands_beside_the_benefit(world: World, clock: TestClock) -> None:
    made = await give(world, gain=LESS)
    await tell(world, made.id, 10_000, saved_cents=1_200)
    await clock.set(shanghai("2026-03-03 08:00"))
    await tell(world, made.id, 20_000, saved_cents=2_400)
    await clock.advance(timedelta(minutes=1))
    seen = await world.do(lambda unit: view_benefit(unit, made.id, "zh-CN"))
    assert (seen.spent.day.cents, seen.spent.month.cents, seen.spent.all.times) == (2_400, 3_600, 2)
