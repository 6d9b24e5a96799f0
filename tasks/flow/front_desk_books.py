"""What every use case of the front desk does: record one item, and say who typed it in."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tasks.desk.entries import NewEntry, insert_entry
from tasks.desk.inputs import DeskDone
from tasks.desk.places import Place
from tasks.desk.states import DeskKind
from tasks.flow.record_books import record_books
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken

PREFIX = "desk:"
"""Begins every external id that the front desk gives to a row of the ledger."""


def desk_code(entry_id: UUID) -> str:
    """Return the external id of what an entry is in the ledger."""
    return f"{PREFIX}{entry_id}"


async def record_one(unit: Unit, kind: str, item: object, names: Mapping[str, str]) -> ItemVerdict:
    """Record one item and let the flow react. Raises `Invalid` on what the caller calls the field that the ledger refuses (`names`: ledger's → caller's)."""
    (verdict,) = await record_books(unit, kind, [item])
    if verdict.status is Taken.REJECTED:
        field = verdict.field or ""
        raise Invalid(_said(field, names), verdict.detail or "is not known")
    return verdict


def _said(field: str, names: Mapping[str, str]) -> str:
    for theirs, ours in names.items():
        if field == theirs or field.startswith(f"{theirs}["):
            return ours + field.removeprefix(theirs)
    return field


def ledger_id(verdict: ItemVerdict) -> UUID:
    """Return the row of an item that was taken."""
    assert verdict.id is not None  # noqa: S101  # whatever was taken has a row
    return verdict.id


async def keep_entry(
    unit: Unit, typed: tuple[UUID, DeskKind, UUID | None], place: Place, staff_id: UUID, **rows: Any
) -> DeskDone:
    """Say who typed in an entry (`typed`: id, kind, customer), and answer with the ledger row among `rows` that it is."""
    entry_id, kind, customer_id = typed
    made, card_id = rows.pop("made", True), rows.pop("card_id", None)
    known = rows.pop("known", not made)
    entry = NewEntry(
        id=entry_id,
        kind=kind,
        store_id=place.store_id,
        customer_id=customer_id,
        staff_id=staff_id,
        occurred_at=place.at,
        made=made,
        **rows,
    )
    await insert_entry(unit, entry)
    found = {
        DeskKind.ARRIVAL: entry.visit_id,
        DeskKind.SALE: entry.sale_id,
        DeskKind.APPOINTMENT: entry.appointment_id,
    }.get(kind, entry.card_entry_id)
    assert found is not None  # noqa: S101  # every entry is a row of the ledger
    return DeskDone(entry_id=entry_id, kind=kind, id=found, known=known, card_id=card_id)
