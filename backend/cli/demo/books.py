"""What the demo salon sold: months of receipts, cards and appointments, drawn from a seed up to a given day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final

from msgspec.structs import replace

from backend.cli.demo.people import CUSTOMERS, HERO, HEROINE, NEWCOMERS, ZONE, chance, employees_of
from tasks.kernel.zones import local_day, local_instant
from tasks.ledger.inputs import AppointmentIn, CardIn, CardProductIn, EntryIn, LineIn, ProductIn, SaleIn
from tasks.ledger.states import CardKind, EntryKind, ProductKind

SERVICES: Final = {
    "LASH": ProductIn(
        code="LASH",
        name="单根嫁接睫毛",
        kind=ProductKind.SERVICE,
        category="lash",
        price_cents=29_800,
        cycle_days=14,
        upkeep="补睫毛",
    ),
    "NAIL": ProductIn(
        code="NAIL",
        name="日式美甲",
        kind=ProductKind.SERVICE,
        category="nails",
        price_cents=19_800,
        cycle_days=21,
        upkeep="换款",
    ),
    "FACIAL": ProductIn(
        code="FACIAL",
        name="水光补水护理",
        kind=ProductKind.SERVICE,
        category="facial",
        price_cents=39_800,
        cycle_days=14,
        upkeep="补水",
    ),
    "CUT": ProductIn(
        code="CUT", name="精剪造型", kind=ProductKind.SERVICE, category="cut", price_cents=12_800, cycle_days=30
    ),
    "COLOUR": ProductIn(
        code="COLOUR",
        name="植物染发",
        kind=ProductKind.SERVICE,
        category="colour",
        price_cents=58_000,
        cycle_days=45,
        upkeep="补色",
    ),
    "RELAX": ProductIn(
        code="RELAX", name="肩颈舒缓", kind=ProductKind.SERVICE, category="massage", price_cents=26_800, cycle_days=14
    ),
}
GOODS: Final = (ProductIn(code="MASK", name="补水面膜", kind=ProductKind.GOODS, price_cents=16_800),)
CARDS: Final = (
    CardProductIn(code="SV", name="充值卡", kind=CardKind.STORED_VALUE),
    CardProductIn(code="TEN", name="十次护理卡", kind=CardKind.TIMES),
)
MONTHS: Final = timedelta(days=120)
TOP_UP: Final = 200_000
GIFT: Final = 30_000


@dataclass
class Books:
    """Receipts, cards and appointments; `sales` in order of time."""

    sales: list[SaleIn] = field(default_factory=list)
    cards: list[CardIn] = field(default_factory=list)
    appointments: list[AppointmentIn] = field(default_factory=list)


def written(random: Random, today: date, customers: Sequence[str]) -> Books:
    """The books of every customer code up to the end of `today`, the day before the walk."""
    books = Books()
    for code in customers:
        number = int(code[1:])
        store = "XH" if number % 2 else "JA"
        if number <= NEWCOMERS:
            _newcomer(random, books, code, today)
        else:
            _regular(random, books, code, store, today)
    books.sales.sort(key=lambda sale: (sale.at, sale.external_id))
    return books


def _newcomer(random: Random, books: Books, code: str, today: date) -> None:
    """Here for the first time in the last three weeks, three a day; every fourth has been back."""
    number = int(code[1:])
    store = "XH" if number % 2 else "JA"
    first = today - timedelta(days=6 if code == HEROINE else (number - 1) % 22)
    if code == HEROINE:
        books.sales.append(_sale(code, 0, "XH", _at(first, 15), ("FACIAL", HERO)))
        return
    who = random.choice(employees_of(store))
    service = random.choice(list(SERVICES))
    books.sales.append(_sale(code, 0, store, _at(first, random.randint(10, 19)), (service, who)))
    back = first + timedelta(days=random.randint(3, 6))
    if number % 4 == 0 and back <= today:
        books.sales.append(_sale(code, 1, store, _at(back, random.randint(10, 19)), (service, who)))
    elif number % 9 == 0:
        books.appointments.append(_appointment(code, store, _at(today + timedelta(days=random.randint(1, 6)), 14), who))


def _regular(random: Random, books: Books, code: str, store: str, today: date) -> None:
    """Has come for months, every service cycle or so, to the same hands; half of them pay with a card."""
    service, who = random.choice(list(SERVICES)), random.choice(employees_of(store))
    cycle = SERVICES[service].cycle_days or 30
    wallet = Wallet(code, chance(random, 50))
    day = today - MONTHS + timedelta(days=random.randint(0, 45))
    visit = 0
    while day <= today:
        sale = _sale(code, visit, store, _at(day, random.randint(10, 19)), (service, who))
        books.sales.append(wallet.pay(sale, tops_up=visit == 0 or chance(random, 60)))
        day += timedelta(days=max(3, round(cycle * random.uniform(0.8, 1.7))))
        visit += 1
    if wallet.entries:
        books.cards.append(wallet.card(store, who))
    if chance(random, 8):
        books.appointments.append(_appointment(code, store, _at(today + timedelta(days=random.randint(1, 9)), 16), who))


@dataclass
class Wallet:
    """A customer's stored-value card, if she has one and as long as she likes it."""

    code: str
    wanted: bool
    left: int = 0
    entries: list[EntryIn] = field(default_factory=list)

    def pay(self, sale: SaleIn, *, tops_up: bool) -> SaleIn:
        """The receipt, paid with the card while it lasts and she tops it up."""
        (line,) = sale.lines
        price = line.cash_cents
        if self.wanted and self.left < price:
            self.wanted = tops_up
            if tops_up:
                self._add(EntryKind.TOP_UP if self.entries else EntryKind.OPEN, sale, (TOP_UP, GIFT))
        if not self.wanted:
            return sale
        self._add(EntryKind.CONSUME, sale, (-price, 0))
        return replace(sale, lines=(replace(line, cash_cents=0, card_cents=price),))

    def _add(self, kind: EntryKind, sale: SaleIn, cents: tuple[int, int]) -> None:
        before = timedelta() if kind is EntryKind.CONSUME else timedelta(minutes=5)
        self.entries.append(_entry(f"{self.code}-{len(self.entries)}", kind, sale.at - before, cents, sale))
        self.left += sum(cents)

    def card(self, store: str, who: str) -> CardIn:
        """The card with everything that happened on it."""
        return CardIn(
            external_id=f"K-{self.code}",
            product="SV",
            customer=self.code,
            store=store,
            sold_by=who,
            opened_on=local_day(self.entries[0].at, ZONE),
            entries=tuple(self.entries),
        )


def _sale(code: str, visit: int, store: str, at: datetime, done: tuple[str, str]) -> SaleIn:
    service, who = done
    line = LineIn(product=service, cash_cents=SERVICES[service].price_cents or 0, staff=(who,))
    return SaleIn(external_id=f"R-{code}-{visit}", store=store, at=at, customer=code, lines=(line,))


def _entry(name: str, kind: EntryKind, at: datetime, cents: tuple[int, int], sale: SaleIn) -> EntryIn:
    used = sale.external_id if kind is EntryKind.CONSUME else None
    return EntryIn(
        external_id=f"K-{name}",
        kind=kind,
        at=at,
        principal_cents=cents[0],
        gift_cents=cents[1],
        store=sale.store,
        sale=used,
    )


def _appointment(code: str, store: str, at: datetime, who: str) -> AppointmentIn:
    return AppointmentIn(external_id=f"A-{code}", store=store, starts_at=at, customer=code, staff=who)


def _at(day: date, hour: int) -> datetime:
    return local_instant(day, time(hour), ZONE)


def codes() -> Iterator[str]:
    """Every customer's code."""
    return (f"C{number:04d}" for number in range(1, CUSTOMERS + 1))
