"""Workers say that they live: a row for each loop, written after a look that was answered, and taken away when they leave in order."""

import os
import platform
from contextlib import suppress
from time import monotonic
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.db.units import Units
from backend.observability import logs
from tasks.kernel.ids import new_id

EVERY_S: Final = 15.0
"""Between two beats of a loop: a minute's silence is four of them missed."""

_BEAT: Final = text(
    "insert into heartbeat (worker, loop, seen_at) values (:worker, :loop, clock_timestamp()) "
    "on conflict (worker, loop) do update set seen_at = clock_timestamp()"
)
_LEAVE: Final = text("delete from heartbeat where worker = :worker")
_FORGET: Final = text("delete from heartbeat where seen_at < clock_timestamp() - interval '1 day'")


class Heart:
    """The heart of one worker process."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._beaten: dict[str, float] = {}
        self.worker = f"{platform.node()}/{os.getpid()}/{new_id().hex[-6:]}"

    async def beat(self, loop: str) -> None:
        """Say that a loop had its answer; at most every quarter of a minute. Raises what the database raises."""
        now = monotonic()
        if now - self._beaten.get(loop, -EVERY_S) < EVERY_S:
            return
        self._beaten[loop] = now
        async with self._units.nameless() as session:
            await session.execute(_BEAT, {"worker": self.worker, "loop": loop})
            await session.execute(_FORGET)

    async def leave(self) -> None:
        """Nobody shall look for us; a database that is away is told nothing, and forgets us in a day."""
        with suppress(SQLAlchemyError, OSError, TimeoutError):
            async with self._units.nameless() as session:
                await session.execute(_LEAVE, {"worker": self.worker})
            logs.debug("heart.stop.done", worker=self.worker)
