"""How pushes are paced: pure decisions, no rows."""

from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from tasks.notices.states import NoticeKind

MOST_ATTEMPTS: Final = 6
"""Times a push is tried at most (http.md)."""
NEWS_EVERY: Final = timedelta(minutes=15)
"""Between two pushes of new tasks to one employee."""
AT_ONCE_WITHIN: Final = timedelta(hours=1)
"""A new task due so soon is told at once."""
KEPT: Final = timedelta(days=1)
"""After so long a push is of no use."""
_FIRST_S: Final = 15.0
_LONGEST_S: Final = 900.0


class Verdict(StrEnum):
    """What a provider says of one message."""

    ACCEPTED = "accepted"
    """It took it."""
    INVALID_ADDRESS = "invalid_address"
    """Nobody is there any more: the device is detached."""
    THROTTLED = "throttled"
    """Not now; after `retry_after` seconds."""
    TRANSIENT = "transient"
    """It, or the way to it, is out of order; try again."""
    REJECTED = "rejected"
    """It will never take this message."""


class Result(msgspec.Struct, frozen=True):
    """What a provider said: the verdict, after how many seconds to ask again (throttled only), and a short fault without anything personal."""

    verdict: Verdict
    retry_after: float | None = None
    fault: str | None = None


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: 15 s, 30 s, 1 min, 2 min, 4 min …, 15 min at most."""
    return timedelta(seconds=min(_FIRST_S * 2 ** max(attempts - 1, 0), _LONGEST_S))


def collapse_key(kind: NoticeKind, task_id: UUID | None) -> str:
    """Return the key by which a newer message of the same matter replaces an older one on the phone; at most 32 characters of base64url."""
    alone = {NoticeKind.CALLBACK_DUE, NoticeKind.PROMISE_BROKEN, NoticeKind.ALERT}
    return f"{kind}-{task_id.hex[-12:]}" if kind in alone and task_id else str(kind)
