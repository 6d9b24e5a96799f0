"""Rows that belong together: lines of one receipt become one sale, ledger rows of one card one card."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from backend.imports.books import Books
from backend.imports.cells import Block, Read, attempt, down, refused_by, refuses
from backend.imports.decoders import Decoded
from backend.imports.header import Row
from backend.imports.instants import WholeInstant
from backend.imports.kinds import ImportKind
from backend.imports.readers import Readers
from backend.imports.reasons import CellRefused
from tasks.kernel.zones import local_day
from tasks.ledger.inputs import CardIn, CardItemIn, EntryIn, LineIn, SaleIn

ONE = Decimal(1)


class Joint(msgspec.Struct, frozen=True):
    """How rows of a kind are read and joined.

    Attributes:
        key: the external id that rows of one thing share.
        pieces: what each of some rows says, in order; a row that is refused says its `CellRefused`.
        join: all pieces of one key as one item; raises `CellRefused` when they contradict each other.
    """

    key: Read
    pieces: Callable[[Sequence[Row]], list[Any]]
    join: Callable[[str, list[Any]], Decoded]


def joint(readers: Readers) -> Joint | None:
    """Return how rows of the kind are joined, or None for kinds whose rows stand alone."""
    if readers.kind is ImportKind.SALES:
        return Joint(readers.read("external_id"), _LineReader(readers), _sale)
    if readers.kind is ImportKind.CARDS:
        read = _CardReader(readers)
        return Joint(readers.read("external_id"), lambda rows: [attempt(read, row) for row in rows], _card)
    return None


Place = tuple[str, str]
"""A store's code, and the zone of the file's wall times there."""
Piece = tuple[Place, str | None, datetime, LineIn]
"""What one line says: where, of whom, when, and the line itself."""


class _LineReader:
    """Reads lines of receipts, a column at a time: a look-up per cell and little else, for it runs for every row."""

    def __init__(self, readers: Readers) -> None:
        self.books = readers.books
        self.store = readers.meant("store", self._place)
        self.kept = _KeptStaff(self.books)
        self.reads: list[Read] = [
            readers.meant("customer", self.books.customer),
            readers.read("staff"),
            readers.read("quantity"),
            readers.read("product"),
            readers.text("description"),
            *(readers.read(name) for name in ("cash", "card", "tax", "requested")),
        ]
        self.at = readers.instant("at")

    def __call__(self, rows: Sequence[Row]) -> list[Any]:
        """Return what each line says, or why it is refused: for the first of its fields that cannot be read."""
        block = Block(rows)
        places = down(self.store, block)
        if refused_by(self.store, places):
            good = iter(self([row for row, place in zip(rows, places, strict=True) if not refuses((place,))]))
            return [place if refuses((place,)) else next(good) for place in places]
        whens, refused = self._whens(block, places)
        columns = [places]
        for read in self.reads:
            said = down(read, block)
            refused = refused or refused_by(read, said)
            columns.append(said)
        columns.append(whens)
        kept = self.kept
        if not refused:
            return [_piece(said, kept) for said in zip(*columns, strict=True)]
        return [_first_refusal(said) or _piece(said, kept) for said in zip(*columns, strict=True)]

    def _whens(self, block: Block, places: Sequence[Place]) -> tuple[list[Any], bool]:
        """Return when each row was, and whether a refusal is among them."""
        zones = {place[1] for place in places}
        if len(zones) == 1 and isinstance(self.at, WholeInstant):
            read = self.at.of(zones.pop())
            said = down(read, block)
            return said, refused_by(read, said)
        said = [attempt(self.at, row, place[1]) for row, place in zip(block.rows, places, strict=True)]
        return said, refuses(said)

    def _place(self, named: str) -> Place:
        store = self.books.store(named)
        return store, self.books.zone_of(store)


class _KeptStaff(dict[tuple[str, ...], tuple[str, ...]]):
    """The staff that a cell names → those that are somebody."""

    def __init__(self, books: Books) -> None:
        super().__init__()
        self.books = books

    def __missing__(self, names: tuple[str, ...]) -> tuple[str, ...]:
        self[names] = kept = self.books.staff(names)
        return kept


def _piece(said: tuple[Any, ...], kept: _KeptStaff) -> Piece:
    place, customer, staff, quantity, product, description, cash, card, tax, requested, at = said
    line = LineIn(
        product=product,
        description=description,
        quantity=ONE if quantity is None else quantity,
        cash_cents=cash,
        card_cents=card,
        tax_cents=tax,
        staff=kept[staff],
        requested=requested or False,
    )
    return place, customer, at, line


def _first_refusal(said: tuple[Any, ...]) -> CellRefused | None:
    return next((one for one in said if isinstance(one, CellRefused)), None)


def _sale(key: str, pieces: list[Piece]) -> Decoded:
    (store, zone), customer, at, line = pieces[0]
    if len(pieces) == 1:
        return Decoded(SaleIn(external_id=key, store=store, at=at, customer=customer, lines=(line,)), at, zone)
    _must_agree(pieces)
    at = min([piece[2] for piece in pieces])
    lines = tuple([piece[3] for piece in pieces])
    return Decoded(SaleIn(external_id=key, store=store, at=at, customer=customer, lines=lines), at, zone)


def _must_agree(pieces: list[Piece]) -> None:
    place, customer, at, _ = pieces[0]
    if all([piece[0] == place and piece[1] == customer and piece[2] == at for piece in pieces]):  # noqa: C419  # of two or three a list is made sooner than a generator
        return
    store, zone = place
    if any(piece[1] != customer for piece in pieces):
        raise CellRefused("rows-disagree", detail="customer")
    if any(piece[0][0] != store for piece in pieces):
        raise CellRefused("rows-disagree", detail="store")
    if len({local_day(piece[2], zone) for piece in pieces}) > 1:
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
