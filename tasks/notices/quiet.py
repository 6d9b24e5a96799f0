"""The night, as SQL: between 22:00 and 08:00 of the receiver's own zone nobody is pushed (http.md)."""

from typing import Final

STAFF_ZONE: Final = """coalesce((select st.timezone from membership ms join store st on st.merchant_id = ms.merchant_id and st.id = ms.store_id
    where ms.merchant_id = :merchant and ms.staff_id = {staff} and st.active order by st.id limit 1),
    (select mm.timezone from merchant mm where mm.merchant_id = :merchant))"""
"""The zone of a staff member: of the first of their stores, else the merchant's."""

STORE_ZONE: Final = "(select st.timezone from store st where st.merchant_id = :merchant and st.id = {store})"
"""The zone of a store."""

AWAKE: Final = """(case
    when ({at} at time zone {zone})::time >= time '22:00' then (({at} at time zone {zone})::date + 1 + time '08:00') at time zone {zone}
    when ({at} at time zone {zone})::time < time '08:00' then (({at} at time zone {zone})::date + time '08:00') at time zone {zone}
    else {at} end)"""
"""The instant itself by day; by night the next eight o'clock."""

TONIGHT: Final = "((({at} at time zone {zone})::date + time '22:00') at time zone {zone})"
"""Ten o'clock in the evening of the instant's local day."""


def awake(at: str, zone: str) -> str:
    """Return the SQL of when something that is due at an instant may be pushed."""
    return AWAKE.format(at=at, zone=zone)
