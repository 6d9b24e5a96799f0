"""The stores, people and products that a batch of records names, looked up once."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit
from tasks.people.batches import Unknown, tuples
from tasks.people.lookups import CustomerRef, StoreRef, customer_refs, staff_ids, store_refs


class ProductRef(msgspec.Struct, frozen=True):
    """A catalogue entry that records may name."""

    id: UUID
    service: bool


@dataclass(frozen=True)
class Refs:
    """What the codes of a batch mean; each look-up raises `Unknown` with the field it was asked for."""

    stores: dict[str, StoreRef]
    customers: dict[str, CustomerRef]
    staff: dict[str, UUID]
    products: dict[str, ProductRef]

    def store(self, field: str, code: str) -> StoreRef:
        """Return the store."""
        found = self.stores.get(code)
        if found is None:
            raise Unknown(field)
        return found

    def customer(self, field: str, external_id: str) -> CustomerRef:
        """Return the customer."""
        found = self.customers.get(external_id)
        if found is None:
            raise Unknown(field)
        return found

    def person(self, field: str, external_id: str | None) -> UUID | None:
        """Return the staff member; None for None."""
        if external_id is None:
            return None
        found = self.staff.get(external_id)
        if found is None:
            raise Unknown(field)
        return found

    def product(self, field: str, code: str | None) -> ProductRef | None:
        """Return the catalogue entry; None for None."""
        if code is None:
            return None
        found = self.products.get(code)
        if found is None:
            raise Unknown(field)
        return found


async def product_refs(unit: Unit, codes: set[str]) -> dict[str, ProductRef]:
    """Return the catalogue entries that are known, by code."""
    if not codes:
        return {}
    rows = await tuples(
        unit,
        "select code, id, kind = 'service' from product where merchant_id = :merchant and code = any(cast(:codes as text[]))",
        codes=sorted(codes),
    )
    return {code: ProductRef(one, service) for code, one, service in rows}


async def look_up(
    unit: Unit, *, customers: Iterable[str | None], staff: Iterable[str | None], products: Iterable[str | None]
) -> Refs:
    """Look up everything a batch names, in four statements."""
    return Refs(
        await store_refs(unit),
        await customer_refs(unit, (one for one in customers if one is not None)),
        await staff_ids(unit, (one for one in staff if one is not None)),
        await product_refs(unit, {one for one in products if one is not None}),
    )
