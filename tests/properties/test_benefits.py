"""Benefits equal plain readings of their rules: days against a walk over the calendar, what a till is told against Python, sets against all subsets."""

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.benefits.ahead import given_days, windows
from tasks.benefits.combining import Basket, combinations, stands
from tasks.benefits.days import DatesDays, days_from, schedule
from tasks.benefits.offers import Offer
from tasks.benefits.rules import most_off
from tasks.benefits.shapes import BenefitIn
from tasks.benefits.states import BudgetUnit, GainKind, Stacking, Stands
from tasks.flow.tend_benefits import tend_benefits
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CategoryIn
from tasks.people.inputs import CustomerIn
from tasks.people.service import create_store
from tasks.people.trait_inputs import LevelIn
from tasks.plans.calendars.festivals import BUILT_IN
from tasks.plans.calendars.names import Term
from tests.support.benefits import ask, benefit, give
from tests.support.clock import TestClock
from tests.support.oracle_of_days import days_by_walking, instant_by_transitions
from tests.support.world import World, make_world

ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana")
START = date(2026, 3, 1)
SPAN = timedelta(days=500)

repeated = st.fixed_dictionaries({"offsetDays": st.integers(-3, 3), "lastsDays": st.integers(1, 4)})
month_days = st.integers(1, 31)
rules = st.one_of(
    st.builds(lambda days: {"kind": "weekly", "weekdays": days}, st.lists(st.sampled_from(["mon", "sat", "sun"]), min_size=1, unique=True)),
    st.builds(
        lambda days, short: {"kind": "monthly", "days": days, "shortMonth": short},
        st.lists(month_days, min_size=1, max_size=4, unique=True), st.sampled_from(["clamp", "skip"]),
    ),
    st.just({"kind": "month_end"}),
    st.builds(lambda month, day: {"kind": "yearly", "month": month, "day": day}, st.integers(1, 12), st.integers(1, 28)),
    st.just({"kind": "yearly", "month": 2, "day": 29}),
    st.builds(lambda term: {"kind": "solar_term", "term": term.value}, st.sampled_from(Term)),
    st.builds(lambda month, day: {"kind": "lunar", "month": month, "day": day}, st.integers(1, 12), st.integers(1, 30)),
    st.builds(lambda name: {"kind": "festival", "name": name}, st.sampled_from(sorted(BUILT_IN))),
)  # fmt: skip
days = st.one_of(
    st.just({"kind": "daily"}),
    st.builds(lambda rule, more: rule | more, rules, repeated),
    st.builds(
        lambda dates: {"kind": "dates", "dates": [day.isoformat() for day in dates]},
        st.lists(st.dates(START, START + SPAN), min_size=1, max_size=5, unique=True),
    ),
)
walls = st.sampled_from(["00:00", "01:30", "02:00", "02:30", "10:00", "23:30"])


@st.composite
def hours(draw: Any) -> dict[str, str]:
    begin, end = draw(walls), draw(st.sampled_from(["02:15", "03:00", "12:00", "23:59", "24:00"]))
    return {"fromTime": begin, "toTime": end} if begin < end else {"fromTime": begin}


def days_by_asking(said: BenefitIn, first: date, last: date) -> list[date]:
    """Every day of the window is asked: is it one of those that follow a day of the rule."""
    if isinstance(said.days, DatesDays):
        return [day for day in sorted(said.days.dates) if first <= day <= last]
    rule = schedule(said.days)
    length = getattr(said.days, "lasts_days", 1)
    begun = set(days_by_walking(rule, first - timedelta(days=length), last, {}))
    walk = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in walk if any(day - timedelta(days=n) in begun for n in range(length))]


def window_by_transitions(said: BenefitIn, day: date, zone: str) -> tuple[int, int]:
    end = said.closes
    after = (day + timedelta(days=1), time(0)) if end is None else (day, end)
    return instant_by_transitions(day, said.opens, zone), instant_by_transitions(*after, zone)


