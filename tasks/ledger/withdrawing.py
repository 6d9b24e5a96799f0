"""What was recorded by mistake, taken back: the row no longer says it, its event is withdrawn, and the facts follow."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.ledger import journal
from tasks.ledger.facts import count_customers, lock_facts
from tasks.ledger.happened import Happened
from tasks.ledger.visits import Told, recount_visits

_VISIT: Final = "select customer_id, store_id, visited_on from visit where merchant_id = :merchant and id = :visit"
_UNSAID: Final = "update visit set said_at = null, said_by = null, said_product_id = null where merchant_id = :merchant and id = :visit"


async def withdraw_visit(unit: Unit, visit_id: UUID) -> Sequence[Happened]:
    """Take back what a record of its own said of a visit; it stays, without that, when receipts with services speak for it. Returns new events."""
    row = await unit.row(_VISIT, visit=visit_id)
    if row is None:
        return []
    key = (row["customer_id"], row["store_id"], row["visited_on"])
    await lock_facts(unit, [key[0]])
    await unit.run(_UNSAID, visit=visit_id)
    done = await recount_visits(unit, [key], Told(), historic=False)
    await count_customers(unit, [key[0]])
    return done.happened


async def withdraw_entry_events(unit: Unit, entry_id: UUID) -> None:
    """A row of a card's ledger stays for ever; that it happened is withdrawn, when a further row has set its amounts right."""
    await journal.settle(unit, "card_entry", [entry_id], [], historic=False)
