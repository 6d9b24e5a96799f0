"""What a record of the books must look like before it is let in; pure."""

import re
from datetime import datetime
from decimal import Decimal

from tasks.kernel.errors import Invalid
from tasks.kernel.money import MAX_CENTS
from tasks.ledger.inputs import AppointmentIn, CardIn, EntryIn, LineIn, SaleIn
from tasks.ledger.states import AppointmentStatus, EntryKind

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
LONGEST_ID = 128
LONGEST_TEXT = 500
MOST_LINES = 1000
MOST_ENTRIES = 1000
MOST_QUANTITY = Decimal(1_000_000)
MOST_USES = 10_000
_EARLIEST_YEAR = 1970

APPOINTMENT_EVENTS = {
    AppointmentStatus.BOOKED: "appointment_booked",
    AppointmentStatus.CONFIRMED: "appointment_booked",
    AppointmentStatus.ARRIVED: "appointment_booked",
    AppointmentStatus.CANCELLED: "appointment_cancelled",
    AppointmentStatus.MISSED: "appointment_missed",
}
"""The event an appointment in this state is. Every appointment was booked once; being confirmed or kept is no event of its own."""


def check_id(field: str, value: str) -> None:
    """Refuse an empty, over-long or unprintable external id or code. Raises `Invalid`."""
    if not value or value.isspace():
        raise Invalid(field, "is empty")
    check_words(field, value, LONGEST_ID)


def check_words(field: str, value: str, longest: int = LONGEST_TEXT) -> None:
    """Refuse over-long text and control characters. Raises `Invalid`."""
    if len(value) > longest:
        raise Invalid(field, f"is longer than {longest} characters")
    if not value.isprintable() and _CONTROL.search(value):
        raise Invalid(field, "has control characters")


def check_instant(field: str, at: datetime) -> None:
    """Refuse an instant without an offset or before 1970. Raises `Invalid`."""
    if at.tzinfo is None:
        raise Invalid(field, "has no UTC offset")
    if at.year < _EARLIEST_YEAR:
        raise Invalid(field, "is before 1970")


def check_cents(field: str, cents: int) -> None:
    """Refuse an amount past `MAX_CENTS`. Raises `Invalid`."""
    if not -MAX_CENTS <= cents <= MAX_CENTS:
        raise Invalid(field, "is too large")


def check_line(line: LineIn, at: int) -> None:
    """Raise `Invalid` naming the field of line `at`."""
    if line.description:
        check_words(f"lines[{at}].description", line.description)
    quantity = line.quantity
    if not quantity.is_finite() or abs(quantity) > MOST_QUANTITY:
        raise Invalid(f"lines[{at}].quantity", "is too large")
    cash, card, tax = line.cash_cents, line.card_cents, line.tax_cents
    if not (-MAX_CENTS <= cash <= MAX_CENTS and -MAX_CENTS <= card <= MAX_CENTS and -MAX_CENTS <= tax <= MAX_CENTS):
        raise Invalid(f"lines[{at}]", "an amount is too large")


def check_sale(item: SaleIn) -> None:
    """Raise `Invalid` naming the field."""
    check_id("externalId", item.external_id)
    check_instant("at", item.at)
    if len(item.lines) > MOST_LINES:
        raise Invalid("lines", f"more than {MOST_LINES}")
    for at, line in enumerate(item.lines):
        check_line(line, at)


def sale_event(cash_cents: int, card_cents: int) -> str | None:
    """Return the event a receipt of these totals is: a purchase above zero, a refund below, nothing at zero."""
    total = cash_cents + card_cents
    return "purchase" if total > 0 else "refunded" if total < 0 else None


def check_appointment(item: AppointmentIn) -> None:
    """Raise `Invalid` naming the field."""
    check_id("externalId", item.external_id)
    check_instant("startsAt", item.starts_at)
    for field, at in (("bookedAt", item.booked_at), ("cancelledAt", item.cancelled_at)):
        if at is not None:
            check_instant(field, at)
    if not 0 <= item.deposit_cents <= MAX_CENTS:
        raise Invalid("depositCents", "is below zero or too large")


def check_card(item: CardIn) -> None:
    """Raise `Invalid` naming the field."""
    check_id("externalId", item.external_id)
    if len(item.entries) > MOST_ENTRIES:
        raise Invalid("entries", f"more than {MOST_ENTRIES}")
    for at, entry in enumerate(item.entries):
        check_entry(entry, f"entries[{at}]")


def check_entry(entry: EntryIn, where: str) -> None:
    """Raise `Invalid` naming the field under `where`."""
    check_id(f"{where}.externalId", entry.external_id)
    check_instant(f"{where}.at", entry.at)
    check_cents(f"{where}.principalCents", entry.principal_cents)
    check_cents(f"{where}.giftCents", entry.gift_cents)
    if abs(entry.uses) > MOST_USES:
        raise Invalid(f"{where}.uses", "is too large")
    if (entry.kind is EntryKind.FREEZE) != (entry.frozen is not None):
        raise Invalid(f"{where}.frozen", "belongs to freeze, and freeze needs it")
    if entry.kind is EntryKind.EXTEND and entry.expires_on is None:
        raise Invalid(f"{where}.expiresOn", "is needed to extend")
    amounts = (entry.principal_cents, entry.gift_cents, entry.uses)
    if entry.kind in {EntryKind.CONSUME, EntryKind.EXPIRE, EntryKind.TRANSFER_OUT} and max(amounts) > 0:
        raise Invalid(where, f"{entry.kind} takes from the card: amounts are 0 or below")
    if entry.kind in {EntryKind.TOP_UP, EntryKind.TRANSFER_IN, EntryKind.REFUND} and min(amounts) < 0:
        raise Invalid(where, f"{entry.kind} gives to the card: amounts are 0 or above")


def entry_event(entry: EntryIn) -> str | None:
    """Return the event a card entry is.

    A card opened with paid value and without a receipt is a purchase; with a receipt the receipt is.
    """
    if entry.kind is EntryKind.OPEN:
        return "purchase" if entry.principal_cents > 0 and entry.sale is None else None
    return {EntryKind.CONSUME: "card_used", EntryKind.TOP_UP: "card_topped_up", EntryKind.CLOSE: "card_closed"}.get(
        entry.kind
    )
