"""Processes of the product on the stage's servers: a worker or the API, as a deployment runs them."""

import asyncio
import base64
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from backend.bench.figures import NotTheWork
from backend.bench.stage import Database
from backend.settings import PREFIX

ROOT: Final = Path(__file__).parents[2]
END_S: Final = 15


@asynccontextmanager
async def process(database: Database, *command: str) -> AsyncIterator[Process]:
    """Run `huifang <command>` until the block is left; raises `NotTheWork` when it ended before."""
    async with program(database, sys.executable, "-m", "backend.cli", *command) as running:
        yield running


@asynccontextmanager
async def program(database: Database, *argv: str, **more: str) -> AsyncIterator[Process]:
    """Run a program beside the stage's servers until the block is left, with `more` in its environment; raises `NotTheWork` when it ended before."""
    running = await asyncio.create_subprocess_exec(
        *argv, cwd=ROOT, env=_environment(database) | more, stdin=DEVNULL, stdout=DEVNULL
    )
    try:
        yield running
        if running.returncode is not None:
            raise NotTheWork(f"{' '.join(argv[1:4])} ended with {running.returncode}")
    finally:
        if running.returncode is None:
            running.terminate()
            try:
                await asyncio.wait_for(running.wait(), END_S)
            except TimeoutError:
                running.kill()
                await running.wait()


def _environment(database: Database) -> dict[str, str]:
    """Nothing that the caller's shell says of a deployment may reach it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    servers = database.servers
    return kept | {
        "PYTHONPATH": str(ROOT),
        "HUIFANG_DATABASE_URL": servers.database_url,
        "HUIFANG_MIGRATION_URL": servers.migration_url,
        "HUIFANG_REDIS_URL": servers.redis_url,
        "HUIFANG_MASTER_KEY": base64.b64encode(database.raw_key).decode(),
        "HUIFANG_LOG_LEVEL": "error",
    }
