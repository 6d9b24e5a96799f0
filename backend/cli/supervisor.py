"""Child processes that live as long as their parent: a dead child is started again, a dead parent takes all along.

Each child holds the reading end of a pipe as its standard input; when the parent ends in any way, SIGKILL too, the
kernel closes the pipe and the child leaves. Children have a session of their own, so Ctrl-C reaches the parent alone,
which lets them end in order. A child says `ready` on standard output when it is.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from backend.observability import logs

READY: Final = b"ready\n"
LEAVE_S: Final = 10.0
SHORTEST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 10.0
STEADY_S: Final = 30.0
"""A child that lived so long starts again at once; one that keeps dying is started ever less often."""


class ChildLeft(Exception):
    """A child ended before it was ready; it has said why."""


@dataclass
class Child:
    """One process that is kept running.

    Attributes:
        name: as the log calls it.
        arguments: what follows `python -m backend.cli`.
        descriptors: open files it inherits, such as the listening socket.
        environment: its whole environment.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    descriptors: Sequence[int] = ()
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, stop: asyncio.Event) -> None:
        """Run it until `stop`. Raises `ChildLeft` when the first start fails."""
        pause = SHORTEST_PAUSE_S
        while not stop.is_set():
            process, began = await self._start(), monotonic()
            try:
                await self._watch(process, stop)
            finally:
                await leave(process)
            if stop.is_set():
                return
            if not self.ready.is_set():
                raise ChildLeft(self.name)
            pause = SHORTEST_PAUSE_S if monotonic() - began > STEADY_S else min(pause * 2, LONGEST_PAUSE_S)
            logs.error("process.run.ended", name=self.name, code=process.returncode, retry_s=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def _start(self) -> Process:
        return await start_child(self.arguments, self.environment, self.descriptors)

    async def _watch(self, process: Process, stop: asyncio.Event) -> None:
        """Return when the process has ended or `stop` is set."""
        waits = [asyncio.ensure_future(each) for each in (self._hear(process), stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _hear(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101  # asked for above
        while line := await process.stdout.readline():
            if line == READY:
                self.ready.set()
        await process.wait()


async def start_child(
    arguments: Sequence[str], environment: Mapping[str, str], descriptors: Sequence[int] = ()
) -> Process:
    """Start a command of ours whose standard input closes when we end."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "backend.cli",
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        env=dict(environment),
        pass_fds=tuple(descriptors),
        start_new_session=True,
    )


async def leave(process: Process) -> None:
    """The process is gone: asked through its pipe, after ten seconds made to."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), LEAVE_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def keep_all(children: Sequence[Child], stop: asyncio.Event) -> None:
    """Keep every child until `stop`; the first failure ends the others and is raised."""
    keeping = [asyncio.ensure_future(child.keep(stop)) for child in children]
    try:
        done, _ = await asyncio.wait(keeping, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        stop.set()
        await asyncio.gather(*keeping, return_exceptions=True)
