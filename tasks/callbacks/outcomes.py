"""The outcomes as a table: what each needs, what it says of the contact, and what it does. A further outcome is one entry."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from tasks.callbacks.effects import (
    Caused,
    Deed,
    finish_booked,
    finish_refused,
    nothing,
    record_booking,
    record_refusal,
    try_again,
    wait_for_call_back,
)
from tasks.callbacks.fields import BookedFields, CallbackRequestedFields, Fields, NoAnswerFields, RefusedContactFields
from tasks.callbacks.tables import Outcome
from tasks.kernel.unit import Unit


@dataclass(frozen=True)
class Behaviour:
    """What an outcome is.

    Attributes:
        fields: what it needs, typed.
        needs: the JSON names of the needed fields; `a|b` when one of two does.
        reached: whether the customer was there.
        positive: whether it is what one hopes for.
        about_customer: holds whatever became of the task.
        about_task: moves the task, when it can still move.
    """

    fields: type[Fields]
    needs: tuple[str, ...]
    reached: bool
    positive: bool
    about_customer: Callable[[Unit, Deed], Awaitable[Caused]]
    about_task: Callable[[Unit, Deed], Awaitable[None]]


OUTCOMES: Final[dict[Outcome, Behaviour]] = {
    Outcome.BOOKED: Behaviour(
        fields=BookedFields,
        needs=("startsAt|startsOn+halfDay",),
        reached=True,
        positive=True,
        about_customer=record_booking,
        about_task=finish_booked,
    ),
    Outcome.NO_ANSWER: Behaviour(
        fields=NoAnswerFields,
        needs=(),
        reached=False,
        positive=False,
        about_customer=nothing,
        about_task=try_again,
    ),
    Outcome.CALLBACK_REQUESTED: Behaviour(
        fields=CallbackRequestedFields,
        needs=("callbackAt",),
        reached=True,
        positive=False,
        about_customer=nothing,
        about_task=wait_for_call_back,
    ),
    Outcome.REFUSED_CONTACT: Behaviour(
        fields=RefusedContactFields,
        needs=("scope",),
        reached=True,
        positive=False,
        about_customer=record_refusal,
        about_task=finish_refused,
    ),
}
"""Outcome → behaviour (engine.md, "Outcomes")."""

POSITIVE: Final = tuple(outcome.value for outcome, behaviour in OUTCOMES.items() if behaviour.positive)
"""The codes that statistics count as positive."""
REACHED: Final = tuple(outcome.value for outcome, behaviour in OUTCOMES.items() if behaviour.reached)
"""The codes that say the customer was there."""


def needed_fields() -> dict[str, tuple[str, ...]]:
    """Return what each outcome needs, for the app to ask for."""
    return {outcome.value: behaviour.needs for outcome, behaviour in OUTCOMES.items()}
