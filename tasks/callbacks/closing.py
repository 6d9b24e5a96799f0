"""What outcomes do to their task: it is done, rests until an instant, is open again, or is moot. Only called while the task can still move."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, cast

from tasks.callbacks.deeds import Deed
from tasks.callbacks.fields import CallbackRequestedFields, InterestedLaterFields
from tasks.callbacks.refusals import some_way_left
from tasks.callbacks.repository import attempt_so_far, load_place, open_again
from tasks.callbacks.rules import next_attempt
from tasks.kernel.unit import Unit
from tasks.plans.advancing import finish_step
from tasks.plans.passages import exit_passages
from tasks.plans.repository import definitions
from tasks.plans.states import ExitOn
from tasks.worklist.moves import waiting_expiry
from tasks.worklist.repository import close_reasons, set_closed, set_waiting
from tasks.worklist.rules import WaitKind
from tasks.worklist.states import CloseReason, TaskStatus

REPLY_WAIT: Final = timedelta(hours=48)
"""How long a message is quietly waited on (engine.md, "Outcomes")."""
NOT_INTERESTED: Final = "not_interested"
"""Why a passage ends when she does not want what its plan is about."""


async def finish_booked(unit: Unit, deed: Deed) -> None:
    """The task is done; plans that a booking ends are over, the others have done their part."""
    await finish(unit, deed, CloseReason.CALLBACK, ExitOn.BOOKED)


async def finish_promised(unit: Unit, deed: Deed) -> None:
    """The task is done; whether she comes is the promise's to watch, and ends no plan yet."""
    await finish(unit, deed, CloseReason.CALLBACK, None)


async def finish_purchased(unit: Unit, deed: Deed) -> None:
    """The task is done; plans that a purchase ends are over."""
    await finish(unit, deed, CloseReason.CALLBACK, ExitOn.PURCHASED)


async def finish_topped_up(unit: Unit, deed: Deed) -> None:
    """The task is done; plans that a top-up ends are over."""
    await finish(unit, deed, CloseReason.CALLBACK, ExitOn.TOPPED_UP)


async def finish_refused(unit: Unit, deed: Deed) -> None:
    """The task is done: nobody calls again about it."""
    await finish(unit, deed, CloseReason.DO_NOT_CONTACT, ExitOn.DO_NOT_CONTACT)


async def finish_complaint(unit: Unit, deed: Deed) -> None:
    """The task is done; plans that a complaint ends are over."""
    await finish(unit, deed, CloseReason.CALLBACK, ExitOn.COMPLAINED)


async def finish_skipped(unit: Unit, deed: Deed) -> None:
    """The task is done without a contact, counted apart; plans go on with their next step."""
    await finish(unit, deed, CloseReason.SKIPPED, None)


async def finish_not_interested(unit: Unit, deed: Deed) -> None:
    """The task is done, and so is every passage behind it: no further step asks her again."""
    await set_closed(unit, deed.task.id, TaskStatus.DONE, CloseReason.CALLBACK)
    closed = await close_reasons(unit, [deed.task.id], CloseReason.CALLBACK, deed.outcome.value)
    await exit_passages(unit, [row.enrolment_id for row in closed], NOT_INTERESTED)


async def close_as_arrived(unit: Unit, deed: Deed) -> None:
    """The task is moot: she came by herself. It leaves the denominator and earns nobody credit."""
    await finish(unit, deed, CloseReason.ARRIVED, ExitOn.ARRIVED, TaskStatus.MOOT)


async def try_another_way(unit: Unit, deed: Deed) -> None:
    """The task is open again while another number or WeChat is left, else done: nobody can be reached."""
    if await some_way_left(unit, deed.task.customer_id):
        await open_again(unit, deed.task.id)
    else:
        await finish(unit, deed, CloseReason.WRONG_NUMBER, None)


async def wait_for_call_back(unit: Unit, deed: Deed) -> None:
    """The task rests until the promised time and is then on top of the list."""
    await wait(unit, deed, cast("CallbackRequestedFields", deed.fields).callback_at, WaitKind.CALLBACK)


async def wait_for_interest(unit: Unit, deed: Deed) -> None:
    """The task rests until she wants to be contacted again, with whoever has it."""
    await wait(unit, deed, cast("InterestedLaterFields", deed.fields).contact_at, WaitKind.LATER)


async def wait_for_reply(unit: Unit, deed: Deed) -> None:
    """The task rests quietly for 48 hours; what closes it then, or upgrades it before, is in `replies`."""
    await wait(unit, deed, deed.at + REPLY_WAIT, WaitKind.REPLY)


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


async def finish(
    unit: Unit, deed: Deed, reason: CloseReason, exit_on: ExitOn | None, status: TaskStatus = TaskStatus.DONE
) -> None:
    """Close the task and its reasons with one result; passages that `exit_on` ends exit, the others go on or have completed."""
    await set_closed(unit, deed.task.id, status, reason)
    closed = await close_reasons(unit, [deed.task.id], reason, deed.outcome.value)
    plans = await definitions(unit, [row.version_id for row in closed])
    exits = [row.enrolment_id for row in closed if exit_on and ends(exit_on, plans[row.version_id].exit_on)]
    if exit_on:
        await exit_passages(unit, exits, exit_on.value)
    await finish_step(unit, [row.enrolment_id for row in closed if row.enrolment_id not in exits])


def ends(event: ExitOn, exit_on: Sequence[ExitOn]) -> bool:
    """Say whether the event ends a passage; a refusal ends every one."""
    return event is ExitOn.DO_NOT_CONTACT or event in exit_on
