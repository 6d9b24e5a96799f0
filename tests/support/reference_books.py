"""The books of a small salon in plain Python, and the questions plans ask of them: product.md's protections and three conditions, read word by word."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tasks.plans.definition import Definition, Suppress
from tasks.plans.states import Purpose

GAP = timedelta(days=7)
CAP = 4
UNANSWERED = 5
Tree = dict[str, Any] | None


@dataclass(eq=False)
class Card:
    """A stored-value card; `moves` are instant and signed amount in 分, in order."""

    code: str
    owner: "Customer"
    store: str
    expires_on: date | None
    moves: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return sum(cents for _, cents in self.moves)

    def rose_above(self, bound: int, since: datetime) -> bool:
        """The balance was above the bound after some move later than `since`."""
        left = 0
        for at, cents in self.moves:
            left += cents
            if at > since and left > bound:
                return True
        return False


@dataclass(frozen=True)
class Contact:
    at: datetime
    marketing: bool
    reached: bool


@dataclass(eq=False)
class Customer:
    """One person; `nameless` is 散客, who has no visits, `comes_to` the store that serves her.

    Instants are in the stores' zone; appointments are beginnings of those not cancelled.
    """

    code: str
    rank: int
    home: str
    comes_to: str
    phone: str | None = None
    followed: bool = True
    nameless: bool = False
    refused: bool = False
    complained: bool = False
    visits: list[tuple[datetime, str]] = field(default_factory=list)
    appointments: list[datetime] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)

    @property
    def last_visit_on(self) -> date | None:
        return max((at.date() for at, _ in self.visits), default=None)


@dataclass(frozen=True, eq=False)
class Event:
    """Something that happened to a customer; `card` for card_used. `historic` books tell nobody why they start nothing."""

    kind: str
    at: datetime
    customer: Customer
    store: str | None
    card: Card | None = None
    historic: bool = False


def protected(who: Customer, definition: Definition, now: datetime, everybody: Iterable[Customer]) -> str | None:
    """Return the first reason not to contact her, in product.md's order."""
    rules, marketing = definition.suppress, definition.purpose is Purpose.MARKETING
    if who.refused:
        return "do_not_contact"
    if rules.complaint and who.complained:
        return "complaint"
    if rules.appointment and any(begins.date() >= now.date() for begins in who.appointments):
        return "appointment"
    if rules.contacted_today and any(one.at.date() == now.date() for one in who.contacts):
        return "contacted_today"
    if rules.phone_today and marketing and _rung(who, now, everybody):
        return "phone_today"
    return _enough(who, rules, now, marketing=marketing)


def _rung(who: Customer, now: datetime, everybody: Iterable[Customer]) -> bool:
    """Her phone, or that of somebody behind the same number, rang today for marketing."""
    same = (other for other in everybody if who.phone is not None and other.phone == who.phone)
    return any(one.marketing and one.at.date() == now.date() for other in same for one in other.contacts)


def _enough(who: Customer, rules: Suppress, now: datetime, *, marketing: bool) -> str | None:
    selling = [one.at for one in who.contacts if one.marketing]
    heard = [one.reached for one in who.contacts if one.at > now - timedelta(days=180)]
    if rules.marketing_gap and marketing and any(at > now - GAP for at in selling):
        return "marketing_gap"
    if rules.tier_cap and marketing and sum(at > now - timedelta(days=30) for at in selling) >= CAP:
        return "tier_cap"
    if rules.no_answer and len(heard) >= UNANSWERED and not any(heard):
        return "no_answer"
    return None


def failing(tree: Tree, who: Customer, card: Card | None, today: date) -> str | None:
    """Return the name of the first condition that fails, None when the tree holds. A group that fails as a whole has its first leaf's name."""
    if tree is None:
        return None
    if "all" in tree:
        return next((name for part in tree["all"] if (name := failing(part, who, card, today))), None)
    if "any" in tree:
        parts = [failing(part, who, card, today) for part in tree["any"]]
        return None if None in parts else parts[0]
    return None if _holds(tree, who, card, today) else str(tree["condition"])


def _holds(leaf: dict[str, Any], who: Customer, card: Card | None, today: date) -> bool:
    if leaf["condition"] == "visit_count":
        return _bounds(leaf, len(who.visits))
    if leaf["condition"] == "last_visit":
        last = who.last_visit_on
        if "withinDays" in leaf:
            return last is not None and last >= today - timedelta(days=leaf["withinDays"])
        return last is None or last < today - timedelta(days=leaf["notWithinDays"])
    cards = who.cards if card is None else [card]
    good = [one for one in cards if one.expires_on is None or one.expires_on >= today]
    return any(_bounds(leaf, one.balance) for one in good)


def _bounds(leaf: dict[str, Any], value: int) -> bool:
    return bool(leaf.get("atLeast", value) <= value <= leaf.get("atMost", value))
