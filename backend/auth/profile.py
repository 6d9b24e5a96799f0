"""Who I am and where I work: the first thing an app shows after log-in."""

from datetime import datetime
from uuid import UUID

import msgspec

from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import open_staff

_STORES = """
select id, code, name, timezone from store
where merchant_id = :merchant and id = any(cast(:stores as uuid[])) order by code, id
"""


class MyStore(msgspec.Struct, frozen=True, rename="camel"):
    """A store one works in; its days are days of this time zone."""

    id: UUID
    code: str
    name: str
    timezone: str


class Me(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The caller as this moment knows them. `server_time` is business time."""

    staff_id: UUID
    merchant_id: UUID
    name: str
    role: Role
    stores: list[MyStore]
    server_time: datetime


async def about_me(unit: Unit, who: StaffScope) -> Me:
    """Return the caller's own name, role and stores."""
    person = (await open_staff(unit, [who.staff_id]))[who.staff_id]
    stores = await unit.structs(MyStore, _STORES, stores=list(who.store_ids))
    return Me(
        staff_id=who.staff_id,
        merchant_id=who.merchant_id,
        name=person.name,
        role=who.role,
        stores=stores,
        server_time=unit.now,
    )
