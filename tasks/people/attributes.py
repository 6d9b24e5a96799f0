"""Values of declared fields: read against what was declared, and stored for customers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.people.batches import columns
from tasks.people.states import AttributeAbout, AttributeKind
from tasks.people.traits import LONGEST_VALUE

Scalar = str | int | float | bool | Decimal | date | None
"""What a declared field can be said to be; None takes the value away."""
Stored = tuple[str | None, int | None, date | None]
"""Text, thousandths or day: exactly one of them."""
MOST_MILLI: Final = 10**15
_YEARS = range(1900, 2201)


class Declared(msgspec.Struct, frozen=True):
    """A field that the merchant declared."""

    id: UUID
    event_type: str
    code: str
    kind: AttributeKind
    choices: frozenset[str]
    active: bool


async def declared(
    unit: Unit, about: AttributeAbout, event_types: Iterable[str] = ("",)
) -> dict[tuple[str, str], Declared]:
    """Return the fields declared of customers, or of these types of events, by (event type, code); those switched off too."""
    rows = await unit.rows(
        """select id, event_type, code, kind, choices, active from attribute
           where merchant_id = :merchant and about = :about and event_type = any(cast(:types as text[]))""",
        about=about.value,
        types=sorted(set(event_types)),
    )
    return {(row["event_type"], row["code"]): _declared(dict(row)) for row in rows}


def _declared(row: dict[str, Any]) -> Declared:
    return Declared(**{**row, "kind": AttributeKind(row["kind"]), "choices": frozenset(row["choices"])})


def stored_value(field: str, one: Declared, value: Scalar) -> Stored:
    """Return a value as it is stored. Raises `Invalid` on `field` for one that is not of the declared kind."""
    if one.kind is AttributeKind.FLAG:
        if not isinstance(value, bool):
            raise Invalid(field, "is neither true nor false")
        return None, 1000 * value, None
    if one.kind is AttributeKind.NUMBER:
        return None, milli(field, value), None
    if one.kind is AttributeKind.DAY:
        return None, None, _day(field, value)
    return _text(field, one, value), None, None


def milli(field: str, value: object) -> int:
    """Return a number in thousandths. Raises `Invalid` for what is none, has more decimals, or is too large."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Invalid(field, "is not a number")
    try:
        exact = Decimal(str(value)) * 1000
        whole = int(exact)
    except (InvalidOperation, ValueError, OverflowError) as fault:
        raise Invalid(field, "is not a number") from fault
    if whole != exact:
        raise Invalid(field, "has more than three decimals")
    if abs(whole) > MOST_MILLI:
        raise Invalid(field, "is too large")
    return whole


def _day(field: str, value: object) -> date:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as fault:
        raise Invalid(field, "is not a day (YYYY-MM-DD)") from fault
    if day.year not in _YEARS:
        raise Invalid(field, f"is not between {_YEARS[0]} and {_YEARS[-1]}")
    return day


def _text(field: str, one: Declared, value: object) -> str:
    if not isinstance(value, str):
        raise Invalid(field, "is not a text")
    if not value.strip():
        raise Invalid(field, "is empty")
    if len(value) > LONGEST_VALUE:
        raise Invalid(field, f"is longer than {LONGEST_VALUE} characters")
    if not value.isprintable():
        raise Invalid(field, "has control characters")
    if one.choices and value not in one.choices:
        raise Invalid(field, "is none of the declared choices")
    return value


def read_values(said: Mapping[str, Scalar], known: Mapping[tuple[str, str], Declared]) -> dict[UUID, Stored | None]:
    """Return a customer's values by attribute, None for those to take away. Raises `Invalid` naming `attributes.<code>`."""
    read: dict[UUID, Stored | None] = {}
    for code, value in said.items():
        field = f"attributes.{code[:64]}"
        one = known.get(("", code))
        if one is None:
            raise Invalid(field, "is not declared")
        if value is not None and not one.active:
            raise Invalid(field, "is not in use any more")
        read[one.id] = None if value is None else stored_value(field, one, value)
    return read


async def write_values(unit: Unit, values: Sequence[tuple[UUID, Mapping[UUID, Stored | None]]]) -> set[UUID]:
    """Store values of customers whose rows the caller holds locked; returns the customers for whom something changed."""
    kept, gone = [], []
    for customer_id, said in values:
        for attribute_id, value in said.items():
            if value is None:
                gone.append((customer_id, attribute_id))
            else:
                kept.append((customer_id, attribute_id, *value))
    return await _put(unit, sorted(kept, key=lambda row: row[:2])) | await _take(unit, gone)


async def _put(unit: Unit, rows: Sequence[tuple[Any, ...]]) -> set[UUID]:
    if not rows:
        return set()
    names = ("customers", "attributes", "texts", "numbers", "days")
    changed = await unit.run(
        """insert into customer_attribute as a (merchant_id, customer_id, attribute_id, text_value, number_milli, day_value)
           select :merchant, u.* from unnest(cast(:customers as uuid[]), cast(:attributes as uuid[]), cast(:texts as text[]),
             cast(:numbers as bigint[]), cast(:days as date[])) as u
           on conflict (merchant_id, customer_id, attribute_id) do update
           set text_value = excluded.text_value, number_milli = excluded.number_milli, day_value = excluded.day_value
           where (a.text_value, a.number_milli, a.day_value) is distinct from (excluded.text_value, excluded.number_milli, excluded.day_value)
           returning a.customer_id""",
        **dict(zip(names, columns(rows, len(names)), strict=True)),
    )
    return set(changed.scalars())


async def _take(unit: Unit, rows: Sequence[tuple[UUID, UUID]]) -> set[UUID]:
    if not rows:
        return set()
    customers, attributes = columns(rows, 2)
    gone = await unit.run(
        """delete from customer_attribute a using unnest(cast(:customers as uuid[]), cast(:attributes as uuid[])) as u(customer_id, attribute_id)
           where a.merchant_id = :merchant and a.customer_id = u.customer_id and a.attribute_id = u.attribute_id returning a.customer_id""",
        customers=customers,
        attributes=attributes,
    )
    return set(gone.scalars())
