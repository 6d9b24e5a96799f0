"""An employee's own follow-up: 下周三提醒她补色. It stands outside the plans, and keeps their new tasks of the customer back while it is live."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec

from tasks.desk.places import Place, place_of
from tasks.desk.sight import SeenCustomer, seen_customer
from tasks.kernel.errors import Invalid
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds, local_day
from tasks.people.calendar import NeverOpens, StoreCalendar, add_open_days, load_calendars, next_open_day
from tasks.people.followed import UNFOLLOWED
from tasks.worklist.making import MAX_WORDS, Wanted, make_task
from tasks.worklist.states import Origin, TaskCause, TaskStatus

AHEAD: Final = timedelta(days=180)
"""Further ahead than this a year was mistyped."""
EXPIRES_IN: Final = 7
"""Store open days after the day it is due until it is over."""
_CLOSURES_AHEAD: Final = 365


class FollowUp(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whom to contact again, when, and about what, in the employee's own words.

    Without `dueAt` it is late at the end of that day, or of the next open one. The store may be left out by who works in one, or for a customer at home in
    one of them.
    """

    customer_id: UUID
    contact_at: datetime
    words: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_WORDS)]
    due_at: datetime | None = None
    store_id: UUID | None = None


class FollowUpMade(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The task, and its instants."""

    task_id: UUID
    store_id: UUID
    status: TaskStatus
    opens_at: datetime
    contact_from: datetime
    due_at: datetime
    expires_at: datetime


async def create_own_task(unit: Unit, scope: StaffScope, said: FollowUp, at: datetime) -> FollowUpMade:
    """Make the caller's own task. Raises `NotFound` for a customer or store of somebody else's, `Invalid` by field.

    Nobody is followed up who refused every contact or is no customer (散客, internal). What was asked for offline may be due already: it opens at once.
    """
    customer = await seen_customer(unit, scope, said.customer_id)
    place = await place_of(unit, scope, _store(scope, said, customer), at)
    await _check_wanted(unit, said.customer_id)
    _check_times(said, unit.now)
    calendar = (await load_calendars(unit, [place.store_id], local_day(at, place.timezone), _CLOSURES_AHEAD))[
        place.store_id
    ]
    task_id = await make_task(unit, _wanted(unit, scope, said, place, calendar))
    return (await unit.structs(FollowUpMade, _MADE, task=task_id))[0]


_MADE: Final = """
select id as task_id, store_id, status, opens_at, contact_from, due_at, expires_at from task where merchant_id = :merchant and id = :task
"""
_UNWANTED: Final = f"""
select case when {UNFOLLOWED} then 'unfollowed' else 'refused' end
from customer x left join customer_contact_state st on st.merchant_id = :merchant and st.customer_id = x.id
where x.merchant_id = :merchant and x.id = :customer
  and ({UNFOLLOWED} or st.no_contact_at is not null or (st.no_phone_at is not null and st.no_wechat_at is not null))
"""


def _store(scope: StaffScope, said: FollowUp, customer: SeenCustomer) -> UUID | None:
    return said.store_id or (customer.home_store_id if customer.home_store_id in scope.store_ids else None)


async def _check_wanted(unit: Unit, customer_id: UUID) -> None:
    why = await unit.scalar(_UNWANTED, customer=customer_id)
    if why == "unfollowed":
        raise Invalid("customerId", "is never followed up")
    if why is not None:
        raise Invalid("customerId", "does not want to be contacted")


def _check_times(said: FollowUp, now: datetime) -> None:
    for field, value in (("contactAt", said.contact_at), ("dueAt", said.due_at)):
        if value is not None and value.tzinfo is None:
            raise Invalid(field, "needs a time zone")
        if value is not None and not now - AHEAD <= value <= now + AHEAD:
            raise Invalid(field, "must be within 180 days")
    if said.due_at is not None and said.due_at <= max(said.contact_at, now):
        raise Invalid("dueAt", "must be after contactAt, and in the future")


def _wanted(unit: Unit, scope: StaffScope, said: FollowUp, place: Place, calendar: StoreCalendar) -> Wanted:
    opens_at = max(said.contact_at, unit.now)
    due_at, expires_at = _ends(calendar, opens_at, said.due_at)
    return Wanted(
        store_id=place.store_id,
        customer_id=said.customer_id,
        origin=Origin.OWN,
        cause=TaskCause.OWN,
        assignee_id=scope.staff_id,
        opens_at=opens_at,
        due_at=due_at,
        expires_at=expires_at,
        words=said.words,
        made_by=scope.staff_id,
    )


def _ends(calendar: StoreCalendar, opens_at: datetime, due_at: datetime | None) -> tuple[datetime, datetime]:
    """Return when it is late and when it is over, in open days of the store."""
    zone = calendar.timezone
    try:
        due = due_at or day_bounds(next_open_day(calendar, local_day(opens_at, zone)), zone)[1]
        last = add_open_days(calendar, local_day(due - timedelta(microseconds=1), zone), EXPIRES_IN)
    except NeverOpens:
        due = due_at or day_bounds(local_day(opens_at, zone), zone)[1]
        last = local_day(due, zone) + timedelta(days=EXPIRES_IN)
    return due, day_bounds(last, zone)[1]
