"""When people begin: the first hour of each employee's day, and of each store's, never before nine (http.md, "Push")."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit

_BEGINS: Final = "(d.day_on + greatest(h.opens, time '09:00')) at time zone st.timezone"
_ENDS: Final = "(d.day_on + time '22:00') at time zone st.timezone"
_DAYS: Final = """
cross join lateral (select (cast(:now as timestamptz) at time zone st.timezone)::date + k as day_on from generate_series(0, 1) as k) d
join store_hours h on h.merchant_id = st.merchant_id and h.store_id = st.id and h.weekday = extract(isodow from d.day_on)::int - 1
"""
_CLOSED: Final = """exists (select from store_closure c
    where c.merchant_id = st.merchant_id and c.store_id = st.id and d.day_on between c.from_on and c.to_on)"""
_AWAY: Final = """exists (select from staff_leave l
    where l.merchant_id = s.merchant_id and l.staff_id = s.id and d.day_on between l.from_on and l.to_on)"""
_STAFF: Final = f"""
select s.id as who, d.day_on, min({_BEGINS}) as begins_at, max({_ENDS}) as ends_at
from staff s
join membership m on m.merchant_id = s.merchant_id and m.staff_id = s.id
join store st on st.merchant_id = m.merchant_id and st.id = m.store_id and st.active
{_DAYS}
left join roster_day r on r.merchant_id = s.merchant_id and r.staff_id = s.id and r.day_on = d.day_on
where s.merchant_id = :merchant and s.status = 'active' and coalesce(r.works, true) and (r.store_id is null or r.store_id = st.id)
  and not {_CLOSED} and not {_AWAY}
group by s.id, d.day_on order by s.id, d.day_on
"""
_STORES: Final = f"""
select b.store_id as who, d.day_on, {_BEGINS} as begins_at, {_ENDS} as ends_at
from store_robot b join store st on st.merchant_id = b.merchant_id and st.id = b.store_id and st.active
{_DAYS}
where b.merchant_id = :merchant and not {_CLOSED} order by b.store_id, d.day_on
"""


class Shift(msgspec.Struct, frozen=True):
    """When somebody (or a store) begins on a local day, and until when they are told things that day."""

    who: UUID
    day_on: date
    begins_at: datetime
    ends_at: datetime

    def runs(self, now: datetime) -> bool:
        """True from its beginning to ten in the evening."""
        return self.begins_at <= now < self.ends_at


async def shifts_of_staff(unit: Unit) -> list[Shift]:
    """Return today's and tomorrow's shifts of everybody who works then: not on leave, not off by the roster, in a store that is open."""
    return await unit.structs(Shift, _STAFF)


async def shifts_of_robots(unit: Unit) -> list[Shift]:
    """Return today's and tomorrow's opening of each store that has a group robot."""
    return await unit.structs(Shift, _STORES)
