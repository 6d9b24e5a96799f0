"""The fields of events that conditions may ask for: which there are, and how they are stored beside the sealed payload.

Free words (text, reason) and the sender's own marks never become fields. Amounts of receipts, cards and deposits do not either: those are the ledger's,
whether an event came for them or not.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from tasks.events.asked import READ
from tasks.events.envelopes import Draft
from tasks.events.payloads import (
    Custom,
    PointsChanged,
)
from tasks.kernel.errors import Invalid
from tasks.kernel.money import MAX_CENTS
from tasks.kernel.unit import Unit
from tasks.ledger.points import check_points
from tasks.people.attributes import Declared, Stored, declared, stored_value
from tasks.people.batches import columns
from tasks.people.states import AttributeAbout
from tasks.people.traits import LONGEST_VALUE


async def read_fields(unit: Unit, drafts: Iterable[Draft]) -> list[tuple[Draft, Invalid]]:
    """Give each draft its fields; returns those of which one is not what it should be, with the first such field."""
    some = list(drafts)
    custom = {draft.type for draft in some if isinstance(draft.payload, Custom) and draft.payload.fields}
    known = await declared(unit, AttributeAbout.EVENT, custom) if custom else {}
    faults = []
    for draft in some:
        if isinstance(draft.payload, Custom):
            fault = _read_declared(draft, draft.payload, known)
        elif type(draft.payload) in READ:
            fault = _read_known(draft)
        else:
            continue
        if fault is not None:
            faults.append((draft, fault))
    return faults


def _read_declared(draft: Draft, payload: Custom, known: Mapping[tuple[str, str], Declared]) -> Invalid | None:
    """What was not declared stays in the sealed payload alone."""
    first = None
    for code, value in payload.fields.items():
        one = known.get((draft.type, code))
        if one is None or not one.active or value is None:
            continue
        try:
            draft.fields[code] = stored_value(f"data.fields.{code}", one, value)
        except Invalid as fault:
            first = first or fault
    return first


def _read_known(draft: Draft) -> Invalid | None:
    first = None
    for name, attribute in READ[type(draft.payload)]:
        value = getattr(draft.payload, attribute)
        try:
            stored = _stored(f"data.{name}", value)
            if isinstance(draft.payload, PointsChanged) and isinstance(value, int):
                check_points(f"data.{name}", value)
        except Invalid as fault:
            first = first or fault
            continue
        if stored is not None:
            draft.fields[name] = stored
    return first


def _stored(field: str, value: object) -> Stored | None:
    if isinstance(value, str):
        # A long one is no code, name or choice: it is somebody's words, and stays sealed.
        fits = value.strip() and len(value) <= LONGEST_VALUE and value.isprintable()
        return (value, None, None) if fits else None
    if isinstance(value, int | Decimal):
        exact = Decimal(value)
        if not exact.is_finite() or abs(exact) > MAX_CENTS:
            raise Invalid(field, "is too large")
        return None, int((exact * 1000).to_integral_value()), None
    return (None, None, value) if isinstance(value, date) else None


async def write_fields(unit: Unit, events: Sequence[tuple[UUID, Mapping[str, Stored]]]) -> None:
    """Store the fields of events; what an event has already, as its first sender said it, stays."""
    rows = sorted((event_id, name, *stored) for event_id, said in events for name, stored in said.items())
    if not rows:
        return
    names = ("events", "names", "texts", "numbers", "days")
    await unit.run(
        """insert into event_field (merchant_id, event_id, name, text_value, number_milli, day_value)
           select :merchant, u.* from unnest(cast(:events as uuid[]), cast(:names as text[]), cast(:texts as text[]), cast(:numbers as bigint[]),
             cast(:days as date[])) as u
           on conflict (merchant_id, event_id, name) do nothing""",
        **dict(zip(names, columns(rows, len(names)), strict=True)),
    )
