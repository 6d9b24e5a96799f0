"""A merchant with stores, people and books, built through the real services; every test makes its own."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict, TypeVar, Unpack
from uuid import UUID

from backend.db.units import Units
from tasks.flow.record_books import record_books
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger.inputs import (
    AppointmentIn,
    CardIn,
    CardProductIn,
    EntryIn,
    LineIn,
    ProductIn,
    SaleIn,
    VisitIn,
)
from tasks.ledger.states import AppointmentStatus, CardKind, EntryKind, ProductKind
from tasks.people import service
from tasks.people.inputs import CustomerIn, StaffIn

T = TypeVar("T")
ZONE = "Asia/Shanghai"


def phone_of(seed: int) -> str:
    """A mainland mobile nobody else of this run has."""
    return f"1{39_00_000_000 + seed % 100_000_000:010d}"


class SaleWords(TypedDict, total=False):
    """`service` is a product code: `CUT` makes a visit, `OIL` does not."""

    service: str | None
    cash: int
    card: int
    staff: Sequence[str]
    store: str
    external_id: str | None
    historic: bool


class VisitWords(TypedDict, total=False):
    staff: str | None
    store: str
    historic: bool


class CardWords(TypedDict, total=False):
    principal: int
    gift: int
    external_id: str | None


SALE: SaleWords = {
    "service": "CUT",
    "cash": 10_000,
    "card": 0,
    "staff": ("E1",),
    "store": "S1",
    "external_id": None,
    "historic": False,
}
VISIT: VisitWords = {"staff": "E1", "store": "S1", "historic": False}
CARD: CardWords = {"principal": 100_000, "gift": 0, "external_id": None}


@dataclass
class World:
    """One merchant.

    Attributes:
        stores: store id by code: `S1`, and `S2` if two were asked for.
        staff: staff id by external id: `owner`, `manager`, `E1`, `E2`, … (employee n works in store `S1`, or alternates between two).
        phones: log-in phone by external id.
        customers: customer id by external id.
    """

    units: Units
    master: MasterKey
    merchant_id: UUID
    stores: dict[str, UUID] = field(default_factory=dict)
    staff: dict[str, UUID] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    customers: dict[str, UUID] = field(default_factory=dict)
    _count: int = 0

    def fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    async def do(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """Run `work` in a unit of its own."""
        async with self.units.open(self.merchant_id) as unit:
            return await work(unit)

    def scope(self, who: str) -> StaffScope:
        """The scope of `owner`, `manager` or `E<n>`."""
        role = {"owner": Role.OWNER, "manager": Role.MANAGER}.get(who, Role.EMPLOYEE)
        codes = self.stores if role is not Role.EMPLOYEE else {self.store_of(who): None}
        return StaffScope(self.merchant_id, self.staff[who], role, tuple(sorted(self.stores[code] for code in codes)))

    def store_of(self, who: str) -> str:
        """The store code an employee works in."""
        codes = sorted(self.stores)
        return codes[(int(who[1:]) - 1) % len(codes)]

    async def books(self, kind: str, *items: object, historic: bool = False) -> list[ItemVerdict]:
        """Record items through the flow; every one must be taken."""
        verdicts = await self.do(lambda unit: record_books(unit, kind, items, historic=historic))
        assert [v for v in verdicts if v.status is Taken.REJECTED] == []
        return verdicts

    async def customer(self, external_id: str | None = None, *, phone: str | None = None, **fields: object) -> UUID:
        """A customer with a name, home store `S1` unless said otherwise; `phone=""` for none."""
        code = external_id or self.fresh("C")
        first = {} if code in self.customers else {"name": f"客{code}", "home_store": "S1"}
        known: dict[str, object] = first | fields
        number = phone_of(secrets.randbelow(10**8)) if phone is None else phone
        item = CustomerIn(external_id=code, phones=(number,) if number else (), **known)  # type: ignore[arg-type]  # a test says the right types
        (verdict,) = await self.books("customers", item)
        assert verdict.id is not None
        self.customers[code] = verdict.id
        return verdict.id

    async def sale(self, customer: str | None, at: datetime, **said: Unpack[SaleWords]) -> UUID:
        """One receipt with one line; returns the sale's id."""
        words = SALE | said
        line = LineIn(
            product=words["service"], cash_cents=words["cash"], card_cents=words["card"], staff=tuple(words["staff"])
        )
        code = words["external_id"] or self.fresh("R")
        item = SaleIn(external_id=code, store=words["store"], at=at, customer=customer, lines=(line,))
        (verdict,) = await self.books("sales", item, historic=words["historic"])
        assert verdict.id is not None
        return verdict.id

    async def visit(self, customer: str, at: datetime, **said: Unpack[VisitWords]) -> UUID:
        """A visit of its own, without a sale."""
        words = VISIT | said
        item = VisitIn(customer=customer, store=words["store"], at=at, staff=words["staff"], service="CUT")
        (verdict,) = await self.books("visits", item, historic=words["historic"])
        assert verdict.id is not None
        return verdict.id

    async def appointment(
        self, customer: str, starts_at: datetime, *, status: str = "booked", external_id: str | None = None
    ) -> UUID:
        """An appointment in `S1` with `E1`."""
        item = AppointmentIn(
            external_id=external_id or self.fresh("A"),
            store="S1",
            starts_at=starts_at,
            customer=customer,
            staff="E1",
            service="CUT",
            status=AppointmentStatus(status),
        )
        (verdict,) = await self.books("appointments", item)
        assert verdict.id is not None
        return verdict.id

    async def card(self, customer: str, at: datetime, **said: Unpack[CardWords]) -> str:
        """A stored-value card opened with a balance; returns its external id."""
        words = CARD | said
        code = words["external_id"] or self.fresh("K")
        principal, gift = words["principal"], words["gift"]
        opened = f"{code}-open"
        entry = EntryIn(
            external_id=opened, kind=EntryKind.OPEN, at=at, principal_cents=principal, gift_cents=gift, store="S1"
        )
        item = CardIn(
            external_id=code, product="VALUE", customer=customer, store="S1", opened_on=at.date(), entries=(entry,)
        )
        await self.books("cards", item)
        return code

    async def card_entry(self, card: str, kind: str, at: datetime, *, principal: int = 0, uses: int = 0) -> None:
        """One more ledger row of a card: `consume`, `top_up`, `close`, …; amounts are signed."""
        code = self.fresh("KE")
        entry = EntryIn(external_id=code, kind=EntryKind(kind), at=at, principal_cents=principal, uses=uses, store="S1")
        await self.books("cards", CardIn(external_id=card, entries=(entry,)))


