"""What was typed in by mistake is voided: the books say it no longer, and what it earned is taken back."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.attribution.undoing import revoke_evidence
from tasks.desk.entries import Entry, lock_entry, mark_voided, pass_on_visit
from tasks.desk.faults import CardShort, EntryMovedOn
from tasks.desk.inputs import DeskDone, DeskVoid
from tasks.desk.places import OLDEST
from tasks.desk.states import DeskKind
from tasks.flow.front_desk_books import desk_code, record_one
from tasks.flow.react import react
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.ledger.appointment_changes import lock_appointment, unmake_appointment
from tasks.ledger.facts import lock_facts
from tasks.ledger.inputs import CardIn, EntryIn, SaleIn
from tasks.ledger.states import EntryKind
from tasks.ledger.withdrawing import withdraw_entry_events, withdraw_visit
from tasks.people.persons import open_customers

__all__ = ["void_entry"]

OFFLINE: Final = timedelta(days=2)
"""So long after an entry its author's void may arrive, when it was made on the same day."""
VOIDED: Final = "voided"
"""Why credit was taken back."""


class _Stored(msgspec.Struct, frozen=True):
    card_id: UUID
    card_code: str
    kind: str
    owner_id: UUID
    principal_cents: int
    gift_cents: int
    uses: int
    principal_left: int
    gift_left: int
    uses_left: int
    closed: bool


class _Receipt(msgspec.Struct, frozen=True):
    external_id: str
    store: str
    changed: bool


_CARD: Final = """
select e.card_id, k.external_id as card_code, e.kind, k.customer_id as owner_id, e.principal_cents, e.gift_cents, e.uses,
       f.principal_cents as principal_left, f.gift_cents as gift_left, f.uses_left, f.status = 'closed' as closed
from card_entry e join card k on k.merchant_id = :merchant and k.id = e.card_id
join card_facts f on f.merchant_id = :merchant and f.card_id = e.card_id where e.merchant_id = :merchant and e.id = :entry
"""
_RECEIPT: Final = """
select s.external_id, t.code as store, s.recorded_at <> :recorded as changed from sale s join store t on t.merchant_id = :merchant and t.id = s.store_id
where s.merchant_id = :merchant and s.id = :sale
"""
_VISIT: Final = """
select v.id from visit v join sale s on s.merchant_id = :merchant and s.id = :sale
where v.merchant_id = :merchant and v.customer_id = s.customer_id and v.store_id = s.store_id and v.visited_on = s.sold_on
"""


async def void_entry(unit: Unit, scope: StaffScope, said: DeskVoid, at: datetime) -> DeskDone:
    """Take back what was typed in: its author may on the same store-local day, who leads the store within 31 days.

    A receipt loses its lines, a visit that nothing else speaks for goes, a card gets the opposite row, an appointment is called off; their events are
    withdrawn and credit is revoked. Tasks that closed because of it stay closed: status never moves backwards. Raises `NotFound`, `EntryMovedOn`, or
    `CardShort` when what was put on the card is spent.
    """
    entry = await lock_entry(unit, scope, said.entry_id)
    _check(scope, entry, min(at, unit.now), unit.now)
    visit_id = await _visit_of(unit, entry)
    if entry.card_entry_id is not None:
        await _give_back(unit, entry, entry.card_entry_id)
    if entry.sale_id is not None:
        await _empty(unit, entry, entry.sale_id)
    if entry.visit_id is not None and entry.made and not await pass_on_visit(unit, entry.id, entry.visit_id):
        await withdraw_visit(unit, entry.visit_id)
    if entry.appointment_id is not None and entry.made:
        await unmake_appointment(unit, await lock_appointment(unit, entry.appointment_id))
    await _take_back_credit(unit, entry, visit_id)
    await react(unit, [])
    await mark_voided(unit, entry.id, scope.staff_id)
    rows = (entry.visit_id, entry.card_entry_id, entry.appointment_id, entry.sale_id)
    return DeskDone(entry_id=entry.id, kind=entry.kind, id=next(one for one in rows if one is not None))


