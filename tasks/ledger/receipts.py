"""A receipt on its way in: resolved, with its totals, and what it gives rise to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

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


@dataclass(slots=True)
class Draft:
    """One receipt of the batch; `followed`: its customer is known and no walk-in record; `services`: lines that make a visit."""

    external_id: str
    places: list[int]
    head: Head
    lines: list[Line]
    followed: bool
    services: list[Line]
    id: UUID = NOT_STORED

    def visit_key(self) -> VisitKey | None:
        """Return the visit its service lines make, if any."""
        head = self.head
        if not (self.followed and self.services) or head.customer_id is None:
            return None
        return head.customer_id, head.store_id, head.sold_on

    def entry(self) -> journal.Entry | None:
        """Return the event the receipt is, if any."""
        head = self.head
        kind = sale_event(head.cash_cents, head.card_cents)
        if kind is None or head.customer_id is None or not self.followed:
            return None
        staff = None
        for line in self.lines:
            staff = line.staff_id
            if staff is not None:
                break
        return journal.Entry(kind, self.id, head.customer_id, head.store_id, staff, head.sold_at)


def read_receipt(refs: Refs, place: int, item: SaleIn) -> Draft:
    """Return the receipt of item `place`, with its codes resolved. Raises `Invalid` naming the field."""
    check_sale(item)
    store = refs.store("store", item.store)
    customer = refs.customer("customer", item.customer) if item.customer is not None else None
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
    head = Head(store.id, customer.id if customer else None, item.at, day, cash, card, tax)
    return Draft(item.external_id, [place], head, lines, customer is not None and not customer.anonymous, services)


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
    made = Line(
        product.id if product else None,
        line.description,
        _exact(line.quantity),
        line.cash_cents,
        line.card_cents,
        line.tax_cents,
        first,
        line.requested,
        helpers,
    )
    return made, product is not None and product.service and line.quantity > 0


def told_by(drafts: Iterable[Draft]) -> dict[VisitKey, Evidence]:
    """Return what the service lines of these receipts say about the visits they make; the same answer as `visit_rows.evidence`."""
    grouped: dict[VisitKey, list[Draft]] = {}
    for draft in drafts:
        key = draft.visit_key()
        if key is not None:
            grouped.setdefault(key, []).append(draft)
    return {key: _evidence(some) for key, some in grouped.items()}


def _evidence(drafts: list[Draft]) -> Evidence:
    at = min(draft.head.sold_at for draft in drafts)
    lines = [line for draft in drafts for line in draft.services]
    if len(lines) == 1:
        return Evidence(at, lines[0].staff_id, lines[0].product_id)
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
