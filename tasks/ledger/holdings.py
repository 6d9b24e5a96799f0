"""The cards a customer can use, with what is left on them."""

from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit


class Holding(msgspec.Struct, frozen=True):
    """An open card: money in 分, uses, the last day it is good for (store-local)."""

    id: UUID
    name: str
    kind: str
    balance_cents: int
    principal_cents: int
    gift_cents: int
    uses_left: int
    expires_on: date | None
    frozen: bool


_HELD: Final = """
select h.customer_id, c.id, k.name, k.kind, f.balance_cents, f.principal_cents, f.gift_cents, f.uses_left, f.expires_on, f.frozen
from card_holder h
join card c on c.merchant_id = :merchant and c.id = h.card_id
join card_product k on k.merchant_id = :merchant and k.id = c.card_product_id
join card_facts f on f.merchant_id = :merchant and f.card_id = c.id
where h.merchant_id = :merchant and h.customer_id = any(cast(:customers as uuid[])) and h.to_on is null and f.status = 'open'
order by f.expires_on nulls last, c.id
"""


async def held_cards(unit: Unit, customer_ids: Collection[UUID]) -> dict[UUID, list[Holding]]:
    """Return the open cards that customers hold, by customer, the one that expires first on top; no card, no entry."""
    found: dict[UUID, list[Holding]] = {}
    for row in await unit.rows(_HELD, customers=list(customer_ids)):
        facts = {name: value for name, value in row.items() if name != "customer_id"}
        found.setdefault(row["customer_id"], []).append(Holding(**facts))
    return found
