"""When a long-lived process should end: a signal, or a parent that is gone."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from backend.observability import logs

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ends_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set `stop`; each further one is heard too, and changes nothing."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, _hear, stop, number)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def _hear(stop: asyncio.Event, number: signal.Signals) -> None:
    if not stop.is_set():
        logs.info("process.stop.asked", by=number.name)
    stop.set()


async def follow_parent(stop: asyncio.Event) -> None:
    """Set `stop` when standard input is closed: the parent, which holds the other end, has ended in whatever way."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    waits = [asyncio.ensure_future(each) for each in (reader.read(), stop.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            logs.info("process.stop.asked", by="parent")
        stop.set()
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        with suppress(OSError):
            transport.close()


def say_ready() -> None:
    """Tell the parent, which reads our standard output; nobody there is fine."""
    with suppress(OSError):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
