"""Small random worlds: what the SQL engine decides, in a preview and in a run, equals what a plain reading of the rules says."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.flow.preview import preview
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import AppointmentIn, CardIn, EntryIn, VisitIn
from tasks.ledger.states import AppointmentStatus, EntryKind
from tasks.people.inputs import CustomerIn
from tasks.plans.templates import CARD_BALANCE_LOW, SECOND_VISIT
from tests.support.clock import SHANGHAI, TestClock
from tests.support.plans import rows, start_plan, sweep
from tests.support.world import World, make_world

DAY = date(2026, 3, 11)
"""A Wednesday far from the new year."""


@dataclass(frozen=True)
class Card:
    """A card's ledger: (days ago, kind, principal, gift)."""

    promo: bool
    entries: tuple[tuple[int, str, int, int], ...]

    @property
    def balance(self) -> int:
        return sum(principal + gift for _, _, principal, gift in self.entries)

    @property
    def used(self) -> int | None:
        return min((ago for ago, kind, _, _ in self.entries if kind == "consume"), default=None)

    @property
    def low(self) -> bool:
        return (
            not self.promo and 0 < self.balance <= 50_000 and self.used is not None and self.used <= 180
        )  # at noon; the plan looks at ten


@dataclass(frozen=True)
class Person:
    """One customer; visits, appointments and contacts by their distance from the day."""

    followed: bool
    refused: str | None
    visits: frozenset[int]
    appointments: tuple[tuple[int, str], ...]
    contacts: tuple[tuple[int, bool, bool], ...]
    cards: tuple[Card, ...]


