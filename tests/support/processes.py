"""Commands run as people run them: as processes of their own, with an environment of their own."""

import asyncio
import base64
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import psutil

from backend import embedded
from tasks.kernel.sealing import MasterKey

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 40


def environment(**settings: str) -> dict[str, str]:
    """Ours without any HUIFANG_ variable, and those given: `home="/x"` is HUIFANG_HOME."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUIFANG_")}
    return {**kept, **{f"HUIFANG_{name.upper()}": value for name, value in settings.items()}, "COLUMNS": "120"}


def environment_of(servers: embedded.Servers, master: MasterKey, **settings: str) -> dict[str, str]:
    """As a deployment whose servers are somebody else's."""
    return environment(
        database_url=servers.database_url,
        migration_url=servers.migration_url,
        redis_url=servers.redis_url,
        master_key=base64.b64encode(master.secret).decode(),
        **settings,
    )


class Done(msgspec.Struct, frozen=True):
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The JSON it answered."""
        assert self.code == 0, self.err
        return json.loads(self.out)


async def huifang(*arguments: str, env: Mapping[str, str], cwd: Path = REPOSITORY) -> Done:
    """Run a command to its end."""
    process = await _start(arguments, env, cwd)
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    return Done(process.returncode or 0, out.decode(), err.decode())


class Running:
    """A command that goes on until it is told to end."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def says(self, words: str) -> str:
        """The next line of its log that contains the words."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self.process.stderr.readline()).decode():
                self.lines.append(line)
                if words in line:
                    return line
        raise AssertionError(f"ended without {words!r}: {self.lines}")

    async def prints(self, words: str) -> None:
        """Return when it has written a line with the words to standard output."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self.process.stdout.readline()).decode():
                if words in line:
                    return
        raise AssertionError(f"ended without {words!r}")

    async def answers(self) -> Any:
        """The JSON document it writes when it is up."""
        assert self.process.stdout is not None
        text = ""
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self.process.stdout.readline()).decode():
                text += line
                if line == "}\n":
                    return json.loads(text)
        raise AssertionError("ended without an answer")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ends(self, within: float = PATIENCE_S) -> int:
        async with asyncio.timeout(within):
            _, err = await self.process.communicate()
        self.lines += err.decode().splitlines()

        return self.process.returncode or 0


@asynccontextmanager
async def running(*arguments: str, env: Mapping[str, str], cwd: Path = REPOSITORY) -> AsyncIterator[Running]:
    """A command while it runs; killed on leaving when it still does."""
    command = Running(await _start(arguments, env, cwd))
    try:
        yield command
    finally:
        if command.process.returncode is None:
            command.process.kill()
        await command.process.communicate()


async def _start(arguments: Sequence[str], env: Mapping[str, str], cwd: Path) -> Process:
    path = {"PYTHONPATH": str(REPOSITORY)}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "backend.cli", *arguments),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**env, **path},
        cwd=cwd,
    )


def processes_of(home: Path) -> list[psutil.Process]:
    """Everything that runs because of this home: servers, children, guards."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            seen = [*process.cmdline(), process.environ().get("HUIFANG_HOME", ""), process.cwd()]
            if any(str(home) in one for one in seen) and process.pid != os.getpid():
                found.append(process)
    return found


async def nothing_runs(home: Path) -> bool:
    return processes_of(home) == []