@settings(max_examples=150, deadline=None)
@given(days, hours(), st.sampled_from(ZONES), st.integers(0, 100))
def test_days_and_hours_equal_a_walk_over_the_calendar(
    rule: dict[str, Any], wall: dict[str, str], zone: str, later: int
) -> None:
    said = benefit(days=rule, **wall)
    first, last = START + timedelta(days=later), START + SPAN
    found = given_days(said, first, last)
    assert found == days_by_asking(said, first, last)
    assert list(itertools.islice(days_from(said.days, first, last), 9)) == found[:9]
    wanted = [(day, *window_by_transitions(said, day, zone)) for day in found]
    told = [
        (one.day_on, int(one.from_at.timestamp()), int(one.to_at.timestamp())) for one in windows(said, zone, found)
    ]
    assert told == [one for one in wanted if one[2] > one[1]]


@dataclass(frozen=True)
class Person:
    level: str | None
    home: str | None


STORES = {"SH": "Asia/Shanghai", "NY": "America/New_York", "LH": "Australia/Lord_Howe"}
PRODUCTS = {"CUT": "hair", "LASH": "lash", "OIL": None}
LEVELS = ("gold", "silver")


@st.composite
def offered(draw: Any) -> dict[str, Any]:
    """A benefit as the outside says it, over a few days, stores, levels and items."""

    def some(*names: str) -> list[str]:
        chosen: list[str] = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
        return chosen

    return {
        "days": draw(
            st.one_of(
                st.builds(
                    lambda dates: {"kind": "dates", "dates": [day.isoformat() for day in dates]},
                    st.lists(st.dates(date(2026, 3, 7), date(2026, 3, 9)), min_size=1, max_size=3, unique=True),
                ),
                st.just({"kind": "weekly", "weekdays": ["sat", "sun"]}),
            )
        ),
        **draw(hours()),
        "levels": some(*LEVELS),
        "stores": some(*STORES),
        "products": some(*PRODUCTS),
        "categories": some("hair", "lash"),
        "membersOnly": draw(st.booleans()),
    }


def is_given(said: BenefitIn, at: datetime, who: Person | None, store: str | None, product: str | None) -> bool:
    """The rules as one would read them aloud."""
    home = store or (who.home if who else None)
    zone = STORES[home] if home else "Asia/Shanghai"
    day = datetime.fromtimestamp(at.timestamp(), UTC).date()
    near = (day + timedelta(days=n) for n in (-1, 0, 1))
    runs = any(
        window_by_transitions(said, one, zone)[0] <= at.timestamp() < window_by_transitions(said, one, zone)[1]
        for one in near
        if one in days_by_asking(said, one, one)
    )
    hers = not said.levels or (who is not None and who.level in said.levels)
    here = not said.stores or home in said.stores
    everything = not said.products and not said.categories
    fits = product is None or everything or product in said.products or PRODUCTS.get(product) in said.categories
    return runs and hers and here and fits and (who is not None or not said.members_only)


PEOPLE = {
    "nobody": None,
    "gold": Person("gold", "SH"),
    "silver": Person("silver", None),
    "plain": Person(None, "NY"),
    "odd": Person("bronze", "LH"),
}
moments = st.one_of(
    st.datetimes(datetime(2026, 3, 6, 12), datetime(2026, 3, 10, 12), timezones=st.just(UTC)),  # noqa: DTZ001  # the zone is said beside
    st.sampled_from([datetime(2026, 3, 8, 7, 0, tzinfo=UTC), datetime(2026, 3, 8, 7, 30, tzinfo=UTC), datetime(2026, 3, 7, 13, 0, tzinfo=UTC)]),
)  # fmt: skip
questions = st.tuples(
    moments,
    st.sampled_from(sorted(PEOPLE)),
    st.sampled_from([None, *STORES]),
    st.sampled_from([None, *PRODUCTS, "nothing"]),
)


