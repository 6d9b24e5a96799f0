"""Which of a customer's numbers an employee means, and whether one must be asked for."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit

_MEANT: Final = """
select id from contact_point where merchant_id = :merchant and customer_id = :customer and kind in ('phone', 'virtual')
  and case when cast(:point as uuid) is null then valid else id = cast(:point as uuid) end
order by kind, id limit 1
"""


async def number_meant(unit: Unit, customer_id: UUID, point_id: UUID | None) -> UUID | None:
    """Return the number that was named, else the one that is dialled first; None when she has none. Raises `Invalid` for a number that is not hers."""
    found: UUID | None = await unit.scalar(_MEANT, customer=customer_id, point=point_id)
    if found is None and point_id is not None:
        raise Invalid("fields.contactPointId", "is not known")
    return found


_REVIVE: Final = """
update contact_point set valid = true
where merchant_id = :merchant and customer_id = :customer and id = :point and kind in ('phone', 'virtual')
"""
_KNOWN_AGAIN: Final = """
update customer_contact_state set wrong_number_at = null where merchant_id = :merchant and customer_id = :customer and wrong_number_at is not null
"""


async def number_is_right(unit: Unit, customer_id: UUID, point_id: UUID) -> None:
    """Take a wrong number back: it is valid, and she can be called. The caller holds the contact-state lock."""
    done = await unit.run(_REVIVE, customer=customer_id, point=point_id)
    if done.rowcount:
        await unit.run(_KNOWN_AGAIN, customer=customer_id)


async def ask_number_of(unit: Unit, customer_ids: Sequence[UUID]) -> set[UUID]:
    """Return the customers of whom a new number must be asked on the next visit: theirs was found wrong and no other is known."""
    rows = await unit.rows(
        "select customer_id from customer_contact_state where merchant_id = :merchant and customer_id = any(cast(:ids as uuid[])) "
        "and wrong_number_at is not null",
        ids=list(customer_ids),
    )
    return {row["customer_id"] for row in rows}
