"""A receipt on its way in: resolved, with its totals, and what it gives rise to."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import msgspec

from tasks.kernel.zones import zone_of
from tasks.ledger import journal
from tasks.ledger.inputs import LineIn, SaleIn
from tasks.ledger.refs import Refs
from tasks.ledger.rules import check_sale, sale_event

VisitKey = tuple[UUID, UUID, date]
"""Customer, store and store-local day."""
_THOUSANDTH = Decimal("0.001")


NOT_STORED = UUID(int=0)
"""The id of a receipt before it has one."""

# A named tuple from a tuple that is there, as `_make` does it: a third of the time of naming the fields, and these are made for every line.
_new = tuple.__new__


class Line(NamedTuple):
    """A line as its columns, after `sale_id` and `line_no`."""

    product_id: UUID | None
    description: str
    quantity: Decimal
    cash_cents: int
    card_cents: int
    tax_cents: int
    staff_id: UUID | None
    requested: bool
    helpers: tuple[UUID, ...]


class Evidence(NamedTuple):
    """What the service lines of one visit say: the earliest instant, who did most of them, the main service."""

    at: datetime
    staff_id: UUID | None
    product_id: UUID | None


class Head(NamedTuple):
    """A receipt as its columns, after `id` and `external_id`."""

    store_id: UUID
    customer_id: UUID | None
    sold_at: datetime
    sold_on: date
    cash_cents: int
    card_cents: int
    tax_cents: int


class Draft(msgspec.Struct):
    """One receipt of the batch; `followed`: its customer is known and no walk-in record; `services`: lines that make a visit, which is `visit`."""

    external_id: str
    places: list[int]
    head: Head
    lines: list[Line]
    followed: bool
    services: list[Line]
    visit: VisitKey | None
    id: UUID = NOT_STORED
    new: bool = False
    """It was not stored as it is here."""

    def entry(self) -> journal.Entry | None:
        """Return the event the receipt is, if any."""
        store_id, customer_id, sold_at, _, cash, card, _ = self.head
        kind = sale_event(cash, card)
        if kind is None or customer_id is None or not self.followed:
            return None
        staff = None
        for line in self.lines:
            staff = line.staff_id
            if staff is not None:
                break
        return _new(journal.Entry, (kind, self.id, customer_id, store_id, staff, sold_at))


def read_receipt(refs: Refs, place: int, item: SaleIn) -> Draft:
    """Return the receipt of item `place`, with its codes resolved. Raises `Invalid` naming the field."""
    check_sale(item)
    store = refs.stores.get(item.store) or refs.store("store", item.store)
    named = item.customer
    customer = None if named is None else refs.customers.get(named) or refs.customer("customer", named)
    followed = customer is not None and not customer.anonymous
    lines = []
    cash = card = tax = 0
    services = []
    for at, line in enumerate(item.lines):
        made, service = _line(refs, at, line)
        lines.append(made)
        if service:
            services.append(made)
        cash += line.cash_cents
        card += line.card_cents
        tax += line.tax_cents
    day = item.at.astimezone(zone_of(store.timezone)).date()
    customer_id = customer.id if customer else None
    head = _new(Head, (store.id, customer_id, item.at, day, cash, card, tax))
    visit = (customer_id, store.id, day) if followed and services and customer_id else None
    return Draft(item.external_id, [place], head, lines, followed, services, visit)


@lru_cache(maxsize=4096)
def _exact(quantity: Decimal) -> Decimal:
    """Return a finite quantity as the column keeps it; few are ever met."""
    return quantity.quantize(_THOUSANDTH)


def _line(refs: Refs, at: int, line: LineIn) -> tuple[Line, bool]:
    """Return the line and whether it is a service given."""
    # Straight into the look-ups first: this runs once per line, and most lines name what is known.
    product = refs.products.get(line.product) if line.product is not None else None
    if product is None and line.product is not None:
        product = refs.product(f"lines[{at}].product", line.product)
    first = refs.staff.get(line.staff[0]) if line.staff else None
    if first is None and line.staff:
        first = refs.person(f"lines[{at}].staff[0]", line.staff[0])
    helpers: tuple[UUID, ...] = ()
    if len(line.staff) > 1:
        others = {refs.person(f"lines[{at}].staff[{n}]", one) for n, one in enumerate(line.staff)}
        helpers = tuple(sorted(one for one in others if one is not None and one != first))
    quantity = line.quantity
    said = (
        product.id if product else None,
        line.description,
        _exact(quantity),
        line.cash_cents,
        line.card_cents,
        line.tax_cents,
        first,
        line.requested,
        helpers,
    )
    return _new(Line, said), product is not None and product.service and quantity > 0


def told_by(drafts: Iterable[Draft]) -> dict[VisitKey, Evidence]:
    """Return what the service lines of these receipts say about the visits they make; the same answer as `visit_rows.evidence`."""
    grouped: dict[VisitKey, list[Draft]] = {}
    for draft in drafts:
        key = draft.visit
        if key is None:
            continue
        some = grouped.get(key)
        if some is None:
            grouped[key] = [draft]
        else:
            some.append(draft)
    return {key: _evidence(some) for key, some in grouped.items()}


def _evidence(drafts: list[Draft]) -> Evidence:
    first = drafts[0]
    if len(drafts) == 1 and len(first.services) == 1:
        line = first.services[0]
        return _new(Evidence, (first.head.sold_at, line.staff_id, line.product_id))
    at = min([draft.head.sold_at for draft in drafts])
    lines = [line for draft in drafts for line in draft.services]
    by_staff: dict[UUID, tuple[int, int]] = {}
    by_product: dict[UUID | None, int] = {}
    for line in lines:
        amount = line.cash_cents + line.card_cents
        if line.staff_id is not None:
            n, total = by_staff.get(line.staff_id, (0, 0))
            by_staff[line.staff_id] = (n + 1, total + amount)
        by_product[line.product_id] = by_product.get(line.product_id, 0) + amount
    staff = min(by_staff, key=lambda one: (-by_staff[one][0], -by_staff[one][1], one), default=None)
    return Evidence(at, staff, min(by_product, key=lambda one: (-by_product[one], str(one))))
