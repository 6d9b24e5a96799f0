"""The outcomes as a table: what each needs, and what it does to the customer and to the task. A further outcome is one entry here and in `meanings`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from tasks.callbacks import closing, effects, fields
from tasks.callbacks.deeds import Caused, Deed, nothing
from tasks.callbacks.meanings import POSITIVE, REACHED
from tasks.callbacks.tables import Outcome, ReasonTopic
from tasks.kernel.unit import Unit
from tasks.worklist.states import Channel, CloseReason

__all__ = ["OUTCOMES", "POSITIVE", "REACHED", "Behaviour", "needed_fields"]

MESSAGES: Final = frozenset({Channel.WECHAT, Channel.SMS})
"""How a message is sent."""


@dataclass(frozen=True)
class Behaviour:
    """What an outcome does.

    Attributes:
        fields: what it needs, typed.
        about_task: moves the task, when it can still move.
        about_customer: holds whatever became of the task.
        needs: the JSON names of the needed fields; `a|b` when one of two does.
        topic: whose reasons or categories one of the fields (`reason`, `category`) names.
        channels: by which channels such a contact can have been made; empty: by any.
        closes: what a closed task is said to have closed for when a correction says this.
        again: the field that says when she is to be contacted again.
    """

    fields: type[fields.Fields]
    about_task: Callable[[Unit, Deed], Awaitable[None]]
    about_customer: Callable[[Unit, Deed], Awaitable[Caused]] = nothing
    needs: tuple[str, ...] = ()
    topic: ReasonTopic | None = None
    channels: frozenset[Channel] = frozenset()
    closes: CloseReason | None = None
    again: str | None = None


OUTCOMES: Final[dict[Outcome, Behaviour]] = {
    Outcome.BOOKED: Behaviour(
        fields=fields.BookedFields,
        needs=("startsAt|startsOn+halfDay",),
        about_customer=effects.record_booking,
        about_task=closing.finish_booked,
        closes=CloseReason.CALLBACK,
    ),
    Outcome.WILL_COME: Behaviour(
        fields=fields.WillComeFields,
        needs=("promisedOn",),
        about_customer=effects.record_promise,
        about_task=closing.finish_promised,
        closes=CloseReason.CALLBACK,
    ),
    Outcome.PURCHASED: Behaviour(
        fields=fields.PaidFields, about_task=closing.finish_purchased, closes=CloseReason.CALLBACK
    ),
    Outcome.TOPPED_UP: Behaviour(
        fields=fields.PaidFields, about_task=closing.finish_topped_up, closes=CloseReason.CALLBACK
    ),
    Outcome.INTERESTED_LATER: Behaviour(
        fields=fields.InterestedLaterFields,
        needs=("contactAt",),
        about_task=closing.wait_for_interest,
        again="contact_at",
    ),
    Outcome.CALLBACK_REQUESTED: Behaviour(
        fields=fields.CallbackRequestedFields,
        needs=("callbackAt",),
        about_task=closing.wait_for_call_back,
        again="callback_at",
    ),
    Outcome.MESSAGE_SENT: Behaviour(
        fields=fields.NoFields, needs=("channel",), channels=MESSAGES, about_task=closing.wait_for_reply
    ),
    Outcome.NO_ANSWER: Behaviour(fields=fields.NoFields, about_task=closing.try_again),
    Outcome.BUSY: Behaviour(fields=fields.NoFields, about_task=closing.try_again),
    Outcome.WRONG_NUMBER: Behaviour(
        fields=fields.WrongNumberFields,
        about_customer=effects.record_wrong_number,
        about_task=closing.try_another_way,
    ),
    Outcome.NOT_INTERESTED: Behaviour(
        fields=fields.NotInterestedFields,
        needs=("reason",),
        topic=ReasonTopic.NOT_INTERESTED,
        about_task=closing.finish_not_interested,
        closes=CloseReason.CALLBACK,
    ),
    Outcome.REFUSED_CONTACT: Behaviour(
        fields=fields.RefusedContactFields,
        needs=("scope",),
        about_customer=effects.record_refusal,
        about_task=closing.finish_refused,
        closes=CloseReason.DO_NOT_CONTACT,
    ),
    Outcome.COMPLAINT: Behaviour(
        fields=fields.ComplaintFields,
        needs=("category",),
        topic=ReasonTopic.COMPLAINT,
        about_customer=effects.record_complaint,
        about_task=closing.finish_complaint,
        closes=CloseReason.CALLBACK,
    ),
    Outcome.ALREADY_DONE: Behaviour(fields=fields.NoFields, about_task=closing.close_as_arrived),
    Outcome.SKIPPED: Behaviour(
        fields=fields.SkippedFields,
        needs=("reason",),
        topic=ReasonTopic.SKIPPED,
        about_task=closing.finish_skipped,
        closes=CloseReason.SKIPPED,
    ),
}
"""Outcome → behaviour (engine.md, "Outcomes")."""


def needed_fields() -> dict[str, tuple[str, ...]]:
    """Return what each outcome needs, for the app to ask for."""
    return {outcome.value: behaviour.needs for outcome, behaviour in OUTCOMES.items()}
