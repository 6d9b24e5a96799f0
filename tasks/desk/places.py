"""Where something is typed in, about whom and by whom served: our own ids turned into the codes that the ledger takes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.desk.sight import seen_customer
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import open_customers, open_staff

OLDEST: Final = timedelta(days=31)
"""What happened earlier is for whoever keeps the books, not for the front desk."""
FAST: Final = timedelta(minutes=5)
"""A phone's clock may be ahead by so much."""


class Place(msgspec.Struct, frozen=True):
    """The store, as the ledger knows it, and the instant that is believed."""

    store_id: UUID
    code: str
    timezone: str
    at: datetime


_STORE: Final = """
select id as store_id, code, timezone from store
where merchant_id = :merchant and id = any(cast(:stores as uuid[])) and (cast(:store as uuid) is null or id = cast(:store as uuid)) order by id limit 2
"""
_SERVES: Final = """
select s.id from staff s where s.merchant_id = :merchant and s.id = any(cast(:ids as uuid[])) and s.status = 'active'
  and (s.role = 'owner' or exists (select from membership m where m.merchant_id = :merchant and m.staff_id = s.id and m.store_id = :store))
"""


async def place_of(
    unit: Unit, scope: StaffScope, store_id: UUID | None, at: datetime | None, field: str = "at"
) -> Place:
    """Return the store that was named, or the only one the caller works in.

    Raises `NotFound` for a store of somebody else's, `Invalid` when it must be said, or for an instant that lies ahead or more than 31 days back.
    """
    rows = await unit.rows(_STORE, stores=list(scope.store_ids), store=store_id)
    if not rows:
        raise NotFound(what="门店/store")
    if len(rows) > 1:
        raise Invalid("storeId", "is needed by who works in several stores")
    return Place(**rows[0], at=instant(field, at or unit.now, unit.now))


def instant(field: str, at: datetime, now: datetime) -> datetime:
    """Return the instant, of a fast clock now. Raises `Invalid` for one without a zone, ahead, or more than 31 days back."""
    if at.tzinfo is None:
        raise Invalid(field, "needs a time zone")
    if at > now + FAST:
        raise Invalid(field, "lies in the future")
    if at < now - OLDEST:
        raise Invalid(field, f"is more than {OLDEST.days} days ago")
    return min(at, now)


async def customer_code(unit: Unit, scope: StaffScope, customer_id: UUID) -> str:
    """Return the external id of a customer one sees. Raises `NotFound` for any other."""
    await seen_customer(unit, scope, customer_id)
    code = (await open_customers(unit, [customer_id]))[customer_id].external_id
    assert code is not None  # noqa: S101  # nobody is stored without one, and who was erased is not seen
    return code


async def staff_codes(unit: Unit, place: Place, ids: Iterable[UUID | None], field: str) -> dict[UUID, str]:
    """Return the external ids of who serves at the store. Raises `Invalid` on `field` for somebody who does not work there."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    serving = {row["id"] for row in await unit.rows(_SERVES, ids=sorted(wanted), store=place.store_id)}
    people = await open_staff(unit, sorted(serving))
    codes = {one: person.external_id for one, person in people.items() if person.external_id is not None}
    if wanted - codes.keys():
        raise Invalid(field, "does not work in this store")
    return codes
