"""What a provider is: it takes messages and says of each what became of it. The sender knows nothing else of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from tasks.notices.rules import Result, Verdict
from tasks.notices.states import NoticeKind

BATCH = 100
"""The most messages a provider is given at once."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one address. What is in it can be read on a locked screen: counts and ids only.

    Attributes:
        id: the push, for the provider's log and ours.
        address: open; a token, a fid, the JSON of a subscription or of a robot. Must not be logged.
        address_kind: what it is; empty for robots.
        data: what the app is told beside the words: strings only.
        collapse_key: a newer message with the same one replaces this; at most 32 characters of base64url.
        ttl_s: seconds after which it is of no use.
        at: the world's time, by the database's clock: for signatures, expiries and dates that strangers say.
    """

    id: str
    address: str
    address_kind: str
    kind: NoticeKind
    title: str
    body: str
    data: dict[str, str]
    collapse_key: str
    ttl_s: int
    at: datetime

    @property
    def text(self) -> str:
        """Title and body in one, for a chat."""
        return f"{self.title}\n{self.body}" if self.body else self.title


@runtime_checkable
class Provider(Protocol):
    """Carries messages."""

    async def send(self, messages: Sequence[Message]) -> list[Result]:
        """Take at most `BATCH` messages and return a result for each, in their order; never raises for what a message or the network does."""

    async def close(self) -> None:
        """Let go of connections."""


__all__ = ["BATCH", "Message", "Provider", "Result", "Verdict"]
