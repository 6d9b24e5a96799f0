"""Who looks after a customer and whose friend she is, against plain Python."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.people.states import CareRole, ContactKind
from tests.support.audience_draft import MANY_EXAMPLES, Draft, drafting, fresh, only
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

TODAY = date(2026, 3, 2)
STAFF = ("E1", "E2", "manager")
CATEGORIES = (None, "lash", "{}")


@pytest.fixture
async def salon(units: Units, master: MasterKey) -> World:
    return await make_world(units, master)


@dataclass(frozen=True)
class Carer:
    role: CareRole
    staff: str
    category: str | None
    begins: int
    ends: int | None

    def looks_after(self, role: CareRole, category: str | None, ago: int) -> bool:
        """On the day so many days ago; a hand-over day is the successor's."""
        runs = self.begins <= -ago and (self.ends is None or self.ends > -ago)
        return self.role is role and runs and category in {None, self.category}


@dataclass(frozen=True)
class Contact:
    kind: ContactKind
    held_by: str | None
    valid: bool


carers = st.lists(
    st.builds(
        Carer,
        role=st.sampled_from(CareRole),
        staff=st.sampled_from(STAFF),
        category=st.sampled_from(CATEGORIES),
        begins=st.sampled_from((-40, -30, -1, 0, 1)),
        ends=st.none() | st.sampled_from((-30, -29, -1, 0, 1, 20)),
    ).filter(lambda one: one.ends is None or one.ends >= one.begins),
    max_size=3,
)
contacts = st.lists(
    st.builds(
        Contact, kind=st.sampled_from(ContactKind), held_by=st.none() | st.sampled_from(STAFF), valid=st.booleans()
    ),
    max_size=3,
)


async def cared(draft: Draft, code: str, everybody: list[Carer]) -> None:
    customer = await draft.customer(code)
    for one in everybody:
        await draft.insert(
            "customer_staff",
            id=fresh(),
            customer_id=customer,
            staff_id=draft.world.staff[one.staff],
            role=one.role,
            category=one.category,
            from_on=TODAY + timedelta(days=one.begins),
            to_on=None if one.ends is None else TODAY + timedelta(days=one.ends),
        )


@MANY_EXAMPLES
@given(
    people=st.lists(carers, min_size=1, max_size=4),
    asked=st.tuples(st.lists(st.sampled_from(STAFF), max_size=2), st.sampled_from(CATEGORIES)),
    back=st.none() | st.sampled_from((0, 1, 30)),
)
async def test_consultant_and_technician(
    salon: World, clock: TestClock, people: list[list[Carer]], asked: tuple[list[str], str | None], back: int | None
) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = {f"C{n}": one for n, one in enumerate([[], *people])}
        for code, one in whom.items():
            await cared(draft, code, one)
        on = None if back is None else TODAY - timedelta(days=back)
        staff, category = asked
        ids = [str(salon.staff[code]) for code in staff]
        for role in CareRole:
            tree = {"condition": str(role)} | only(staff=ids, empty=not ids, category=category)

            def holds(everybody: list[Carer], role: CareRole = role) -> bool:
                now = {one.staff for one in everybody if one.looks_after(role, category, back or 0)}
                return bool(now & set(staff)) if staff else not now

            await draft.agree(tree, whom, holds, on)


async def test_a_hand_over_through_the_books(salon: World, clock: TestClock) -> None:
    async with drafting(salon, clock, shanghai("2026-03-02 09:00")) as draft:
        await draft.customer("C1", consultant="E1")
        await draft.customer("C1", consultant="E2")
        await draft.customer("C2", consultant="E1", technician="E2")
        await draft.customer("C3")
        first, second = (str(salon.staff[code]) for code in ("E1", "E2"))
        held = {"C1": {"E2"}, "C2": {"E1"}, "C3": set[str]()}
        await draft.agree({"condition": "consultant", "staff": [first]}, held, lambda one: "E1" in one)
        await draft.agree({"condition": "consultant", "staff": [second]}, held, lambda one: "E2" in one)
        await draft.agree({"condition": "consultant", "empty": True}, held, lambda one: not one)


@MANY_EXAMPLES
@given(
    people=st.lists(contacts, min_size=1, max_size=4),
    whose=st.one_of(st.just("nobody"), st.just("anyone"), st.lists(st.sampled_from(STAFF), min_size=1, max_size=2)),
    channel=st.sampled_from((None, "wechat", "wecom")),
)
async def test_friends(
    salon: World, clock: TestClock, people: list[list[Contact]], whose: str | list[str], channel: str | None
) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = {f"C{n}": one for n, one in enumerate([[], *people])}
        for code, everybody in whom.items():
            customer = await draft.customer(code)
            for one in everybody:
                held_by = None if one.held_by is None else draft.world.staff[one.held_by]
                values = {"kind": one.kind, "value_index": fresh(), "sealed": b"", "created_at": draft.unit.now}
                await draft.insert(
                    "contact_point", id=fresh(), customer_id=customer, held_by=held_by, valid=one.valid, **values
                )
        staff = whose if isinstance(whose, list) else []
        tree = {"condition": "friend"} | only(
            staff=[str(salon.staff[code]) for code in staff], nobody=whose == "nobody", channel=channel
        )
        kinds = {ContactKind(channel)} if channel else {ContactKind.WECHAT, ContactKind.WECOM}

        def holds(everybody: list[Contact]) -> bool:
            friends = {one.held_by for one in everybody if one.valid and one.kind in kinds} - {None}
            return not friends if whose == "nobody" else bool(friends & set(staff) if staff else friends)

        await draft.agree(tree, whom, holds)
