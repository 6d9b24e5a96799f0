"""A customer put value on a card, or paid with one."""

from datetime import datetime
from typing import Final
from uuid import UUID

from tasks.desk.cards import HeldCard, hold_card
from tasks.desk.inputs import DeskCardUse, DeskDone, DeskTopUp
from tasks.desk.places import Place, customer_code, place_of, staff_codes
from tasks.desk.states import DeskKind
from tasks.flow.front_desk_books import desk_code, keep_entry, ledger_id, record_one
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import CardIn, EntryIn, LineIn, SaleIn
from tasks.ledger.states import CardKind, EntryKind

__all__ = ["entry_of", "record_card_use", "record_top_up"]

_TOP_UP_NAMES: Final = {"items": "newCard.items", "product": "newCard.product", "customer": "customerId"}
_USE_NAMES: Final = {"lines[0].product": "service", "customer": "customerId"}
_FREE: Final = frozenset({CardKind.PERIOD.value, CardKind.DISCOUNT.value, CardKind.GIFT.value})
"""Kinds of cards that are used without anything being taken off."""


async def record_top_up(unit: Unit, scope: StaffScope, said: DeskTopUp, at: datetime) -> DeskDone:
    """Put value on a card, or open one with it; what was paid is a receipt, so that the money counts once.

    Raises `NotFound` for a customer, card or store that is not one's own, `CardUnusable`, or `Invalid` by field.
    """
    _check_top_up(said)
    customer = await customer_code(unit, scope, said.customer_id)
    place = await place_of(unit, scope, said.store_id, said.at or at)
    staff = await staff_codes(unit, place, [said.sold_by], "soldBy")
    held = await hold_card(unit, said.customer_id, said.card_id) if said.card_id else None
    entry_id, seller = new_id(), staff[said.sold_by] if said.sold_by else None
    paid = said.principal_cents if said.paid_cents is None else said.paid_cents
    receipt = None
    if paid:
        line = LineIn(description="充值" if held else "开卡", cash_cents=paid, staff=(seller,) if seller else ())
        receipt = await _receipt(unit, place, customer, (entry_id, line))
    entry = _top_up_entry(said, place, (entry_id, seller), paid=bool(receipt))
    card = CardIn(external_id=held.external_id, entries=(entry,)) if held else _new_card(said, place, customer, entry)
    verdict = await record_one(unit, "cards", card, _TOP_UP_NAMES)
    typed = (entry_id, DeskKind.TOP_UP, said.customer_id)
    rows = {"sale_id": receipt, "card_entry_id": await entry_of(unit, desk_code(entry_id))}
    return await keep_entry(unit, typed, place, scope.staff_id, card_id=ledger_id(verdict), **rows)


def _check_top_up(said: DeskTopUp) -> None:
    if (said.card_id is None) == (said.new_card is None):
        raise Invalid("cardId", "needs exactly one of: cardId, newCard")
    if said.card_id and not (said.principal_cents or said.gift_cents or said.uses):
        raise Invalid("principalCents", "needs one of: principalCents, giftCents, uses")


def _top_up_entry(said: DeskTopUp, place: Place, typed: tuple[UUID, str | None], *, paid: bool) -> EntryIn:
    entry_id, seller = typed
    return EntryIn(
        external_id=desk_code(entry_id),
        kind=EntryKind.TOP_UP if said.card_id else EntryKind.OPEN,
        at=place.at,
        principal_cents=said.principal_cents,
        gift_cents=said.gift_cents,
        uses=said.uses,
        expires_on=said.expires_on,
        sale=desk_code(entry_id) if paid else None,
        store=place.code,
        staff=seller,
    )


def _new_card(said: DeskTopUp, place: Place, customer: str, entry: EntryIn) -> CardIn:
    assert said.new_card is not None  # noqa: S101  # checked before
    return CardIn(
        external_id=entry.external_id,
        product=said.new_card.product,
        customer=customer,
        store=place.code,
        sold_by=entry.staff,
        items=said.new_card.items,
        entries=(entry,),
    )


async def record_card_use(unit: Unit, scope: StaffScope, said: DeskCardUse, at: datetime) -> DeskDone:
    """Take value off a card she holds, with the receipt that says what for; a service makes her visit.

    Raises `NotFound` for a customer, card or store that is not one's own, `CardUnusable`, `CardShort` when the card holds less, or `Invalid` by field.
    """
    customer = await customer_code(unit, scope, said.customer_id)
    place = await place_of(unit, scope, said.store_id, said.at or at)
    staff = await staff_codes(unit, place, [said.served_by], "servedBy")
    card = await hold_card(unit, said.customer_id, said.card_id)
    principal, gift = _taken(said, card)
    entry_id, served_by = new_id(), staff[said.served_by] if said.served_by else None
    line = LineIn(
        product=said.service,
        card_cents=said.amount_cents or said.value_cents,
        staff=(served_by,) if served_by else (),
        requested=said.requested,
    )
    receipt = await _receipt(unit, place, customer, (entry_id, line))
    entry = EntryIn(
        external_id=desk_code(entry_id),
        kind=EntryKind.CONSUME,
        at=place.at,
        principal_cents=-principal,
        gift_cents=-gift,
        uses=-said.uses,
        item_no=said.item_no,
        sale=desk_code(entry_id),
        store=place.code,
        staff=served_by,
    )
    await record_one(unit, "cards", CardIn(external_id=card.external_id, entries=(entry,)), {})
    typed = (entry_id, DeskKind.CARD_USE, said.customer_id)
    rows = {"sale_id": receipt, "card_entry_id": await entry_of(unit, desk_code(entry_id))}
    return await keep_entry(unit, typed, place, scope.staff_id, card_id=card.id, **rows)


def _taken(said: DeskCardUse, card: HeldCard) -> tuple[int, int]:
    """Return the principal and gift that are taken. Raises `Invalid` when nothing is, from a card that is not free to use, and `CardShort`."""
    if said.amount_cents and said.value_cents:
        raise Invalid("valueCents", "goes with uses only")
    if not (said.amount_cents or said.uses or card.kind in _FREE):
        raise Invalid("uses", "needs one of: amountCents, uses")
    card.check_uses(said.uses)
    return card.parts(said.amount_cents)


async def _receipt(unit: Unit, place: Place, customer: str, numbered: tuple[UUID, LineIn]) -> UUID:
    entry_id, line = numbered
    item = SaleIn(external_id=desk_code(entry_id), store=place.code, at=place.at, customer=customer, lines=(line,))
    return ledger_id(await record_one(unit, "sales", item, _USE_NAMES))


async def entry_of(unit: Unit, code: str) -> UUID:
    """Return the card's ledger row of an external id that was just recorded."""
    found: UUID = await unit.scalar(
        "select id from card_entry where merchant_id = :merchant and external_id = :code", code=code
    )
    return found
