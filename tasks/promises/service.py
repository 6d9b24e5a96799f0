"""Promises from outside: made, withdrawn, held against the books, settled when their time is over."""

from collections.abc import Collection, Mapping
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.moot.service import close_kept
from tasks.people.calendar import StoreCalendar, load_calendars
from tasks.people.contact_state import lock_contact_state
from tasks.promises import repository
from tasks.promises.recovering import recover
from tasks.promises.repository import Due, Promised
from tasks.promises.rules import KeptRate
from tasks.promises.tables import PromiseState
from tasks.promises.terms import Term, term_of
from tasks.worklist.dropping import drop_tasks
from tasks.worklist.states import CloseReason

__all__ = ["KeptRate", "Promised", "judge", "kept_rate", "promise", "settle_due", "withdraw"]

_CALENDAR_DAYS = 120
"""How far ahead closures are read: the longest closure and a few days around it."""


async def promise(unit: Unit, said: Promised) -> UUID:
    """Write down that she will come, and return the promise's id.

    What she promised before and could still have kept is withdrawn: another day takes its place. The caller holds her contact-state lock.
    """
    calendars = await load_calendars(unit, [said.store_id], said.promised_on, _CALENDAR_DAYS)
    await repository.replace_open(unit, said.customer_id, said.made_at)
    promise_id = await repository.insert_promise(unit, said, term_of(calendars[said.store_id], said.promised_on))
    # What a phone sends late may have been kept already.
    await repository.judge(unit, [said.customer_id])
    return promise_id


async def withdraw(unit: Unit, callback_id: UUID) -> int:
    """Take back what a callback promised, because it is corrected; a task it led to is taken back too. Returns how many promises."""
    found = await repository.of_callback(unit, callback_id)
    if found:
        # Tasks before promises, the order in which everybody locks them.
        await drop_tasks(unit, [one.recovery_task_id for one in found if one.recovery_task_id], CloseReason.CANCELLED)
        await repository.withdraw_promises(unit, [one.id for one in found])
    return len(found)


async def judge(unit: Unit, customer_ids: Collection[UUID]) -> int:
    """Hold the promises of these customers against the books as they are now; returns how many changed.

    Late books make a broken promise a kept one. Its task has been closed by the event; one that the sweep made in the same moment closes here.
    """
    judged = await repository.judge(unit, customer_ids)
    await close_kept(unit, [one.recovery_task_id for one in judged if one.kept and one.recovery_task_id])
    return len(judged)


async def settle_due(unit: Unit, limit: int) -> int:
    """Settle promises whose time is over, at most `limit` customers' at once, and make a task of each broken one that nobody sees to; returns how many.

    Safe to repeat and to run twice at once. A store that was closed meanwhile stops the clock.
    """
    customers = await repository.due_customers(unit, limit)
    if not customers:
        return 0
    await lock_contact_state(unit, customers)
    due = await repository.lock_due(unit, customers)
    if not due:
        return 0
    from_on = min(one.promised_on for one in due)
    days = (local_day(unit.now, "UTC") - from_on).days + _CALENDAR_DAYS
    calendars = await load_calendars(unit, {one.store_id for one in due}, from_on, days)
    over = [one for one in due if not await _closed_since(unit, one, calendars)]
    recovered = await recover(unit, [one for one in over if not one.came], calendars)
    for one in over:
        state = PromiseState.KEPT if one.came else PromiseState.BROKEN
        await repository.settle(unit, one.id, state.value, recovered.get(one.id))
    return len(due)


async def _closed_since(unit: Unit, one: Due, calendars: Mapping[UUID, StoreCalendar]) -> bool:
    """Say whether a closure that was entered after the promise gives it more time, and write that down."""
    term: Term = term_of(calendars[one.store_id], one.promised_on)
    if one.came or term.settle_at <= unit.now:
        return False
    await repository.put_off(unit, one.id, term)
    return True


async def kept_rate(unit: Unit, customer_ids: Collection[UUID]) -> dict[UUID, KeptRate]:
    """Return how many of their settled promises these customers kept; who has none settled is absent."""
    if not customer_ids:
        return {}
    return {one.customer_id: KeptRate(one.kept, one.settled) for one in await repository.count_kept(unit, customer_ids)}
