"""Who is asking, looked up anew in every request: a removed member and a revoked log-in are out at once."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from backend.auth.errors import Unauthenticated
from backend.auth.tokens import Claims
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit

_MEMBER = """
select s.role,
       case when s.role = 'owner'
            then array(select st.id from store st where st.merchant_id = :merchant and st.active order by st.id)
            else array(select m.store_id from membership m join store st on st.merchant_id = m.merchant_id and st.id = m.store_id
                       where m.merchant_id = :merchant and m.staff_id = s.id and st.active order by m.store_id) end as stores,
       array(select m.store_id from membership m join store st on st.merchant_id = m.merchant_id and st.id = m.store_id
             where m.merchant_id = :merchant and m.staff_id = s.id and st.active and m.role = 'manager' order by m.store_id) as led
from staff s
join refresh_family f on f.merchant_id = s.merchant_id and f.staff_id = s.id and f.id = :family and f.revoked_at is null
where s.merchant_id = :merchant and s.id = :staff and s.status = 'active'
"""


class Member(msgspec.Struct, frozen=True):
    """A logged-in staff member as the database says in this transaction: the role, the stores, and those of them that they lead."""

    merchant_id: UUID
    staff_id: UUID
    role: Role
    store_ids: tuple[UUID, ...]
    led_store_ids: tuple[UUID, ...]

    @property
    def working(self) -> StaffScope:
        """The scope for own work: all stores; a lead's rights only for who leads all of them, so that they reach no store beyond."""
        leads_all = set(self.led_store_ids) == set(self.store_ids)
        role = Role.EMPLOYEE if self.role is Role.MANAGER and not leads_all else self.role
        return StaffScope(self.merchant_id, self.staff_id, role, self.store_ids)

    @property
    def leading(self) -> StaffScope:
        """The scope for steering: the stores they lead."""
        stores = self.store_ids if self.role is Role.OWNER else self.led_store_ids
        return StaffScope(self.merchant_id, self.staff_id, self.role, stores)


async def load_member(unit: Unit, claims: Claims) -> Member:
    """Return the member of an access token; raises `Unauthenticated` for one who left or logged out."""
    row = await unit.row(_MEMBER, staff=claims.staff_id, family=claims.family_id)
    if row is None:
        raise Unauthenticated
    led = tuple(row["led"])
    role = Role.OWNER if row["role"] == Role.OWNER else Role.MANAGER if led else Role.EMPLOYEE
    return Member(claims.merchant_id, claims.staff_id, role, tuple(row["stores"]), led)


_STANDING = """
select f.id from refresh_family f join staff s on s.merchant_id = f.merchant_id and s.id = f.staff_id and s.status = 'active'
where f.merchant_id = :merchant and f.id = any(cast(:families as uuid[])) and f.revoked_at is null
"""


async def standing_families(unit: Unit, family_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these log-ins still stand: not revoked, and of somebody who works here."""
    return {row["id"] for row in await unit.rows(_STANDING, families=list(family_ids))}


async def seconds_until(unit: Unit, at: datetime) -> float:
    """Return how far an instant of the sessions' clock is, which is the database's and not business time; below zero when it is past."""
    return float(await unit.scalar("select extract(epoch from cast(:at as timestamptz) - clock_timestamp())", at=at))
