"""Cards and what is left on them, against plain Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CardIn, CardProductIn, EntryIn
from tasks.ledger.states import CardKind, EntryKind
from tests.support.audience_draft import MANY_EXAMPLES, Draft, bounds, drafting, keeps, only
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

TODAY = date(2028, 2, 29)
NOW = shanghai(f"{TODAY} 09:00")
OPENED = shanghai("2027-11-01 10:00")
PRODUCTS = {
    "VALUE": CardKind.STORED_VALUE,
    "BLACK": CardKind.STORED_VALUE,
    "TIMES": CardKind.TIMES,
    "COURSE": CardKind.COURSE,
    "GIFT": CardKind.GIFT,
    "PERIOD": CardKind.PERIOD,
    "PROMO": CardKind.STORED_VALUE,
}


@pytest.fixture
async def salon(units: Units, master: MasterKey) -> World:
    world = await make_world(units, master)
    new = (CardProductIn(code=code, name=f"卡{code}", kind=kind) for code, kind in PRODUCTS.items())
    await world.books("card_products", *(one for one in new if one.code in {"BLACK", "COURSE", "GIFT", "PERIOD"}))
    return world


@dataclass(frozen=True)
class Card:
    """What became of a card. `used_ago` is in seconds; `frozen` is every freeze (True) and its end; the newest counts."""

    product: str
    cents: int
    uses: int
    expires_in: int | None
    frozen: tuple[bool, ...]
    closed: bool
    used_ago: int | None
    given_away: bool
    shared: bool

    @property
    def is_frozen(self) -> bool:
        return bool(self.frozen) and self.frozen[-1]

    @property
    def expired(self) -> bool:
        return self.expires_in is not None and self.expires_in < 0


DAY = 24 * 3600
cards = st.builds(
    Card,
    product=st.sampled_from(list(PRODUCTS)),
    cents=st.sampled_from((0, 1, 30_000, 50_000, 50_001)),
    uses=st.sampled_from((0, 1, 2, 5)),
    expires_in=st.none() | st.sampled_from((-31, -1, 0, 1, 30, 31)),
    frozen=st.sampled_from(((), (), (True,), (True, False))),
    closed=st.sampled_from((False, False, False, True)),
    used_ago=st.none() | st.sampled_from((0, 30 * DAY - 1, 30 * DAY, 30 * DAY + 1)),
    given_away=st.sampled_from((False, False, True)),
    shared=st.sampled_from((False, False, True)),
)
purses = st.lists(st.lists(cards, max_size=3), min_size=1, max_size=4)
Purse = list[Card]


async def write(draft: Draft, purses: Sequence[Purse]) -> dict[str, Purse]:
    """Customers with their cards, through the books; returns whom they are with: HEIR got what was given away, FRIEND may use what is shared."""
    held: dict[str, Purse] = {code: [] for code in (*(f"C{n}" for n in range(len(purses))), "HEIR", "FRIEND", "NONE")}
    for code in held:
        await draft.customer(code)
    for n, purse in enumerate(purses):
        for m, card in enumerate(purse):
            await _open(draft, f"K{n}-{m}", f"C{n}", card)
            held["HEIR" if card.given_away else f"C{n}"].append(card)
            if card.shared:
                held["FRIEND"].append(card)
    return held


async def _open(draft: Draft, code: str, owner: str, card: Card) -> None:
    extra = int(card.used_ago is not None)
    last = None if card.expires_in is None else TODAY + timedelta(days=card.expires_in)
    said: list[tuple[EntryKind, datetime, dict[str, Any]]] = [
        (EntryKind.OPEN, OPENED, {"principal_cents": card.cents + extra, "uses": card.uses + extra, "expires_on": last})
    ]
    said += [(EntryKind.FREEZE, OPENED + timedelta(days=n + 1), {"frozen": one}) for n, one in enumerate(card.frozen)]
    if card.used_ago is not None:
        spent = {"principal_cents": -1, "uses": -1}
        said.append((EntryKind.CONSUME, draft.unit.now - timedelta(seconds=card.used_ago), spent))
    if card.closed:
        said.append((EntryKind.CLOSE, OPENED + timedelta(days=5), {}))
    entries = tuple(
        EntryIn(external_id=f"{code}.{n}", kind=kind, at=at, **what) for n, (kind, at, what) in enumerate(said)
    )
    friends = (owner, "FRIEND") if card.shared else (owner,)
    first = CardIn(external_id=code, product=card.product, customer=owner, opened_on=OPENED.date(), holders=friends)
    await draft.books("cards", first, CardIn(external_id=code, entries=entries))
    if card.given_away:
        await draft.books("cards", CardIn(external_id=code, customer="HEIR"))


products = st.lists(st.sampled_from(list(PRODUCTS)), max_size=3)
flags = st.fixed_dictionaries({}, optional={"frozenToo": st.just(True), "expiredToo": st.just(True)})
totals = st.fixed_dictionaries({}, optional={"total": st.just(True)})
cents = st.sampled_from((-1, 0, 1, 30_000, 50_000, 50_001, 80_000, 100_001))
ahead = st.sampled_from((-32, -31, -1, 0, 1, 29, 30, 31))
days = ahead.map(lambda n: str(TODAY + timedelta(days=n)))


def said(condition: str, *parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Trees of one condition: the parts together, mostly over a few card products."""

    def together(named: list[str], *found: dict[str, Any]) -> dict[str, Any]:
        tree: dict[str, Any] = {"condition": condition} | only(products=named)
        for one in found:
            tree |= one
        return tree

    return st.builds(together, products, *parts)


