"""Rows that belong together: lines of one receipt become one sale, ledger rows of one card one card."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from backend.imports.decoders import Decoded
from backend.imports.kinds import ImportKind
from backend.imports.readers import Read, Readers, Row
from backend.imports.reasons import CellRefused
from tasks.kernel.zones import local_day
from tasks.ledger.inputs import CardIn, CardItemIn, EntryIn, LineIn, SaleIn

ONE = Decimal(1)


class Joint(msgspec.Struct, frozen=True):
    """How rows of a kind are read and joined.

    Attributes:
        key: the external id that rows of one thing share.
        piece: what one row says; raises `CellRefused`.
        join: all pieces of one key as one item; raises `CellRefused` when they contradict each other.
    """

    key: Read
    piece: Callable[[Row], Any]
    join: Callable[[str, list[Any]], Decoded]


def joint(readers: Readers) -> Joint | None:
    """Return how rows of the kind are joined, or None for kinds whose rows stand alone."""
    if readers.kind is ImportKind.SALES:
        return Joint(readers.read("external_id"), _line_reader(readers), _sale)
    if readers.kind is ImportKind.CARDS:
        return Joint(readers.read("external_id"), _card_reader(readers), _card)
    return None


class _Line(msgspec.Struct, frozen=True, gc=False):
    store: str
    customer: str | None
    at: datetime
    zone: str
    line: LineIn


def _line_reader(readers: Readers) -> Callable[[Row], _Line]:
    books = readers.books
    store_text, customer_text, describe = readers.text("store"), readers.text("customer"), readers.text("description")
    at = readers.instant("at")
    product, quantity, requested = readers.read("product"), readers.read("quantity"), readers.read("requested")
    cash, card, tax = readers.read("cash"), readers.read("card"), readers.read("tax")
    staff_of = readers.read("staff")
    store_label, customer_label = readers.label("store"), readers.label("customer")
    customers: dict[str, str | None] = {}
    staff_known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def piece(row: Row) -> _Line:
        try:
            store = books.store(store_text(row))
        except CellRefused as fault:
            raise CellRefused(fault.code, store_label) from None
        zone = books.zone_of(store)
        code = customer_text(row)
        customer = customers.get(code)
        if customer is None:
            try:
                customers[code] = customer = books.customer(code)
            except CellRefused as fault:
                raise CellRefused(fault.code, customer_label) from None
        names = staff_of(row)
        staff = staff_known.get(names)
        if staff is None:
            staff_known[names] = staff = books.staff(names)
        amount = quantity(row)
        line = LineIn(
            product=product(row),
            description=describe(row),
            quantity=ONE if amount is None else amount,
            cash_cents=cash(row),
            card_cents=card(row),
            tax_cents=tax(row),
            staff=staff,
            requested=requested(row) or False,
        )
        moment: datetime = at(row, zone)  # type: ignore[assignment]  # `at` is needed: empty is refused
        return _Line(store, customer, moment, zone, line)

    return piece


def _sale(key: str, pieces: list[_Line]) -> Decoded:
    first = pieces[0]
    if len(pieces) == 1:
        at, lines = first.at, (first.line,)
    else:
        at, lines = min(piece.at for piece in pieces), tuple([piece.line for piece in pieces])
        _must_agree(first, pieces)
    day = local_day(at, first.zone)
    return Decoded(SaleIn(external_id=key, store=first.store, at=at, customer=first.customer, lines=lines), day)


def _must_agree(first: _Line, pieces: list[_Line]) -> None:
    if any(piece.customer != first.customer for piece in pieces):
        raise CellRefused("rows-disagree", detail="customer")
    if any(piece.store != first.store for piece in pieces):
        raise CellRefused("rows-disagree", detail="store")
    if len({piece.at for piece in pieces}) > 1 and len({local_day(piece.at, first.zone) for piece in pieces}) > 1:
        raise CellRefused("rows-disagree", detail="day")


_HEAD = ("product", "customer", "store", "sold_by", "opened_on")


class _CardRow(msgspec.Struct, frozen=True):
    head: dict[str, Any]
    holders: tuple[str, ...]
    items: tuple[CardItemIn, ...]
    entry: EntryIn | None


def _card_reader(readers: Readers) -> Callable[[Row], _CardRow]:
    books = readers.books
    texts = {
        name: readers.text(name)
        for name in ("store", "customer", "sold_by", "entry_store", "entry_staff", "entry_id", "sale")
    }
    product, opened = readers.read("product"), readers.read("opened_on")
    holders = readers.read("holders")
    services, categories = readers.read("item_products"), readers.read("item_categories")
    kind, at = readers.read("entry_kind"), readers.instant("entry_at")
    amounts = {f"{name}_cents": readers.read(name) for name in ("principal", "gift")}
    others = {name: readers.read(name) for name in ("uses", "item_no", "expires_on", "frozen")}
    labels = {name: readers.label(name) for name in readers.mapping.columns}

    def entry(row: Row, store: str | None) -> EntryIn | None:
        of_kind = kind(row)
        if of_kind is None:
            return None
        where = books.store(texts["entry_store"](row)) if texts["entry_store"](row) else store
        when = at(row, books.zone_of(where or ""))
        for name, value in (("entry_id", texts["entry_id"](row)), ("entry_at", when)):
            if not value:
                raise CellRefused("missing", labels.get(name, name))
        said = {name: value for name, read in others.items() if (value := read(row)) is not None}
        return EntryIn(
            external_id=texts["entry_id"](row),
            kind=of_kind,
            at=when,  # type: ignore[arg-type]  # refused above when missing
            sale=texts["sale"](row) or None,
            store=where,
            staff=next(iter(books.staff((texts["entry_staff"](row),))), None),
            **{name: read(row) for name, read in amounts.items()},
            **said,
        )

    def piece(row: Row) -> _CardRow:
        named, code = texts["store"](row), texts["customer"](row)
        store = books.store(named) if named else books.only_store
        head = {
            "product": product(row),
            "customer": books.customer(code) if code else None,
            "store": store,
            "sold_by": next(iter(books.staff((texts["sold_by"](row),))), None),
            "opened_on": opened(row),
        }
        items = (
            *(CardItemIn(product=one) for one in services(row)),
            *(CardItemIn(category=one) for one in categories(row)),
        )
        return _CardRow(head, holders(row), items, entry(row, store))

    return piece


def _card(key: str, pieces: list[_CardRow]) -> Decoded:
    head: dict[str, Any] = {}
    for name in _HEAD:
        said = list(dict.fromkeys(piece.head[name] for piece in pieces if piece.head[name] is not None))
        if len(said) > 1:
            raise CellRefused("rows-disagree", detail=name)
        head[name] = said[0] if said else None
    item = CardIn(
        external_id=key,
        holders=tuple(dict.fromkeys(one for piece in pieces for one in piece.holders)),
        items=tuple(dict.fromkeys(one for piece in pieces for one in piece.items)),
        entries=tuple(piece.entry for piece in pieces if piece.entry is not None),
        **head,
    )
    days: list[date] = [entry.at.date() for entry in item.entries]
    return Decoded(item, min(days, default=item.opened_on))
