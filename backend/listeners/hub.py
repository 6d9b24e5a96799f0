"""Who waits in this process, and what wakes them.

A listener is a few flags and an event, so that a thousand changes while it is busy are one when it looks again: what it does not fetch does not pile up.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final
from uuid import UUID

Attendant = Callable[[], Coroutine[Any, Any, None]]
"""Runs while somebody listens; it ends by itself when the hub is `deserted`."""

MOST_EACH: Final = 8
"""How many listeners one log-in may have: a phone has two, and the oldest of more is sent away."""
LINGER_S: Final = 30.0
"""How long attendants stay after the last listener left: polls come and go."""


@dataclass(frozen=True)
class Whom:
    """Who listens: a member in one log-in, and the stores they may hear of."""

    merchant_id: UUID
    staff_id: UUID
    family_id: UUID
    store_ids: frozenset[UUID]


@dataclass(frozen=True)
class Woken:
    """Why somebody was woken: tasks changed, a notice came, they must go; nothing of it when only time passed."""

    tasks: bool = False
    notice: bool = False
    gone: bool = False


@dataclass(eq=False)
class Listener:
    """One who waits. `known` are the revisions they have seen, so that a look at the database finds what no message told."""

    whom: Whom
    known: Mapping[UUID, int] = field(default_factory=dict)
    _event: asyncio.Event = field(default_factory=asyncio.Event)
    _flags: set[str] = field(default_factory=set)

    def wake(self, why: str) -> None:
        """Note `why` (a field of `Woken`)."""
        self._flags.add(why)
        self._event.set()

    async def wait(self, seconds: float) -> Woken:
        """Return what came since the last call, at the latest after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._event.wait()
        self._event.clear()
        flags, self._flags = self._flags, set()
        return Woken(**dict.fromkeys(flags, True))


class Hub:
    """The listeners of this process by merchant, and those who attend to them."""

    def __init__(self, linger_s: float = 0.0) -> None:
        self._here: dict[UUID, dict[Listener, None]] = {}
        self._attendants: list[Attendant] = []
        self._running: dict[Attendant, asyncio.Task[None]] = {}
        self._left_at = monotonic()
        self._linger_s = linger_s
        self._closed = False

    def attend(self, attendant: Attendant) -> None:
        """Run `attendant` whenever somebody listens."""
        self._attendants.append(attendant)

    @contextmanager
    def listen(self, whom: Whom) -> Iterator[Listener]:
        """Be a listener for a while. Listen first and read then: what changes in between wakes you."""
        listener = Listener(whom)
        mine = self._here.setdefault(whom.merchant_id, {})
        mine[listener] = None
        self._send_away_eldest(mine, whom)
        self._start()
        if self._closed:
            listener.wake("gone")
        try:
            yield listener
        finally:
            del mine[listener]
            if not mine:
                self._here.pop(whom.merchant_id, None)
            self._left_at = monotonic()

    def tell(self, merchant_id: UUID, store_ids: Collection[UUID] = (), staff_ids: Collection[UUID] = ()) -> None:
        """Wake the merchant's listeners whose stores changed, and those for whom there is a notice."""
        for listener in self.of(merchant_id):
            if not listener.whom.store_ids.isdisjoint(store_ids):
                listener.wake("tasks")
            if listener.whom.staff_id in staff_ids:
                listener.wake("notice")

    def of(self, merchant_id: UUID) -> list[Listener]:
        """Return the merchant's listeners."""
        return list(self._here.get(merchant_id, ()))

    def merchants(self) -> list[UUID]:
        """Return whose listeners are here."""
        return list(self._here)

    def send_away(self, listeners: Iterable[Listener]) -> None:
        """Tell listeners that they must go."""
        for listener in listeners:
            listener.wake("gone")

    @property
    def deserted(self) -> bool:
        """True when nobody has listened for a while, or nobody may any more."""
        return self._closed or (not self._here and monotonic() - self._left_at >= self._linger_s)

    async def close(self) -> None:
        """Send everybody away, for good, and end the attendants."""
        self._closed = True
        for merchant_id in self.merchants():
            self.send_away(self.of(merchant_id))
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._running.clear()

    def _start(self) -> None:
        for attendant in () if self._closed else self._attendants:
            running = self._running.get(attendant)
            if running is None or running.done():
                self._running[attendant] = asyncio.ensure_future(attendant())

    def _send_away_eldest(self, mine: Iterable[Listener], whom: Whom) -> None:
        same = [each for each in mine if each.whom.family_id == whom.family_id]
        self.send_away(same[:-MOST_EACH])