def _card(draw: Any) -> Card:
    opened = draw(st.integers(200, 300))
    entries = [
        (
            opened,
            "open",
            draw(st.sampled_from([49_999, 50_000, 50_001, 80_000])),
            draw(st.sampled_from([0, 0, 1, 20_000])),
        )
    ]
    for ago in sorted(
        draw(st.lists(st.sampled_from([1, 30, 179, 180, 181, 190]), max_size=3, unique=True)), reverse=True
    ):
        left = sum(principal for _, _, principal, _ in entries)
        if left and draw(st.booleans()):
            # A card that is used up cannot be used: the books refuse an amount above zero.
            entries.append((ago, "consume", -draw(st.sampled_from([left, left - 1, left // 2])), 0))
        else:
            entries.append((ago, "top_up", draw(st.sampled_from([1, 30_000])), 0))
    return Card(draw(st.integers(0, 5)) == 0, tuple(entries))


@st.composite
def people(draw: Any) -> Person:
    return Person(
        followed=draw(st.integers(0, 7)) > 0,
        refused=draw(st.sampled_from([None, None, None, None, "no_contact_at", "no_phone_at"])),
        visits=frozenset(draw(st.lists(st.sampled_from([7, 7, 7, 6, 2, 8, 40]), max_size=2))),
        appointments=tuple(draw(st.lists(st.tuples(st.sampled_from([-9, -1, 0, 1, 5]), st.sampled_from(["booked", "cancelled"])), max_size=1))),
        contacts=tuple(
            draw(st.one_of(
                st.just([]),
                st.lists(st.tuples(st.sampled_from([0, 6, 7, 10, 29, 30, 100, 180]), st.booleans(), st.booleans()), max_size=6),
                st.lists(st.tuples(st.integers(10, 32), st.just(True), st.booleans()), min_size=3, max_size=5),
                st.lists(st.tuples(st.integers(60, 181), st.booleans(), st.just(False)), min_size=4, max_size=6),
            ))
        ),
        cards=tuple(_card(draw) for _ in range(draw(st.integers(0, 2)))),
    )  # fmt: skip


def suppressed(person: Person) -> str | None:
    """The first reason in product.md's order."""
    ago = [days for days, _, _ in person.contacts]
    selling = [days for days, marketing, _ in person.contacts if marketing]
    heard = [reached for days, _, reached in person.contacts if days < 180]
    rules = {
        "do_not_contact": person.refused == "no_contact_at",
        "appointment": any(days >= 0 and status != "cancelled" for days, status in person.appointments),
        "contacted_today": 0 in ago,
        "marketing_gap": any(days < 7 for days in selling),
        "tier_cap": sum(days < 30 for days in selling) >= 4,
        "no_answer": len(heard) >= 5 and not any(heard),
    }
    return next((f"suppressed:{name}" for name, holds in rules.items() if holds), None)


def second_visit(person: Person) -> str | None:
    """What becomes of a customer on the day, None for one who does not match."""
    if not person.followed or max(person.visits, default=0) != 7:
        return None
    return "exited:visit_count" if len(person.visits) != 1 else suppressed(person) or "task"


def card_balance_low(person: Person, *, has_task: bool) -> list[str]:
    """What becomes of a customer's low cards, sorted."""
    low = [card for card in person.cards if card.low]
    if not person.followed or any(card.promo and card.balance > 0 for card in person.cards):
        return []
    why = suppressed(person)
    if why:
        return [why] * len(low)
    return sorted((["merged"] if has_task else ["task"]) + ["merged"] * (len(low) - 1)) if low else []


def at(ago: int, wall: time = time(7, 30)) -> datetime:
    return datetime.combine(DAY - timedelta(days=ago), wall, tzinfo=SHANGHAI).astimezone(UTC)


async def build(world: World, crowd: list[Person]) -> None:
    """Write the books of the crowd as a nightly import would."""
    codes = {f"P{number}": person for number, person in enumerate(crowd)}
    items = [
        CustomerIn(external_id=code, name=f"客{code}", home_store="S1", internal=not person.followed)
        for code, person in codes.items()
    ]
    for item, verdict in zip(items, await world.books("customers", *items), strict=True):
        assert verdict.id is not None
        world.customers[item.external_id] = verdict.id
    await world.books("visits", *(VisitIn(customer=code, store="S1", at=at(ago), service="CUT") for code, p in codes.items() for ago in sorted(p.visits)),
                      historic=True)  # fmt: skip
    await world.books("appointments", *(
        AppointmentIn(external_id=world.fresh("A"), store="S1", customer=code, starts_at=at(-days, time(15)), status=AppointmentStatus(status))
        for code, p in codes.items() for days, status in p.appointments
    ), historic=True)  # fmt: skip
    await world.books("cards", *_cards(world, codes), historic=True)
    await world.do(lambda unit: _speak(unit, world, codes))


def _cards(world: World, codes: dict[str, Person]) -> Iterator[CardIn]:
    for code, person in codes.items():
        for card in person.cards:
            yield CardIn(
                external_id=world.fresh("K"), product="PROMO" if card.promo else "VALUE", customer=code, store="S1", opened_on=DAY - timedelta(days=300),
                entries=tuple(
                    EntryIn(external_id=world.fresh("KE"), kind=EntryKind(kind), at=at(ago, time(12)), principal_cents=principal, gift_cents=gift, store="S1")
                    for ago, kind, principal, gift in card.entries
                ),
            )  # fmt: skip


async def _speak(unit: Unit, world: World, codes: dict[str, Person]) -> None:
    """Refusals and contacts."""
    for code, person in codes.items():
        ident = world.customers[code]
        if person.refused:
            await unit.run(
                f"update customer_contact_state set {person.refused} = :now where merchant_id = :merchant and customer_id = :id",
                id=ident,
            )
        for ago, marketing, reached in person.contacts:
            await unit.run(
                "insert into contact (merchant_id, id, customer_id, channel, marketing, reached, contacted_at, contacted_on) "
                "values (:merchant, new_uuid7(), :id, 'phone', :marketing, :reached, :at, :day)",
                id=ident, marketing=marketing, reached=reached, at=at(ago), day=DAY - timedelta(days=ago),
            )  # fmt: skip


async def told(world: World, plan: Any) -> dict[str, list[str]]:
    """What a run decided, per customer code."""
    names = {ident: code for code, ident in world.customers.items()}
    found: dict[str, list[str]] = {}
    for row in await rows(world, "select customer_id, concat_ws(':', decided, reason) as what from decision where merchant_id = :merchant and plan_id = :plan",
                          plan=plan):  # fmt: skip
        found.setdefault(names[row["customer_id"]], []).append(row["what"])
    return {code: sorted(what) for code, what in found.items()}


@given(crowd=st.lists(people(), min_size=5, max_size=12))
@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
    print_blob=True,
)
async def test_preview_and_run_equal_the_rules(
    units: Units, master: MasterKey, clock: TestClock, crowd: list[Person]
) -> None:
    await clock.set(at(0, time(8)))
    world = await make_world(units, master)
    await build(world, crowd)
    first = {f"P{number}": [what] for number, person in enumerate(crowd) if (what := second_visit(person))}
    seen = await preview(units, world.merchant_id, SECOND_VISIT, DAY)
    assert counted(seen) == Counter(what for (what,) in first.values())
    alone = [what for person in crowd for what in card_balance_low(person, has_task=False)]
    assert counted(await preview(units, world.merchant_id, CARD_BALANCE_LOW, DAY)) == Counter(alone)
    plan = await start_plan(world, "second_visit")
    await clock.set(at(0, time(9)))
    await sweep(world)
    assert await told(world, plan) == first
    cards = await start_plan(world, "card_balance_low")
    await clock.set(at(0, time(10)))
    await sweep(world)
    expected = {
        f"P{n}": card_balance_low(person, has_task=first.get(f"P{n}") == ["task"]) for n, person in enumerate(crowd)
    }
    assert await told(world, cards) == {code: what for code, what in expected.items() if what}


def counted(seen: Any) -> Counter[str]:
    """A preview's figures as one count; matched is their sum."""
    assert seen.matched == seen.tasks + seen.merged + sum(seen.by_reason.values())
    return +Counter({"task": seen.tasks, "merged": seen.merged} | seen.by_reason)
