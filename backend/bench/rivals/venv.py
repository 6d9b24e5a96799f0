"""The peers' own virtual environment: what they need never comes near the product's."""

import asyncio
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Final

NEEDS: Final = (
    "fastapi>=0.163,<1",
    "sqlmodel>=0.0.31",
    "sqlalchemy[asyncio]",
    "asyncpg",
    "uvicorn",
    "cryptography",
    "msgspec",
)
"""What a typical team would install."""
PATIENCE_S: Final = 240


class NoPeer(Exception):
    """The peer cannot be had on this machine; the message says why."""


async def peer_python(folder: Path) -> str:
    """Make the environment below the bench's folder and return its interpreter. Raises `NoPeer` without uv or without a package index."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise NoPeer("uv is not installed, so there is no peer")
    python = folder / "peer" / "bin" / "python"
    await _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder / "peer"))
    await _run(uv, "pip", "install", "--quiet", "--python", str(python), *NEEDS)
    return str(python)


async def _run(*argv: str) -> None:
    running = await asyncio.create_subprocess_exec(*argv, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
    try:
        _, said = await asyncio.wait_for(running.communicate(), PATIENCE_S)
    except TimeoutError as fault:
        running.kill()
        await running.wait()
        raise NoPeer("the peer took too long to install") from fault
    if running.returncode:
        last = said.decode(errors="replace").strip().rsplit("\n", 1)[-1]
        raise NoPeer(f"the peer cannot be installed: {last[:200]}")
