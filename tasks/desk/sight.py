"""Which customers a staff member sees at the front desk: those of the own stores, one predicate for finding, showing and typing in."""

from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import NotFound
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit

_WAS: Final = "(select true from {table} x where x.merchant_id = :merchant and x.customer_id = c.id and x.store_id = any(cast(:stores as uuid[])) limit 1)"
# A scalar sub-select is looked up customer by customer; an `exists` may be turned into a hash of every visit of the stores.
REACH: Final = "(cast(:stores as uuid[]) is null or c.home_store_id is null or c.home_store_id = any(cast(:stores as uuid[])) or {})".format(
    " or ".join(_WAS.format(table=table) for table in ("visit", "appointment", "task"))
)
"""A customer `c` is of the stores: at home there or nowhere, or was, booked or is followed up there. `:stores` null is every store."""


class SeenCustomer(msgspec.Struct, frozen=True):
    """A customer one sees."""

    id: UUID
    home_store_id: UUID | None
    anonymous: bool


_SEEN: Final = f"""
select c.id, c.home_store_id, c.anonymous from customer c
where c.merchant_id = :merchant and c.id = :customer and c.status = 'active' and {REACH}
"""


def stores_seen(scope: StaffScope) -> list[UUID] | None:
    """Return the stores whose customers somebody sees; None: everybody's."""
    return None if scope.role is Role.OWNER else list(scope.store_ids)


async def seen_customer(unit: Unit, scope: StaffScope, customer_id: UUID) -> SeenCustomer:
    """Return a customer of the own stores; raises `NotFound` for any other, and for one who was merged or erased."""
    row: Any = await unit.row(_SEEN, customer=customer_id, stores=stores_seen(scope))
    if row is None:
        raise NotFound(what="客户/customer")
    return SeenCustomer(**row)