def flag(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.booleans().map(lambda value: {name: value})


trees = st.one_of(
    said("card_balance", bounds(cents), totals, flags),
    said("card_uses_left", bounds(st.sampled_from((0, 1, 2, 3, 6))), totals, flags),
    said("card_days_left", bounds(ahead), flags),
    said(
        "card_expiry",
        st.fixed_dictionaries({}, optional={"fromOn": days, "toOn": days}).filter(bool),
        st.just({}) | st.just({"frozenToo": True}),
    ),
    said("card_used", st.sampled_from((0, 29, 30, 31)).map(lambda n: {"withinDays": n})),
    said("card_frozen", flag("frozen")),
    said("card_held", flag("held")),
    said("promo_card", flag("held")),
)


def good(card: Card, tree: dict[str, Any]) -> bool:
    """Whether what is on a card counts."""
    frozen = card.is_frozen and not tree.get("frozenToo")
    expired = card.expired and not tree.get("expiredToo")
    return not card.closed and not frozen and not expired


def oracle(purse: Purse, tree: dict[str, Any]) -> bool:
    """Whether the condition holds for who holds these cards."""
    mine = [card for card in purse if card.product in tree.get("products", PRODUCTS)]
    name = tree["condition"]
    if name in LEFT:
        of_kind, left = LEFT[name]
        amounts = [left(card) for card in mine if of_kind(card) and good(card, tree)]
        return keeps(sum(amounts), tree) if tree.get("total") else any(keeps(one, tree) for one in amounts)
    found = any(ANY[name](card, tree) for card in mine if not card.closed)
    return found is bool(tree.get("held", True))


LEFT: dict[str, tuple[Callable[[Card], bool], Callable[[Card], int]]] = {
    "card_balance": (lambda card: PRODUCTS[card.product] is CardKind.STORED_VALUE, lambda card: card.cents),
    "card_uses_left": (lambda card: card.product in {"TIMES", "COURSE"} or card.uses > 0, lambda card: card.uses),
}


def _expires(card: Card, tree: dict[str, Any]) -> bool:
    if card.expires_in is None or not good(card, tree | {"expiredToo": True}):
        return False
    day = str(TODAY + timedelta(days=card.expires_in))
    return str(tree.get("fromOn", day)) <= day <= str(tree.get("toOn", day))


ANY: dict[str, Callable[[Card, dict[str, Any]], bool]] = {
    "card_expiry": _expires,
    "card_days_left": lambda card, tree: (
        card.expires_in is not None and good(card, tree) and keeps(card.expires_in, tree)
    ),
    "card_used": lambda card, tree: card.used_ago is not None and card.used_ago < tree["withinDays"] * DAY,
    "card_frozen": lambda card, tree: card.is_frozen is tree["frozen"],
    "card_held": lambda card, _: not card.expired,
    "promo_card": lambda card, _: card.product == "PROMO" and good(card, {}) and (card.cents > 0 or card.uses > 0),
}


def with_ids(tree: dict[str, Any], ids: dict[str, Any]) -> dict[str, Any]:
    return tree | only(products=[str(ids[code]) for code in tree.get("products", [])])


PLAIN: dict[str, Any] = {"frozen": (), "closed": False, "used_ago": 30 * DAY, "given_away": False, "shared": False}
BOUNDARIES: list[Purse] = [
    [],
    [Card("VALUE", 50_000, 0, -1, **PLAIN)],
    [Card("VALUE", 50_000, 0, 0, **PLAIN), Card("COURSE", 0, 0, 30, **PLAIN)],
    [Card("BLACK", 50_001, 0, 1, **PLAIN), Card("TIMES", 0, 1, 31, **PLAIN | {"used_ago": 30 * DAY - 1})],
    [Card("GIFT", 0, 2, None, **PLAIN | {"frozen": (True,)}), Card("PROMO", 1, 0, 0, **PLAIN)],
    [Card("VALUE", 1, 0, 30, **PLAIN | {"closed": True})],
]
ASKED: list[dict[str, Any]] = [
    {"condition": "card_balance", "above": 0, "atMost": 50_000},
    {"condition": "card_balance", "atMost": 0, "total": True},
    {"condition": "card_balance", "equals": 50_001, "total": True, "products": ["VALUE", "BLACK"]},
    {"condition": "card_uses_left", "atMost": 1},
    {"condition": "card_uses_left", "equals": 2, "frozenToo": True},
    {"condition": "card_days_left", "equals": 0},
    {"condition": "card_days_left", "below": 0, "expiredToo": True},
    {"condition": "card_used", "withinDays": 30},
    {"condition": "card_held", "held": False},
    {"condition": "promo_card", "held": False},
]


@MANY_EXAMPLES
@example(purses=BOUNDARIES, asked=ASKED)
@given(purses=purses, asked=st.lists(trees, min_size=2, max_size=6))
async def test_cards_are_as_they_are_asked_to_be(
    salon: World, clock: TestClock, purses: list[Purse], asked: list[dict[str, Any]]
) -> None:
    async with drafting(salon, clock, NOW) as draft:
        held = await write(draft, purses)
        ids = await draft.ids("card_product")
        for tree in asked:

            def holds(purse: Purse, tree: dict[str, Any] = tree) -> bool:
                return oracle(purse, tree)

            await draft.agree(with_ids(tree, ids), held, holds)


@MANY_EXAMPLES
@given(
    purses=purses, asked=st.lists(trees.filter(lambda tree: tree["condition"] != "card_used"), min_size=1, max_size=4)
)
async def test_at_the_end_of_today_cards_are_as_they_are_now(
    salon: World, clock: TestClock, purses: list[Purse], asked: list[dict[str, Any]]
) -> None:
    async with drafting(salon, clock, NOW) as draft:
        held = await write(draft, purses)
        ids = await draft.ids("card_product")
        for tree in asked:

            def holds(purse: Purse, tree: dict[str, Any] = tree) -> bool:
                return oracle(purse, tree)

            await draft.agree(with_ids(tree, ids), held, holds, TODAY)


async def test_a_past_day_knows_what_was_on_a_card_then_and_who_held_it(salon: World, clock: TestClock) -> None:
    await clock.set(shanghai("2028-02-10 09:00"))
    for code in ("GIVER", "HEIR"):
        await salon.customer(code)
    card = await salon.card("GIVER", shanghai("2028-02-01 10:00"), principal=50_000)
    await clock.set(shanghai("2028-02-15 09:00"))
    await salon.books("cards", CardIn(external_id=card, customer="HEIR"))
    await salon.card_entry(card, "consume", shanghai("2028-02-20 10:00"), principal=-20_000)
    await salon.card_entry(card, "close", shanghai("2028-02-25 10:00"), principal=-30_000)
    left = {"2028-01-31": {}, "2028-02-01": {"GIVER": 50_000}, "2028-02-14": {"GIVER": 50_000}, "2028-02-15": {"HEIR": 50_000},
            "2028-02-20": {"HEIR": 30_000}, "2028-02-25": {}}  # fmt: skip
    await clock.set(datetime(2028, 3, 1, tzinfo=UTC))
    async with salon.units.glance(salon.merchant_id) as unit:
        draft = Draft(unit, salon)
        for day, amounts in left.items():
            whom = {code: amounts.get(code, 0) for code in ("GIVER", "HEIR")}
            on = date.fromisoformat(day)
            await draft.agree({"condition": "card_balance", "above": 0}, whom, bool, on)
            for amount in (30_000, 50_000):
                await draft.agree({"condition": "card_balance", "equals": amount}, whom, amount.__eq__, on)
            await draft.agree({"condition": "card_held", "held": False}, whom, lambda one: not one, on)