async def chain(units: Units, master: MasterKey) -> World:
    world = await make_world(units, master, stores=0, employees=0)
    async with world.units.open(world.merchant_id) as unit:
        for code, zone in STORES.items():
            world.stores[code] = await create_store(unit, code=code, name=code, timezone=zone)
    await world.books("levels", *(LevelIn(code=code, name=code) for code in (*LEVELS, "bronze")))
    await world.books("categories", CategoryIn(code="hair", name="美发"), CategoryIn(code="lash", name="美睫"))
    for name, person in PEOPLE.items():
        if person:
            await world.books(
                "customers", CustomerIn(external_id=name, name=name, level=person.level, home_store=person.home)
            )
    return world


@settings(
    max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(offered(), min_size=1, max_size=6), st.lists(questions, min_size=5, max_size=15))
async def test_what_a_till_is_told_equals_a_plain_reading(
    units: Units, master: MasterKey, clock: TestClock, said: list[dict[str, Any]], asked: list[Any]
) -> None:
    await clock.set(datetime(2026, 3, 5, 0, 0, tzinfo=UTC))
    world = await chain(units, master)
    made = [await give(world, name=str(number), **one) for number, one in enumerate(said)]
    for at, name, store, product in sorted(asked, key=lambda one: one[0]):
        now = await clock.set(at)
        await tend_benefits(world.units, world.merchant_id)
        told = await ask(world, customer=name, store=store, product=product)
        wanted = [one.id for one in made if is_given(one.definition, now or at, PEOPLE[name], store, product)]
        assert [one.id for one in told.benefits] == wanted, (at, name, store, product)


@st.composite
def offers_of(draw: Any) -> list[Offer]:
    """Up to six benefits that are on, with everything that bears on what they come to."""
    maybe = st.none() | st.integers(1, 3_000)
    made = []
    for number in range(draw(st.integers(0, 6))):
        gain = draw(st.sampled_from(GainKind))
        value = {
            GainKind.POINTS: draw(st.sampled_from([150, 200, 300])),
            GainKind.PERCENT_OFF: draw(st.sampled_from([1, 12, 33, 99])),
            GainKind.AMOUNT_OFF: draw(st.sampled_from([1, 500, 5_000])),
            GainKind.MEMBER_PRICE: None,
        }[gain]
        least = draw(st.sampled_from([0, 0, 1_000]))
        budget = draw(st.none() | st.integers(0, 2_000))
        made.append(
            Offer(
                id=UUID(int=number), name=str(number), day_on=START, from_at=datetime(2026, 3, 1, tzinfo=UTC), to_at=datetime(2026, 3, 2, tzinfo=UTC),
                gain=gain, value=value, each=gain is GainKind.AMOUNT_OFF and least > 0 and draw(st.booleans()),
                stacking=draw(st.sampled_from(Stacking)), min_spend_cents=least, per_bill_cents=draw(maybe), per_day_cents=draw(maybe),
                per_day_times=draw(st.none() | st.integers(1, 2)), budget_amount=budget,
                budget_unit=None if budget is None else draw(st.sampled_from(BudgetUnit)), by_item=gain is GainKind.MEMBER_PRICE or draw(st.booleans()),
                price_cents=draw(st.integers(1, 3_000)) if gain is GainKind.MEMBER_PRICE else None, items=(), her_cents=draw(st.integers(0, 1_500)),
                her_times=draw(st.integers(0, 2)), all_cents=draw(st.integers(0, 2_500)), all_times=draw(st.integers(0, 3)),
            )
        )  # fmt: skip
    return made


def may_go_together(some: tuple[Offer, ...]) -> bool:
    money = [one for one in some if one.stacking is Stacking.BEST and one.gain is not GainKind.POINTS]
    points = [one for one in some if one.stacking is Stacking.BEST and one.gain is GainKind.POINTS]
    alone = any(one.stacking is Stacking.EXCLUSIVE for one in some)
    return len(money) <= 1 and len(points) <= 1 and not (alone and len(some) > 1)