async def make_world(
    units: Units, master: MasterKey, *, stores: int = 1, employees: int = 2, customers: int = 0
) -> World:
    """A merchant in Shanghai: stores open every day 10:00–21:00, owner, manager of all, employees, a small catalogue, customers `C1`…."""
    world = World(units, master, new_id())
    await units.create_merchant(world.merchant_id, "测试沙龙", ZONE)
    async with units.open(world.merchant_id) as unit:
        for n in range(1, stores + 1):
            world.stores[f"S{n}"] = await service.create_store(unit, code=f"S{n}", name=f"{n}号店", timezone=ZONE)
        await _hire(world, unit, employees)
    await _stock(world)
    for _ in range(customers):
        await world.customer()
    return world


async def _hire(world: World, unit: Unit, employees: int) -> None:
    people = [("owner", "老板", Role.OWNER), ("manager", "店长", Role.MANAGER)]
    people += [(f"E{n}", f"员工{n}", Role.EMPLOYEE) for n in range(1, employees + 1)]
    items = []
    for code, name, role in people:
        world.phones[code] = phone_of(secrets.randbelow(10**8))
        stores = tuple(sorted(world.stores)) if role is not Role.EMPLOYEE else (world.store_of(code),)
        items.append(StaffIn(external_id=code, name=name, phone=world.phones[code], role=role, stores=stores))
    verdicts = await service.upsert_staff(unit, world.master, items)
    for item, verdict in zip(items, verdicts, strict=True):
        assert verdict.id is not None
        world.staff[item.external_id] = verdict.id


async def _stock(world: World) -> None:
    await world.books(
        "products",
        ProductIn(code="CUT", name="剪发", kind=ProductKind.SERVICE, category="hair", price_cents=10_000),
        ProductIn(
            code="LASH", name="美睫", kind=ProductKind.SERVICE, category="lash", price_cents=20_000, cycle_days=21
        ),
        ProductIn(code="OIL", name="护发油", kind=ProductKind.GOODS, price_cents=5_000),
    )
    await world.books(
        "card_products",
        CardProductIn(code="VALUE", name="充值卡", kind=CardKind.STORED_VALUE),
        CardProductIn(code="TIMES", name="次卡", kind=CardKind.TIMES),
        CardProductIn(code="PROMO", name="体验卡", kind=CardKind.STORED_VALUE, promo=True),
    )
