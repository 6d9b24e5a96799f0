"""A customer paid."""

from datetime import datetime

from tasks.desk.faults import ReceiptKnown
from tasks.desk.inputs import DeskDone, DeskLine, DeskSale
from tasks.desk.places import customer_code, place_of, staff_codes
from tasks.desk.states import DeskKind
from tasks.desk.turns import take_turn
from tasks.flow.front_desk_books import desk_code, keep_entry, ledger_id, record_one
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import LineIn, SaleIn

__all__ = ["record_sale"]

_NAMES = {"externalId": "receiptNo", "customer": "customerId"}


async def record_sale(unit: Unit, scope: StaffScope, said: DeskSale, at: datetime) -> DeskDone:
    """Record a receipt; lines of services make her visit, its total a purchase, or a refund below zero.

    Raises `NotFound` for a customer or store of somebody else's, `Invalid` by field, `ReceiptKnown` for a number that the books have.
    """
    customer = await customer_code(unit, scope, said.customer_id) if said.customer_id else None
    place = await place_of(unit, scope, said.store_id, said.at or at)
    staff = await staff_codes(unit, place, (one for line in said.lines for one in line.served_by), "lines.servedBy")
    entry_id = new_id()
    code = said.receipt_no or desk_code(entry_id)
    if said.receipt_no is not None:
        await _check_unknown(unit, said.receipt_no)
    lines = tuple(_line(line, tuple(staff[one] for one in line.served_by)) for line in said.lines)
    item = SaleIn(external_id=code, store=place.code, at=place.at, customer=customer, lines=lines)
    verdict = await record_one(unit, "sales", item, _NAMES)
    typed = (entry_id, DeskKind.SALE, said.customer_id)
    return await keep_entry(unit, typed, place, scope.staff_id, sale_id=ledger_id(verdict))


async def _check_unknown(unit: Unit, receipt_no: str) -> None:
    """Refuse a number that the books have: typing it in again must not change what a till recorded."""
    await take_turn(unit, "receipt", receipt_no)
    known = await unit.scalar(
        "select exists (select from sale where merchant_id = :merchant and external_id = :code and external_id <> '')",
        code=receipt_no,
    )
    if known:
        raise ReceiptKnown(field="receiptNo")


def _line(line: DeskLine, staff: tuple[str, ...]) -> LineIn:
    return LineIn(
        product=line.product,
        quantity=line.quantity,
        cash_cents=line.cash_cents,
        card_cents=line.card_cents,
        staff=staff,
        requested=line.requested,
    )
