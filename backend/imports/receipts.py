"""Rows that belong together: lines of one receipt become one sale, ledger rows of one card one card."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from backend.imports.decoders import Decoded
from backend.imports.header import Row
from backend.imports.kinds import ImportKind
from backend.imports.readers import Read, Readers
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
        return Joint(readers.read("external_id"), _LineReader(readers), _sale)
    if readers.kind is ImportKind.CARDS:
        return Joint(readers.read("external_id"), _CardReader(readers), _card)
    return None


class _Line(msgspec.Struct, frozen=True, gc=False):
    store: str
    customer: str | None
    at: datetime
    zone: str
    line: LineIn


class _LineReader:
    """Reads lines of receipts; kept flat and free of look-ups that can be made once, for it runs once per row."""

    def __init__(self, readers: Readers) -> None:
        self.books = readers.books
        self.store, self.customer, self.describe = (readers.text(name) for name in ("store", "customer", "description"))
        self.at = readers.instant("at")
        self.product, self.quantity, self.requested, self.staff, self.cash, self.card, self.tax = (
            readers.read(name) for name in ("product", "quantity", "requested", "staff", "cash", "card", "tax")
        )
        self.labels = {name: readers.label(name) for name in ("store", "customer")}
        self._stores: dict[str, tuple[str, str]] = {}
        self._staff: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __call__(self, row: Row) -> _Line:
        """Return what one line says; raises `CellRefused`."""
        named = self.store(row)
        known = self._stores.get(named) or self._meet_store(named)
        code = self.customer(row)
        try:
            customer = self.books.customer(code)
        except CellRefused as fault:
            raise CellRefused(fault.code, self.labels["customer"]) from None
        names = self.staff(row)
        staff = self._staff.get(names)
        if staff is None:
            self._staff[names] = staff = self.books.staff(names)
        quantity = self.quantity(row)
        line = LineIn(
            product=self.product(row),
            description=self.describe(row),
            quantity=ONE if quantity is None else quantity,
            cash_cents=self.cash(row),
            card_cents=self.card(row),
            tax_cents=self.tax(row),
            staff=staff,
            requested=self.requested(row) or False,
        )
        moment: datetime = self.at(row, known[1])  # type: ignore[assignment]  # `at` is needed: empty is refused
        return _Line(known[0], customer, moment, known[1], line)

    def _meet_store(self, named: str) -> tuple[str, str]:
        try:
            store = self.books.store(named)
        except CellRefused as fault:
            raise CellRefused(fault.code, self.labels["store"]) from None
        self._stores[named] = found = (store, self.books.zone_of(store))
        return found


def _sale(key: str, pieces: list[_Line]) -> Decoded:
    first = pieces[0]
    lines = tuple([piece.line for piece in pieces])
    at = first.at
    if len(pieces) > 1:
        at = min(piece.at for piece in pieces)
        _must_agree(first, pieces)
    sale = SaleIn(external_id=key, store=first.store, at=at, customer=first.customer, lines=lines)
    return Decoded(sale, at, first.zone)


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


class _CardReader:
    """Reads rows of cards: each says something of the card's header, and at most one row of its ledger."""

    def __init__(self, readers: Readers) -> None:
        self.books = readers.books
        texts = ("store", "customer", "sold_by", "entry_store", "entry_staff", "entry_id", "sale")
        self.texts = {name: readers.text(name) for name in texts}
        self.head = {name: readers.read(name) for name in ("product", "opened_on")}
        self.lists = {name: readers.read(name) for name in ("holders", "item_products", "item_categories")}
        self.kind, self.at = readers.read("entry_kind"), readers.instant("entry_at")
        self.amounts = {f"{name}_cents": readers.read(name) for name in ("principal", "gift")}
        self.others = {name: readers.read(name) for name in ("uses", "item_no", "expires_on", "frozen")}
        self.labels = {
            name: readers.label(name) for name in ("store", "customer", "entry_id", "entry_at", "entry_store")
        }

    def __call__(self, row: Row) -> _CardRow:
        """Return what one row says; raises `CellRefused`."""
        store = self._store("store", row) or self.books.only_store
        code = self.texts["customer"](row)
        head = {
            "customer": self.books.customer(code) if code else None,
            "store": store,
            "sold_by": self._staff("sold_by", row),
            **{name: read(row) for name, read in self.head.items()},
        }
        services, categories = self.lists["item_products"](row), self.lists["item_categories"](row)
        items = (*(CardItemIn(product=one) for one in services), *(CardItemIn(category=one) for one in categories))
        return _CardRow(head, self.lists["holders"](row), items, self._entry(row, store))

    def _entry(self, row: Row, store: str | None) -> EntryIn | None:
        kind = self.kind(row)
        if kind is None:
            return None
        where = self._store("entry_store", row) or store
        entry_id, at = self.texts["entry_id"](row), self.at(row, self.books.zone_of(where or ""))
        if not entry_id or at is None:
            raise CellRefused("missing", self.labels["entry_at" if entry_id else "entry_id"])
        return EntryIn(
            external_id=entry_id,
            kind=kind,
            at=at,
            sale=self.texts["sale"](row) or None,
            store=where,
            staff=self._staff("entry_staff", row),
            **{name: read(row) for name, read in self.amounts.items()},
            **{name: value for name, read in self.others.items() if (value := read(row)) is not None},
        )

    def _store(self, name: str, row: Row) -> str | None:
        named = self.texts[name](row)
        try:
            return self.books.store(named) if named else None
        except CellRefused as fault:
            raise CellRefused(fault.code, self.labels[name]) from None

    def _staff(self, name: str, row: Row) -> str | None:
        return next(iter(self.books.staff((self.texts[name](row),))), None)


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
    return Decoded(item)
