"""A client that costs as little as one can: so many connections, each asking again as soon as it was answered."""

import asyncio
import socket
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from backend.bench.figures import NotTheWork

PATIENCE_S: Final = 60


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def request(path: str, token: str | None = None) -> bytes:
    """Return a GET as it goes over the wire."""
    proof = f"authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nhost: bench\r\naccept-language: zh-CN\r\n{proof}\r\n".encode()


class Line:
    """One connection that is kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Line":
        """Connect, waiting for a server that is still starting."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return cls(*await asyncio.open_connection("127.0.0.1", port))
                except OSError:
                    await asyncio.sleep(0.1)

    async def ask(self, wire: bytes) -> bytes:
        """Send a request and return the body; raises `NotTheWork` for anything but 200."""
        self._writer.write(wire)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
        body = await self._reader.readexactly(length)
        if b" 200 " not in head[:16]:
            raise NotTheWork(f"{head[:16].decode()}: {body[:200].decode()}")
        return body

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def requests_a_second(port: int, wires: Sequence[bytes], seconds: float, connections: int) -> float:
    """Ask in turn over so many connections for so long; returns how many were answered a second."""
    lines = [await Line.open(port) for _ in range(connections)]
    ends = perf_counter() + seconds
    answered = await asyncio.gather(*(_keep_asking(line, wires, ends, place) for place, line in enumerate(lines)))
    for line in lines:
        line.close()
    return sum(answered) / seconds


async def _keep_asking(line: Line, wires: Sequence[bytes], ends: float, place: int) -> int:
    answered = 0
    while perf_counter() < ends:
        await line.ask(wires[(place + answered * 7) % len(wires)])
        answered += 1
    return answered
