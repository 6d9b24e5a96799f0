"""Who a customer is, against plain Python."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.people.contact_state import lock_contact_state
from tasks.people.states import Gender, TagHand
from tasks.people.tagging import By, give, take
from tests.support.audience_draft import MANY_EXAMPLES, Draft, drafting, fresh, near, only
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

TODAY = date(2028, 3, 1)
REGIONS = {"S1": "东区", "S2": "西区", "S3": None, "S4": ""}
CODES = ("gold", "银卡", "G", "")
TAGS = ("怕疼", "{}", "VIP")


@pytest.fixture
async def salon(units: Units, master: MasterKey) -> World:
    world = await make_world(units, master, stores=4)
    async with world.units.open(world.merchant_id) as unit:
        for code, region in REGIONS.items():
            await unit.run(
                "update store set region = :region where merchant_id = :merchant and code = :code",
                region=region,
                code=code,
            )
    return world


@dataclass(frozen=True)
class Patron:
    """What is written down of a customer; `given` and `taken` are places in `TAGS`."""

    gender: Gender | None
    source: str | None
    level: str | None
    home: str | None
    since: date | None
    given: frozenset[int]
    taken: frozenset[int]

    @property
    def tags(self) -> frozenset[int]:
        return self.given - self.taken


days = st.sampled_from((-400, -31, -30, -29, -1, 0, 1, 30)).map(lambda ahead: TODAY + timedelta(days=ahead))
some_tags = st.frozensets(st.integers(0, len(TAGS) - 1))
patrons = st.lists(
    st.builds(
        Patron,
        gender=st.none() | st.sampled_from(Gender),
        source=st.none() | st.sampled_from(CODES),
        level=st.none() | st.sampled_from(CODES),
        home=st.none() | st.sampled_from(list(REGIONS)),
        since=st.none() | days,
        given=some_tags,
        taken=some_tags,
    ),
    min_size=1,
    max_size=6,
)


async def written(draft: Draft, people: list[Patron], tags: list[UUID]) -> dict[str, Patron]:
    """The customers, through the books; tags given and taken by hand."""
    said = {f"C{n}": one for n, one in enumerate(people)}
    for code, one in said.items():
        customer = await draft.customer(
            code,
            gender=one.gender,
            source=one.source,
            level=one.level,
            home_store=one.home,
            customer_since_on=one.since,
        )
        await lock_contact_state(draft.unit, [customer])
        await give(draft.unit, [(customer, tags[n]) for n in one.given], By(TagHand.IMPORT))
        await take(draft.unit, [(customer, tags[n]) for n in one.taken], By(TagHand.IMPORT))
    return said


async def new_tags(draft: Draft) -> list[UUID]:
    """The tags, without a rule."""
    found = [fresh() for _ in TAGS]
    for one, name in zip(found, TAGS, strict=True):
        await draft.insert("tag", id=one, name=name, etag=1, created_at=draft.unit.now)
    return found


codes = st.lists(st.sampled_from((*CODES[:3], "東", "{today}")), max_size=3)
coded = st.tuples(codes, st.booleans()).filter(any)


@MANY_EXAMPLES
@given(
    people=patrons,
    genders=st.sets(st.sampled_from(("female", "male", "unknown")), min_size=1),
    said=st.fixed_dictionaries({"source": coded, "level": coded}),
)
async def test_gender_source_and_level(
    salon: World,
    clock: TestClock,
    people: list[Patron],
    genders: set[str],
    said: dict[str, tuple[list[str], bool]],
) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await written(draft, people, await new_tags(draft))
        await draft.agree(
            {"condition": "gender", "isOneOf": sorted(genders)}, whom, lambda one: (one.gender or "unknown") in genders
        )
        for name, (named, missing) in said.items():

            def holds(one: Patron, name: str = name, named: list[str] = named, *, missing: bool = missing) -> bool:
                value = getattr(one, name)
                return value in named if value else missing

            await draft.agree({"condition": name} | only(isOneOf=named, missing=missing), whom, holds)


@MANY_EXAMPLES
@given(
    people=patrons,
    stores=st.tuples(st.lists(st.sampled_from(list(REGIONS)), max_size=2), st.booleans()).filter(any),
    regions=st.tuples(st.lists(st.sampled_from(("东区", "西区", "北区")), max_size=2), st.booleans()).filter(any),
)
async def test_home_store_and_region(
    salon: World,
    clock: TestClock,
    people: list[Patron],
    stores: tuple[list[str], bool],
    regions: tuple[list[str], bool],
) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await written(draft, people, await new_tags(draft))
        named, missing = stores
        ids = [str(salon.stores[code]) for code in named]
        await draft.agree(
            {"condition": "home_store"} | only(stores=ids, missing=missing),
            whom,
            lambda one: missing if one.home is None else one.home in named,
        )
        inside, nowhere = regions
        await draft.agree(
            {"condition": "region"} | only(isOneOf=inside, missing=nowhere),
            whom,
            lambda one: REGIONS[one.home] in inside if one.home and REGIONS[one.home] else nowhere,
        )


spans = st.fixed_dictionaries(
    {},
    optional={
        "withinDays": st.sampled_from((0, 30, 400)),
        "notWithinDays": st.sampled_from((0, 29, 30)),
        "fromOn": days.map(str),
        "toOn": days.map(str),
    },
)


@MANY_EXAMPLES
@given(people=patrons, span=spans.filter(bool), back=st.none() | st.sampled_from((0, 1, 30)))
async def test_customer_since(
    salon: World, clock: TestClock, people: list[Patron], span: dict[str, Any], back: int | None
) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await written(draft, people, await new_tags(draft))
        on = None if back is None else TODAY - timedelta(days=back)
        await draft.agree(
            {"condition": "customer_since"} | span, whom, lambda one: near(one.since, span, on or TODAY), on
        )


@MANY_EXAMPLES
@given(people=patrons, asked=st.tuples(some_tags, some_tags, some_tags))
async def test_tags(
    salon: World,
    clock: TestClock,
    people: list[Patron],
    asked: tuple[frozenset[int], frozenset[int], frozenset[int]],
) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        tags = await new_tags(draft)
        whom = await written(draft, people, tags)
        one_of, each, none = asked
        names = {"anyOf": one_of, "allOf": each, "noneOf": none}
        tree = {"condition": "tags"} | {
            name: [str(tags[n]) for n in sorted(wanted) * 2] for name, wanted in names.items() if wanted
        }
        await draft.agree(
            tree, whom, lambda one: bool(not one_of or one_of & one.tags) and each <= one.tags and not none & one.tags
        )
