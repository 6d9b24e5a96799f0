"""Points and how many expire, against lots that are spent one after the other."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.ledger.points import PointsIn, record_points
from tests.support.audience_draft import MANY_EXAMPLES, Draft, bounds, drafting, fresh, keeps
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

TODAY = date(2026, 3, 2)


@pytest.fixture
async def salon(units: Units, master: MasterKey) -> World:
    return await make_world(units, master)


@dataclass(frozen=True)
class Entry:
    points: int
    balance: int | None
    expires_in: int | None
    days_ago: int


entries = st.lists(
    st.builds(
        Entry,
        points=st.sampled_from((-100, -30, -1, 0, 1, 30, 100, 100)),
        balance=st.sampled_from((None, None, None, 0, 50, 130)),
        expires_in=st.none() | st.sampled_from((-1, 0, 1, 30, 31, 60)),
        days_ago=st.integers(0, 40),
    ),
    max_size=6,
)
ledgers = st.lists(entries, min_size=1, max_size=4)
Ledger = list[Entry]


async def write(draft: Draft, ledgers: list[Ledger]) -> dict[str, Ledger]:
    said = {f"C{n}": ledger for n, ledger in enumerate([[], *ledgers])}
    for code, ledger in said.items():
        customer = await draft.customer(code)
        rows = [
            PointsIn(
                event_id=fresh(),
                customer_id=customer,
                points=one.points,
                balance=one.balance,
                expires_on=None if one.expires_in is None else TODAY + timedelta(days=one.expires_in),
                occurred_at=at(one),
                sender_key=f"{n}",
            )
            for n, one in enumerate(ledger)
        ]
        await record_points(draft.unit, rows[::-1])
    return said


def at(one: Entry) -> datetime:
    return shanghai(f"{TODAY} 08:00") - timedelta(days=one.days_ago)


def known(ledger: Ledger, back: int) -> Ledger:
    """The entries up to the day so many days ago, the oldest first; those of one instant in the sender's order."""
    return sorted((one for one in ledger if one.days_ago >= back), key=at)


def balance(ledger: Ledger) -> int:
    left = 0
    for one in ledger:
        left = left + one.points if one.balance is None else one.balance
    return left


def expiring(ledger: Ledger, today: date, within: int) -> int:
    """Spend what is gone from the lots, those that expire first, and count what is left in the window."""
    lots = sorted(
        ((date.max if one.expires_in is None else TODAY + timedelta(days=one.expires_in)), one.points)
        for one in ledger
        if one.points > 0
    )
    gone = max(sum(points for _, points in lots) - max(balance(ledger), 0), 0)
    left = 0
    for day, points in lots:
        spent = min(points, gone)
        gone -= spent
        if today <= day <= today + timedelta(days=within):
            left += points - spent
    return left


@MANY_EXAMPLES
@given(
    said=ledgers,
    asked=bounds(st.sampled_from((-1, 0, 1, 50, 100, 130, 200))),
    back=st.none() | st.sampled_from((0, 1, 20)),
)
async def test_points_that_are_left(
    salon: World, clock: TestClock, said: list[Ledger], asked: dict[str, Any], back: int | None
) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await write(draft, said)
        on = None if back is None else TODAY - timedelta(days=back)
        tree = {"condition": "points", **asked}
        await draft.agree(tree, whom, lambda one: keeps(balance(known(one, back or 0)), asked), on)


LOTS: list[Ledger] = [
    [Entry(100, None, 0, 1)],
    [Entry(100, None, -1, 9)],
    [Entry(100, None, 30, 1), Entry(-30, None, None, 0)],
    [Entry(100, None, 31, 1)],
    [Entry(30, None, 1, 3), Entry(100, None, None, 2), Entry(-1, 100, None, 1)],
]


@MANY_EXAMPLES
@example(said=LOTS, asked=(0, 100), back=None)
@example(said=LOTS, asked=(30, 1), back=0)
@given(
    said=ledgers,
    asked=st.tuples(st.sampled_from((0, 1, 30, 400)), st.sampled_from((1, 30, 50, 100))),
    back=st.none() | st.sampled_from((0, 1, 20)),
)
async def test_points_that_expire(
    salon: World, clock: TestClock, said: list[Ledger], asked: tuple[int, int], back: int | None
) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await write(draft, said)
        day = TODAY - timedelta(days=back or 0)
        within, least = asked
        tree = {"condition": "points_expiring", "withinDays": within, "atLeast": least}
        await draft.agree(
            tree, whom, lambda one: expiring(known(one, back or 0), day, within) >= least, None if back is None else day
        )
