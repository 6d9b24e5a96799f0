"""From a row to what the flow takes: one decoder per kind of book."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from backend.imports.cells import Read
from backend.imports.declared import attribute_reads
from backend.imports.header import Row
from backend.imports.kinds import ImportKind
from backend.imports.readers import Readers
from backend.imports.reasons import CellRefused
from tasks.ledger.inputs import AppointmentIn, CardProductIn, CategoryIn, ProductIn, VisitIn
from tasks.ledger.states import AppointmentStatus, Precision
from tasks.people.inputs import CustomerIn, StaffIn
from tasks.people.states import BirthdayKind
from tasks.people.trait_inputs import AttributeIn, LevelIn, SourceIn

Decode = Callable[[Row], "Decoded | None"]


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What a row says, when and in which zone; None stands for a row about nobody known."""

    item: Any
    at: datetime | None = None
    zone: str = ""


def decoder(readers: Readers) -> Decode:
    """Return what reads one row of a kind whose rows stand alone; raises `CellRefused` per row."""
    makers: dict[ImportKind, Callable[[Readers], Decode]] = {
        ImportKind.CUSTOMERS: _customers,
        ImportKind.STAFF: _staff,
        ImportKind.LEVELS: lambda made: _plain(made, LevelIn),
        ImportKind.SOURCES: lambda made: _plain(made, SourceIn),
        ImportKind.ATTRIBUTES: lambda made: _plain(made, AttributeIn),
        ImportKind.CATEGORIES: lambda made: _plain(made, CategoryIn),
        ImportKind.PRODUCTS: _products,
        ImportKind.CARD_PRODUCTS: lambda made: _plain(made, CardProductIn),
        ImportKind.VISITS: _visits,
        ImportKind.APPOINTMENTS: _appointments,
    }
    return makers[readers.kind](readers)


def _all(readers: Readers, names: Sequence[str]) -> dict[str, Read]:
    """Return the readers of those fields that the mapping fills."""
    return {name: readers.read(name) for name in names if readers.mapping.fills(name)}


def _said(reads: dict[str, Read], row: Row) -> dict[str, Any]:
    """Return the fields that a row says; what it leaves empty is left out, so that the item's own default stands."""
    return {name: value for name, read in reads.items() if (value := read(row)) is not None}


def _customers(readers: Readers) -> Decode:
    key, books = readers.text("external_id"), readers.books
    names = [
        name
        for name in CustomerIn.__struct_fields__
        if name not in ("external_id", "home_store", "consultant", "technician", "attributes")
    ]
    reads, declared = _all(readers, names), attribute_reads(readers)
    home = readers.text("home_store")
    care = {name: readers.text(name) for name in ("consultant", "technician") if readers.mapping.fills(name)}
    label, home_label = readers.label("external_id"), readers.label("home_store")

    def decode(row: Row) -> Decoded | None:
        code = key(row)
        if books.is_anonymous(code):
            return None
        if not code:
            raise CellRefused("missing", label)
        said = _said(reads, row)
        if "birthday_on" in said:
            said.setdefault("birthday_kind", BirthdayKind.SOLAR)
        store = home(row)
        if store:
            said["home_store"] = _at(books.store, store, home_label)
        for name, text in care.items():
            said[name] = next(iter(books.staff((text(row),))), None)
        if declared:
            said["attributes"] = _said(declared, row)
        return Decoded(CustomerIn(external_id=code, **said))

    return decode


def _staff(readers: Readers) -> Decode:
    reads = _all(readers, StaffIn.__struct_fields__)
    ignored = frozenset(readers.mapping.ignore_staff)

    def decode(row: Row) -> Decoded | None:
        said = _said(reads, row)
        if said["external_id"] in ignored:
            return None
        stores = said.get("stores") or ((readers.books.only_store,) if readers.books.only_store else ())
        return Decoded(StaffIn(**{**said, "stores": stores}))

    return decode


def _products(readers: Readers) -> Decode:
    reads = _all(readers, ("code", "name", "kind", "category", "cycle_days", "upkeep", "active"))
    price = readers.read("price") if readers.mapping.fills("price") else None
    priced = readers.text("price")

    def decode(row: Row) -> Decoded:
        cents = price(row) if price is not None and priced(row) else None
        return Decoded(ProductIn(price_cents=cents, **_said(reads, row)))

    return decode


def _plain(readers: Readers, shape: type[msgspec.Struct]) -> Decode:
    """Return the decoder of a kind whose fields are those of what the flow takes."""
    reads = _all(readers, shape.__struct_fields__)
    return lambda row: Decoded(shape(**_said(reads, row)))


def _visits(readers: Readers) -> Decode:
    customer, store, staff = (readers.text(name) for name in ("customer", "store", "staff"))
    service, at, books = readers.read("service"), readers.instant("at"), readers.books
    labels = {name: readers.label(name) for name in ("customer", "store")}

    def decode(row: Row) -> Decoded | None:
        code = customer(row)
        if books.is_anonymous(code):
            return None
        where = _at(books.store, store(row), labels["store"])
        who = _at(books.customer, code, labels["customer"])
        zone = books.zone_of(where)
        when: datetime = at(row, zone)  # type: ignore[assignment]  # `at` is needed: empty is refused
        by = next(iter(books.staff((staff(row),))), None)
        return Decoded(VisitIn(customer=who, store=where, at=when, staff=by, service=service(row)), when, zone)

    return decode


def _appointments(readers: Readers) -> Decode:
    customer, store, staff = (readers.text(name) for name in ("customer", "store", "staff"))
    starts, booked, cancelled = (readers.instant(name) for name in ("starts_at", "booked_at", "cancelled_at"))
    reads = _all(readers, ("external_id", "service", "deposit_status"))
    precision, status, deposit = (readers.read(name) for name in ("precision", "status", "deposit"))
    books = readers.books
    labels = {name: readers.label(name) for name in ("customer", "store")}

    def decode(row: Row) -> Decoded:
        where = _at(books.store, store(row), labels["store"])
        zone = books.zone_of(where)
        when: datetime = starts(row, zone)  # type: ignore[assignment]  # `starts_at` is needed: empty is refused
        item = AppointmentIn(
            store=where,
            starts_at=when,
            customer=_at(books.customer, customer(row), labels["customer"]),
            staff=next(iter(books.staff((staff(row),))), None),
            precision=precision(row) or Precision.EXACT,
            status=status(row) or AppointmentStatus.BOOKED,
            booked_at=booked(row, zone),
            cancelled_at=cancelled(row, zone),
            deposit_cents=deposit(row),
            **_said(reads, row),
        )
        return Decoded(item, when, zone)

    return decode


def _at(find: Callable[[str], Any], text: str, label: str) -> Any:
    """Look something up; a refusal names the column."""
    try:
        return find(text)
    except CellRefused as fault:
        raise CellRefused(fault.code, label, fault.detail) from None