def worth(some: tuple[Offer, ...], amount: int) -> tuple[int, int]:
    """What a set takes off, and its multiplier, counted step by step."""
    left = amount
    for kind in (GainKind.MEMBER_PRICE, GainKind.PERCENT_OFF, GainKind.AMOUNT_OFF):
        for one in (one for one in some if one.gain is kind):
            bounds = [left, one.per_bill_cents or left]
            if one.per_day_cents is not None:
                bounds.append(one.per_day_cents - one.her_cents)
            if one.budget_amount is not None and one.budget_unit is BudgetUnit.CENTS:
                bounds.append(one.budget_amount - one.all_cents)
            number = one.value or 0
            off = {
                GainKind.MEMBER_PRICE: left - (one.price_cents or 0),
                GainKind.PERCENT_OFF: round(left * number / 100 + 1e-9),
                GainKind.AMOUNT_OFF: number * (amount // one.min_spend_cents if one.each else 1),
            }[kind]
            left -= max(0, min(off, *bounds))
    extra = sum((one.value or 100) - 100 for one in some if one.gain is GainKind.POINTS)
    return amount - left, 100 + extra


def can_be_given(one: Offer, basket: Basket) -> bool:
    spent = one.budget_amount is not None and one.budget_amount <= (
        one.all_cents if one.budget_unit is BudgetUnit.CENTS else one.all_times
    )
    capped = (one.per_day_cents is not None and one.per_day_cents <= one.her_cents) or (
        one.per_day_times is not None and one.per_day_times <= one.her_times
    )
    enough = (basket.amount or 0) >= one.min_spend_cents
    return not spent and not capped and enough and (basket.by_product or not one.by_item)


@settings(max_examples=300, deadline=None)
@given(offers_of(), st.builds(Basket, st.integers(0, 6_000), by_product=st.booleans()))
def test_the_first_combination_is_the_best_of_all_subsets(made: list[Offer], basket: Basket) -> None:
    amount = basket.amount or 0
    applying = [one for one in made if can_be_given(one, basket)]
    assert [one for one in made if stands(one, basket) is Stands.APPLIES] == applying
    subsets = [some for size in range(1, 7) for some in itertools.combinations(applying, size) if may_go_together(some)]
    found = combinations(made, basket)
    known = {one.id: one for one in applying}
    for one in found:
        some = tuple(known[part.benefit] for part in one.parts)
        assert may_go_together(some)
        assert (one.saved_cents, one.multiplier) == worth(some, amount)
        assert one.saved_cents == sum(part.saved_cents or 0 for part in one.parts)
        assert one.pay_cents == amount - (one.saved_cents or 0)
    ranks = [(one.saved_cents or 0, one.multiplier) for one in found]
    assert ranks == sorted(ranks, reverse=True)
    # Nobody saves less by giving more, so the best of what is listed is the best there is; what applies is somewhere in it.
    assert max((worth(some, amount) for some in subsets), default=None) == (ranks[0] if ranks else None)
    unlisted = set(known) - {part.benefit for one in found for part in one.parts}
    assert all(known[one].gain is GainKind.POINTS and known[one].stacking is Stacking.BEST for one in unlisted)


@given(st.integers(1, 99), st.integers(0, 10**8))
def test_a_percentage_is_rounded_half_up_and_never_more_than_tills_may(percent: int, cents: int) -> None:
    offer = msgspec.structs.replace(LESS, value=percent)
    (one,) = combinations([offer], Basket(cents))
    exact = cents * percent
    assert one.saved_cents is not None
    assert abs(one.saved_cents * 100 - exact) <= 50
    assert one.saved_cents <= most_off(GainKind.PERCENT_OFF, percent, cents, 1) <= cents


LESS = Offer(
    id=UUID(int=1), name="", day_on=START, from_at=datetime(2026, 3, 1, tzinfo=UTC), to_at=datetime(2026, 3, 2, tzinfo=UTC), gain=GainKind.PERCENT_OFF,
    value=1, each=False, stacking=Stacking.BEST, min_spend_cents=0, per_bill_cents=None, per_day_cents=None, per_day_times=None, budget_amount=None,
    budget_unit=None, by_item=False, price_cents=None, items=(), her_cents=0, her_times=0, all_cents=0, all_times=0,
)  # fmt: skip