def _check(scope: StaffScope, entry: Entry, at: datetime, now: datetime) -> None:
    """Raise `EntryMovedOn` unless the caller may still void it, `at` being when they did. A phone's clock alone cannot make it today for long."""
    if entry.voided_at is not None:
        raise EntryMovedOn
    same_day = local_day(entry.recorded_at, entry.timezone) == local_day(at, entry.timezone)
    own = entry.staff_id == scope.staff_id and same_day and now - entry.recorded_at <= OFFLINE
    if not own and not (scope.leads and now - entry.recorded_at <= OLDEST):
        raise EntryMovedOn


async def _visit_of(unit: Unit, entry: Entry) -> UUID | None:
    """Return the visit that the entry says, or its receipt makes."""
    if entry.visit_id is not None:
        return entry.visit_id
    found: UUID | None = await unit.scalar(_VISIT, sale=entry.sale_id) if entry.sale_id else None
    return found


async def _give_back(unit: Unit, entry: Entry, row_id: UUID) -> None:
    """Write the opposite of a card's row: a use comes back, a top-up goes, and a card that was opened by mistake closes."""
    owner = await unit.scalar(
        "select k.customer_id from card_entry e join card k on k.merchant_id = :merchant and k.id = e.card_id "
        "where e.merchant_id = :merchant and e.id = :entry",
        entry=row_id,
    )
    await lock_facts(unit, {owner, entry.customer_id or owner}, recorded=[])
    (row,) = await unit.structs(_Stored, _CARD, entry=row_id)
    if row.closed:
        raise EntryMovedOn
    if entry.kind is DeskKind.TOP_UP:
        _check_left(row)
    kind = {DeskKind.CARD_USE: EntryKind.REFUND}.get(entry.kind, _undoing(row.kind))
    opposite = EntryIn(
        external_id=f"{desk_code(entry.id)}:void",
        kind=kind,
        at=unit.now,
        principal_cents=-row.principal_cents,
        gift_cents=-row.gift_cents,
        uses=-row.uses,
    )
    await record_one(unit, "cards", CardIn(external_id=row.card_code, entries=(opposite,)), {})
    await withdraw_entry_events(unit, row_id)


def _undoing(kind: str) -> EntryKind:
    return EntryKind.CLOSE if kind == EntryKind.OPEN else EntryKind.ADJUST


def _check_left(row: _Stored) -> None:
    """Refuse to take off a card what it no longer holds, and to close one that holds more. Raises `CardShort` or `EntryMovedOn`."""
    left, gave = (row.principal_left, row.gift_left, row.uses_left), (row.principal_cents, row.gift_cents, row.uses)
    if any(has < given for has, given in zip(left, gave, strict=True)):
        raise CardShort
    if row.kind == EntryKind.OPEN and left != gave:
        raise EntryMovedOn


async def _empty(unit: Unit, entry: Entry, sale_id: UUID) -> None:
    """Record the receipt anew without lines; one that another system recorded since stays as that says."""
    (receipt,) = await unit.structs(_Receipt, _RECEIPT, sale=sale_id, recorded=entry.recorded_at)
    if receipt.changed:
        raise EntryMovedOn
    customer = None
    if entry.customer_id is not None:
        customer = (await open_customers(unit, [entry.customer_id]))[entry.customer_id].external_id
    item = SaleIn(external_id=receipt.external_id, store=receipt.store, at=entry.occurred_at, customer=customer)
    await record_one(unit, "sales", item, {})


async def _take_back_credit(unit: Unit, entry: Entry, visit_id: UUID | None) -> None:
    """Revoke what the receipt, the appointment, and a visit that is gone have earned."""
    gone = visit_id is not None and not await unit.scalar(
        "select exists (select from visit where merchant_id = :merchant and id = :visit)", visit=visit_id
    )
    evidence = [entry.sale_id, entry.appointment_id if entry.made else None, visit_id if gone else None]
    await revoke_evidence(unit, [one for one in evidence if one is not None], VOIDED)
