"""What each outcome says of the contact, for whoever counts: was she contacted, was she there, is it what one hopes for. Pure."""

from typing import Final

import msgspec

from tasks.callbacks.tables import Outcome


class Meaning(msgspec.Struct, frozen=True):
    """What an outcome says.

    `contacted`: somebody spoke or wrote to her; without that there is no contact row, and so no gap, cap or credit. `tried`: it counts among the task's
    attempts. `reached`: she was there. `positive`: it is what one hopes for. `claims`: the books must bear it out.
    """

    contacted: bool = True
    tried: bool = True
    reached: bool = True
    positive: bool = False
    claims: bool = False


MEANINGS: Final[dict[Outcome, Meaning]] = {
    Outcome.BOOKED: Meaning(positive=True),
    Outcome.WILL_COME: Meaning(positive=True),
    Outcome.PURCHASED: Meaning(positive=True, claims=True),
    Outcome.TOPPED_UP: Meaning(positive=True, claims=True),
    Outcome.INTERESTED_LATER: Meaning(positive=True),
    Outcome.CALLBACK_REQUESTED: Meaning(),
    Outcome.MESSAGE_SENT: Meaning(reached=False),
    Outcome.NO_ANSWER: Meaning(reached=False),
    Outcome.BUSY: Meaning(reached=False),
    Outcome.WRONG_NUMBER: Meaning(contacted=False, reached=False),
    Outcome.NOT_INTERESTED: Meaning(),
    Outcome.REFUSED_CONTACT: Meaning(),
    Outcome.COMPLAINT: Meaning(),
    Outcome.ALREADY_DONE: Meaning(contacted=False, tried=False, reached=False),
    Outcome.SKIPPED: Meaning(contacted=False, tried=False, reached=False),
}
"""Outcome → what it says (engine.md, "Outcomes")."""


def codes(**said: bool) -> tuple[str, ...]:
    """Return the codes of the outcomes of which all of this holds."""
    return tuple(
        outcome.value
        for outcome, meaning in MEANINGS.items()
        if all(getattr(meaning, name) is value for name, value in said.items())
    )


POSITIVE: Final = codes(positive=True)
"""The codes that statistics count as positive."""
REACHED: Final = codes(reached=True)
"""The codes that say the customer was there."""
TRIED: Final = codes(tried=True)
"""The codes that count as an attempt."""
UNANSWERED: Final = (Outcome.NO_ANSWER.value, Outcome.BUSY.value)
"""The codes of a call nobody took: the ladder counts them."""
