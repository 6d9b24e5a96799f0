"""The row that stands between us and a customer: every refusal and every run locks it first, in customer id order."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final
from uuid import UUID

from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit

FROZEN_DAYS: Final = 30
"""Marketing rests so long after a complaint, also when it is settled sooner (templates.md)."""


class RefusalScope(StrEnum):
    """What a customer refused."""

    PHONE = "phone"
    """Calls."""
    WECHAT = "wechat"
    """Messages."""
    ALL = "all"
    """Any contact."""


_COLUMN = {
    RefusalScope.PHONE: "no_phone_at",
    RefusalScope.WECHAT: "no_wechat_at",
    RefusalScope.ALL: "no_contact_at",
}


async def lock_contact_state(unit: Unit, customer_ids: Iterable[UUID]) -> list[UUID]:
    """Lock the contact-state rows of the customers, in id order, until the transaction ends; returns the ids that exist."""
    rows = await unit.rows(
        """select customer_id from customer_contact_state
           where merchant_id = :merchant and customer_id = any(cast(:ids as uuid[])) order by customer_id for update""",
        ids=sorted(set(customer_ids)),
    )
    return [row["customer_id"] for row in rows]


async def refuse(
    unit: Unit, customer_id: UUID, scope: str, *, staff_id: UUID | None = None, source: str = "callback"
) -> None:
    """Record a refusal at once: `phone`, `wechat` or `all`; the first one's instant stays. `all` also withdraws the consent to be contacted."""
    column = _COLUMN[RefusalScope(scope)]
    await lock_contact_state(unit, [customer_id])
    await unit.run(
        f"""update customer_contact_state set {column} = coalesce({column}, :now)
            where merchant_id = :merchant and customer_id = :customer""",
        customer=customer_id,
    )
    if scope == RefusalScope.ALL:
        await unit.run(
            """insert into consent (merchant_id, id, customer_id, kind, granted, source, staff_id, at)
               values (:merchant, :id, :customer, 'person', false, :source, :staff, :now)""",
            id=new_id(),
            customer=customer_id,
            source=source,
            staff=staff_id,
        )


async def mark_wrong_number(unit: Unit, customer_id: UUID, contact_point_id: UUID | None = None) -> None:
    """Make one number (or, when it is not said which, every phone) invalid; the customer is a wrong number once no valid phone is left."""
    await lock_contact_state(unit, [customer_id])
    await unit.run(
        """update contact_point set valid = false
           where merchant_id = :merchant and customer_id = :customer and kind in ('phone', 'virtual')
             and (cast(:point as uuid) is null or id = cast(:point as uuid))""",
        customer=customer_id,
        point=contact_point_id,
    )
    await unit.run(
        """update customer_contact_state set wrong_number_at = coalesce(wrong_number_at, :now)
           where merchant_id = :merchant and customer_id = :customer and not exists (
             select from contact_point p where p.merchant_id = :merchant and p.customer_id = :customer
               and p.kind in ('phone', 'virtual') and p.valid)""",
        customer=customer_id,
    )


async def complain(unit: Unit, customer_ids: Iterable[UUID]) -> None:
    """Open a complaint for each customer: nobody but who sees to it contacts her until it is closed, and marketing rests for thirty days.

    An open one keeps its instant.
    """
    locked = await lock_contact_state(unit, customer_ids)
    await unit.run(
        """update customer_contact_state set complaint_at = coalesce(complaint_at, :now),
             marketing_frozen_until = greatest(marketing_frozen_until, cast(:now as timestamptz) + make_interval(days => :frozen))
           where merchant_id = :merchant and customer_id = any(cast(:ids as uuid[]))""",
        ids=locked,
        frozen=FROZEN_DAYS,
    )
