"""Real processes of a deployment that can be struck: killed, frozen, told to end. Their log goes to a file, so that no full pipe holds them up."""

import asyncio
import json
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import psutil

from tests.support.odd_worker import Odd
from tests.support.processes import PATIENCE_S, REPOSITORY
from tests.support.waiting import until

PLAIN: Final = Odd()


class Worker:
    """A worker process, or the API beside them."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def text(self) -> str:
        """Everything it has logged so far."""
        return self.log.read_text(encoding="utf-8")

    async def says(self, words: str, within: float = PATIENCE_S) -> None:
        """Return when its log has the words; raises AssertionError when it ended without."""

        async def look() -> bool:
            said = words in self.text
            assert said or self.process.returncode is None, f"ended without {words!r}: {self.text[-2000:]}"
            return said

        await until(look, within)

    async def up(self) -> "Worker":
        """Return when it looks for what is due."""
        await self.says("worker.loop.started")
        return self

    @property
    def is_up(self) -> bool:
        return self.process.returncode is None and "worker.loop.started" in self.text

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def is_frozen(self) -> bool:
        assert self.process.returncode is None, self.text[-2000:]
        return bool(psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED)

    async def ends(self, within: float) -> int:
        """Its exit code. Raises TimeoutError."""
        async with asyncio.timeout(within):
            return await self.process.wait()


class Workers:
    """Starts workers, and kills what is left of them at the end."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._env = {**env, "PYTHONPATH": str(REPOSITORY)}
        self._folder = folder
        self.all: list[Worker] = []

    async def start(self, odd: Odd = PLAIN) -> Worker:
        """One more; it is not up yet."""
        return await self._run("tests.support.odd_worker", msgspec.json.encode(odd).decode())

    async def api(self) -> str:
        """Where the API of the deployment answers, started now."""
        api = await self._run("backend.cli", "api", "--port", "0")
        await api.says("api.listen.started")
        (line,) = [line for line in api.text.splitlines() if "api.listen.started" in line]
        return f"http://127.0.0.1:{json.loads(line)['port']}"

    async def _run(self, module: str, *arguments: str) -> Worker:
        log = self._folder / f"{len(self.all)}.log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module, *arguments),
                stdin=DEVNULL, stdout=DEVNULL, stderr=out, env=self._env, cwd=REPOSITORY,
            )  # fmt: skip
        self.all.append(Worker(process, log))
        return self.all[-1]

    async def start_many(self, number: int, odd: Odd = PLAIN) -> list[Worker]:
        """So many, all of them up."""
        started = [await self.start(odd) for _ in range(number)]
        return [await worker.up() for worker in started]


@asynccontextmanager
async def workers_of(env: Mapping[str, str]) -> AsyncIterator[Workers]:
    """Workers of one deployment; none is left running."""
    with tempfile.TemporaryDirectory(prefix="huifang-test-") as folder:
        workers = Workers(env, Path(folder))
        try:
            yield workers
        finally:
            for worker in workers.all:
                if worker.process.returncode is None:
                    worker.process.kill()
                    await worker.process.wait()
