"""Tasks that no plan made: an employee's own follow-up, the recovery of a broken promise or a complaint, an owner's trial.

They stand outside the one-live-plan-task rule, and generation keeps new plan tasks of the customer back while one of them is live (engine.md, "Generation").
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.calendar import NeverOpens, StoreCalendar, add_open_days, load_calendars, next_open_day
from tasks.people.contact_state import lock_contact_state
from tasks.worklist.history import Told, tell
from tasks.worklist.merchant_window import merchant_window
from tasks.worklist.states import Origin, TaskCause, TaskStatus
from tasks.worklist.windows import ContactWindow

MAX_WORDS: Final = 500
"""Characters of the employee's own words."""
_AHEAD: Final = 120
"""Days of closures read for finding when she may be contacted."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A task that somebody, not a plan, asks for; instants are UTC.

    `assignee_id` None gives it to the store's pool, or to who leads a store without one. `words` are the employee's own, up to 500 characters, sealed
    under the customer's salt. `source_task_id` is the task it follows from, `made_by` who asked for it (None: time or an event).
    """

    store_id: UUID
    customer_id: UUID
    origin: Origin
    cause: TaskCause
    opens_at: datetime
    due_at: datetime
    expires_at: datetime
    assignee_id: UUID | None = None
    priority: int = 500
    words: str | None = None
    source_task_id: UUID | None = None
    made_by: UUID | None = None


async def make_task(unit: Unit, wanted: Wanted) -> UUID:
    """Write the task with its history and tell the change feed; returns its id.

    The customer's contact state is locked first, so that no plan makes a task for her in the same instant; whoever makes several locks all of their
    customers in id order before. Raises `Invalid` for too many words, `NotFound` for a store of somebody else's.
    """
    _check(wanted)
    await lock_contact_state(unit, [wanted.customer_id])
    calendar = await _calendar(unit, wanted)
    task_id = new_id()
    status = TaskStatus.OPEN if wanted.opens_at <= unit.now else TaskStatus.QUEUED
    await unit.run(
        _INSERT,
        id=task_id,
        status=status.value,
        opens_on=local_day(wanted.opens_at, calendar.timezone),
        contact_from=contact_from(calendar, await merchant_window(unit), wanted.opens_at),
        sealed=await _sealed(unit, wanted),
        **_plain(wanted),
    )
    await tell(unit, [_told(task_id, wanted, status)])
    return task_id


def contact_from(calendar: StoreCalendar, window: ContactWindow, opens_at: datetime) -> datetime:
    """Return when she may be contacted about a task that opens then: within the window, or when it next opens on an open day of the store."""
    day, zone = local_day(opens_at, calendar.timezone), calendar.timezone
    try:
        first = next_open_day(calendar, day)
        if first == day and opens_at > window.closes(day, zone):
            first = add_open_days(calendar, day, 1)
    except NeverOpens:
        first = day if opens_at <= window.closes(day, zone) else day + timedelta(days=1)
    return max(opens_at, window.opens(first, zone))


async def leader_of(unit: Unit, store_id: UUID) -> UUID | None:
    """Return who leads the store: a manager of it, else the merchant's owner; None when there is neither."""
    found: UUID | None = await unit.scalar(f"select {_LEADER}", store=store_id)
    return found


_LEADER: Final = """coalesce(
    (select m.staff_id from membership m join staff f on f.merchant_id = m.merchant_id and f.id = m.staff_id and f.status = 'active'
     where m.merchant_id = :merchant and m.store_id = :store and m.role = 'manager' order by f.role = 'owner', m.staff_id limit 1),
    (select f.id from staff f where f.merchant_id = :merchant and f.role = 'owner' and f.status = 'active' order by f.id limit 1))"""

_INSERT: Final = f"""
insert into task (merchant_id, id, store_id, customer_id, assignee_id, origin, status, priority, value_cents, opens_at, opens_on, contact_from,
                  due_at, expires_at, created_at, cause, sealed, source_task_id)
select :merchant, :id, s.id, :customer, coalesce(cast(:assignee as uuid), case when not s.pool then {_LEADER} end), :origin, :status, :priority,
       coalesce((select f.card_principal_cents + f.card_gift_cents from customer_facts f where f.merchant_id = :merchant and f.customer_id = :customer), 0),
       :opens, :opens_on, :contact_from, least(cast(:due as timestamptz), cast(:expires as timestamptz)), :expires, :now, :cause, :sealed, :source
from store s where s.merchant_id = :merchant and s.id = :store
"""


def _check(wanted: Wanted) -> None:
    if wanted.origin is Origin.PLAN:
        raise ValueError("a plan's tasks are made by generation")
    if wanted.words is not None and len(wanted.words) > MAX_WORDS:
        raise Invalid("words", f"at most {MAX_WORDS} characters")
    if not wanted.opens_at < wanted.expires_at:
        raise ValueError("a task is over after it opens")


async def _calendar(unit: Unit, wanted: Wanted) -> StoreCalendar:
    from_on = local_day(wanted.opens_at, "UTC") - timedelta(days=1)
    calendars = await load_calendars(unit, [wanted.store_id], from_on, _AHEAD)
    if wanted.store_id not in calendars:
        raise NotFound(what="门店/store")
    return calendars[wanted.store_id]


async def _sealed(unit: Unit, wanted: Wanted) -> bytes | None:
    """Return the words sealed under the customer's salt; without words, or of a customer who was erased, nothing."""
    if not wanted.words:
        return None
    salt = await unit.scalar(
        "select salt from customer where merchant_id = :merchant and id = :customer", customer=wanted.customer_id
    )
    return unit.vault.seal(salt, wanted.customer_id, wanted.words.encode()) if salt else None


def _plain(wanted: Wanted) -> dict[str, Any]:
    return {
        "store": wanted.store_id,
        "customer": wanted.customer_id,
        "assignee": wanted.assignee_id,
        "origin": wanted.origin.value,
        "cause": wanted.cause.value,
        "priority": wanted.priority,
        "opens": wanted.opens_at,
        "due": wanted.due_at,
        "expires": wanted.expires_at,
        "source": wanted.source_task_id,
    }


def _told(task_id: UUID, wanted: Wanted, status: TaskStatus) -> Told:
    return Told(
        task_id=task_id,
        store_id=wanted.store_id,
        action="made",
        to_status=status.value,
        staff_id=wanted.made_by,
        detail={"cause": wanted.cause.value},
    )
