"""What a process that serves has in common: a runtime, and an end that signals or its parent decide."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from backend.cli.endings import ends_on_signals, follow_parent, say_ready
from backend.runtime import Runtime, open_runtime
from backend.runtime.keeping import keep
from backend.settings import Settings


class Process(msgspec.Struct, frozen=True):
    """How this process is run: `followed` means by a parent, whose end is ours; `listener` is a socket it gave us."""

    followed: bool = False
    listener: int | None = None

    def announce(self) -> None:
        """Tell the parent that we are ready."""
        if self.followed:
            say_ready()


@asynccontextmanager
async def serving(
    settings: Settings, process: Process, *, worker: bool
) -> AsyncIterator[tuple[Runtime, asyncio.Event]]:
    """A runtime, and an event that is set when this process should end; private servers are kept alive meanwhile."""
    stop = asyncio.Event()
    with ends_on_signals(stop):
        following = [asyncio.ensure_future(follow_parent(stop))] if process.followed else []
        try:
            async with open_runtime(settings, worker=worker, prepared=process.followed) as runtime:
                keeping = asyncio.ensure_future(keep(runtime.private, stop))
                try:
                    yield runtime, stop
                finally:
                    stop.set()
                    await keeping
        finally:
            stop.set()
            await asyncio.gather(*following)
