"""The card a customer pays with."""

from typing import Final
from uuid import UUID

import msgspec

from tasks.desk.faults import CardShort, CardUnusable
from tasks.kernel.errors import NotFound
from tasks.kernel.unit import Unit
from tasks.ledger.facts import lock_facts


class HeldCard(msgspec.Struct, frozen=True):
    """A card a customer may use, with what is on it."""

    id: UUID
    external_id: str
    kind: str
    status: str
    frozen: bool
    principal_cents: int
    gift_cents: int
    uses_left: int

    def parts(self, amount_cents: int) -> tuple[int, int]:
        """Return how much principal and how much gift an amount takes: principal first. Raises `CardShort`."""
        principal = min(amount_cents, max(self.principal_cents, 0))
        gift = amount_cents - principal
        if gift > max(self.gift_cents, 0):
            raise CardShort
        return principal, gift

    def check_uses(self, uses: int) -> None:
        """Raise `CardShort` when it has not as many uses left."""
        if uses > max(self.uses_left, 0):
            raise CardShort


_OWNER: Final = """
select k.customer_id from card k join card_holder h on h.merchant_id = :merchant and h.card_id = k.id and h.customer_id = :customer and h.to_on is null
where k.merchant_id = :merchant and k.id = :card
"""
_HELD: Final = """
select k.id, k.external_id, p.kind, f.status, f.frozen, f.principal_cents, f.gift_cents, f.uses_left
from card k join card_product p on p.merchant_id = :merchant and p.id = k.card_product_id
join card_facts f on f.merchant_id = :merchant and f.card_id = k.id where k.merchant_id = :merchant and k.id = :card
"""


async def hold_card(unit: Unit, customer_id: UUID, card_id: UUID) -> HeldCard:
    """Return a card she holds, with nobody else writing to it until the transaction ends. Raises `NotFound`, or `CardUnusable`."""
    owner = await unit.scalar(_OWNER, card=card_id, customer=customer_id)
    if owner is None:
        raise NotFound(what="卡/card")
    await lock_facts(unit, [owner, customer_id], recorded=[])
    (card,) = await unit.structs(HeldCard, _HELD, card=card_id)
    if card.status != "open" or card.frozen:
        raise CardUnusable
    return card
