"""What outcomes do: effects on the customer hold whatever became of the task, effects on the task only while it can still move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from tasks.callbacks.facts import CallbackFact
from tasks.callbacks.fields import BookedFields, CallbackRequestedFields, Fields, RefusedContactFields
from tasks.callbacks.refusals import close_unreachable
from tasks.callbacks.repository import attempt_so_far, load_place, product_of
from tasks.callbacks.rules import next_attempt
from tasks.events.happened import Happened
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.ledger.bookings import Agreed, book
from tasks.ledger.states import Precision
from tasks.people.contact_state import refuse
from tasks.plans.advancing import finish_step
from tasks.plans.passages import exit_passages
from tasks.plans.repository import definitions
from tasks.plans.states import ExitOn
from tasks.worklist.moves import waiting_expiry
from tasks.worklist.repository import TaskState, close_reasons, set_closed, set_waiting
from tasks.worklist.rules import WaitKind
from tasks.worklist.states import CloseReason, TaskStatus


@dataclass(frozen=True)
class Deed:
    """A callback being applied: by whom, on which (locked) task, what was said, the instant that is believed, and whether it moves the task."""

    scope: StaffScope
    task: TaskState
    fact: CallbackFact
    fields: Fields
    at: datetime
    moves: bool


@dataclass(frozen=True)
class Caused:
    """What an effect on the customer leaves: events for the rest of the flow, and the appointment when one was made or meant."""

    happened: Sequence[Happened] = ()
    appointment_id: UUID | None = None


async def nothing(_unit: Unit, _deed: Deed) -> Caused:
    """The outcome says nothing of the customer that outlives the task."""
    return Caused()


async def record_booking(unit: Unit, deed: Deed) -> Caused:
    """The appointment stands in the books even when the task was closed meanwhile: she did agree."""
    fields = cast("BookedFields", deed.fields)
    booked = await book(
        unit,
        Agreed(
            customer_id=deed.task.customer_id,
            store_id=deed.task.store_id,
            timezone=deed.task.timezone,
            starts_at=fields.instant(deed.task.timezone),
            precision=Precision.EXACT if fields.starts_at else Precision.HALF_DAY,
            booked_at=deed.at,
            staff_id=fields.staff_id,
            product_id=await product_of(unit, fields),
        ),
    )
    return Caused(booked.happened, booked.appointment_id)


async def record_refusal(unit: Unit, deed: Deed) -> Caused:
    """Do-not-contact at once, and every task that has no way left to reach her closes, whichever store's it is."""
    scope = cast("RefusedContactFields", deed.fields).scope
    await refuse(unit, deed.task.customer_id, scope.value, staff_id=deed.scope.staff_id)
    await close_unreachable(unit, deed.task.customer_id, deed.scope.staff_id, keep=deed.task.id if deed.moves else None)
    return Caused()


async def finish_booked(unit: Unit, deed: Deed) -> None:
    """The task is done; plans that a booking ends are over, the others have done their part."""
    await finish(unit, deed, CloseReason.CALLBACK, ExitOn.BOOKED)


async def finish_refused(unit: Unit, deed: Deed) -> None:
    """The task is done: nobody calls again about it."""
    await finish(unit, deed, CloseReason.DO_NOT_CONTACT, ExitOn.DO_NOT_CONTACT)


async def wait_for_call_back(unit: Unit, deed: Deed) -> None:
    """The task rests until the promised time and is then on top of the list."""
    await wait(unit, deed, cast("CallbackRequestedFields", deed.fields).callback_at, WaitKind.CALLBACK)


async def try_again(unit: Unit, deed: Deed) -> None:
    """Wait for the next attempt, or be done as exhausted after the third."""
    attempt = await attempt_so_far(unit, deed.task, deed.at)
    place = await load_place(unit, deed.task, deed.at)
    again = next_attempt(attempt, place)
    if again is None:
        await finish(unit, deed, CloseReason.EXHAUSTED, None)
    else:
        await wait(unit, deed, again, WaitKind.RETRY)


async def wait(unit: Unit, deed: Deed, until: datetime, kind: WaitKind) -> None:
    """Let the task rest; entering the wait moves its end to seven open days after it."""
    await set_waiting(unit, deed.task.id, until, kind.value, await waiting_expiry(unit, deed.task, until))


async def finish(unit: Unit, deed: Deed, reason: CloseReason, exit_on: ExitOn | None) -> None:
    """Close the task and its reasons with one result; passages that `exit_on` ends exit, the others go on or have completed."""
    await set_closed(unit, deed.task.id, TaskStatus.DONE, reason)
    closed = await close_reasons(unit, [deed.task.id], reason, deed.fact.outcome.value)
    plans = await definitions(unit, [row.version_id for row in closed])
    exits = [row.enrolment_id for row in closed if exit_on and ends(exit_on, plans[row.version_id].exit_on)]
    if exit_on:
        await exit_passages(unit, exits, exit_on.value)
    await finish_step(unit, [row.enrolment_id for row in closed if row.enrolment_id not in exits])


def ends(event: ExitOn, exit_on: Sequence[ExitOn]) -> bool:
    """Say whether the event ends a passage; a refusal ends every one."""
    return event is ExitOn.DO_NOT_CONTACT or event in exit_on
