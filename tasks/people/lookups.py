"""From the ids and codes of the outside to ours, a batch at a time."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit
from tasks.people.batches import tuples


class StoreRef(msgspec.Struct, frozen=True):
    """A store that records may name."""

    id: UUID
    timezone: str


class CustomerRef(msgspec.Struct, frozen=True):
    """A customer that records may name; `anonymous` ones are never followed up."""

    id: UUID
    anonymous: bool


def customer_index(unit: Unit, external_id: str) -> UUID:
    """Return the blind index of a customer's external id."""
    return unit.vault.blind("customer", external_id)


def staff_index(unit: Unit, external_id: str) -> UUID:
    """Return the blind index of a staff member's external id."""
    return unit.vault.blind("staff", external_id)


async def merchant_zone(unit: Unit) -> str:
    """Return the merchant's own time zone."""
    return str(await unit.scalar("select timezone from merchant where merchant_id = :merchant"))


async def zones_of_merchant(unit: Unit) -> list[str]:
    """Return the zones in which the merchant's plans fire: its stores' and its own."""
    rows = await unit.rows(
        "select timezone from store where merchant_id = :merchant union select timezone from merchant where merchant_id = :merchant order by 1"
    )
    return [row["timezone"] for row in rows]


async def store_refs(unit: Unit) -> dict[str, StoreRef]:
    """Return every store of the merchant by code, closed-down ones too: their books may still come."""
    rows = await unit.rows("select code, id, timezone from store where merchant_id = :merchant")
    return {row["code"]: StoreRef(row["id"], row["timezone"]) for row in rows}


async def staff_ids(unit: Unit, external_ids: Iterable[str]) -> dict[str, UUID]:
    """Return the staff members that are known, by external id; removed ones too."""
    wanted = {staff_index(unit, one): one for one in set(external_ids)}
    if not wanted:
        return {}
    rows = await tuples(
        unit,
        "select external_index, id from staff where merchant_id = :merchant and external_index = any(cast(:wanted as uuid[]))",
        wanted=list(wanted),
    )
    return {wanted[index]: one for index, one in rows}


async def customer_refs(unit: Unit, external_ids: Iterable[str]) -> dict[str, CustomerRef]:
    """Return the customers that are known, by external id."""
    wanted = {customer_index(unit, one): one for one in set(external_ids)}
    if not wanted:
        return {}
    rows = await tuples(
        unit,
        """select external_index, id, anonymous from customer
           where merchant_id = :merchant and external_index = any(cast(:wanted as uuid[]))""",
        wanted=list(wanted),
    )
    return {wanted[index]: CustomerRef(one, anonymous) for index, one, anonymous in rows}


async def customer_ids(unit: Unit, external_ids: Iterable[str]) -> dict[str, UUID]:
    """Return the customers that are known, by external id."""
    return {external: ref.id for external, ref in (await customer_refs(unit, external_ids)).items()}
