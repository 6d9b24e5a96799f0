"""Shows and moves business time; workers are told, so that what became due is done at once."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cli.edge import Refused, show
from backend.db.clock import advance_clock, reset_clock, set_clock
from backend.jobs.bell import SWEEP_ALL
from backend.runtime import Runtime, open_runtime
from backend.runtime.fitness import offset
from backend.settings import Environment, Settings

_PART: Final = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_WORDS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class Clock(msgspec.Struct, frozen=True, rename="camel"):
    """Business time, and its distance from the database clock in seconds."""

    now: datetime
    offset_seconds: float


async def run(settings: Settings, action: str, value: str | None, *, as_json: bool) -> None:
    """Do what `huifang clock ACTION` asks and show the clock."""
    if action in {"set", "advance"} and settings.env is Environment.PRODUCTION:
        raise Refused("the clock cannot be moved in production")
    # A moved clock is what production refuses to start with, and what `reset` mends.
    quiet = msgspec.structs.replace(settings, now=None, env=Environment.DEVELOPMENT)
    async with open_runtime(quiet) as runtime:
        async with runtime.units.nameless() as session:
            await _move(session, action, value)
        if action != "show":
            await runtime.bell.ring(SWEEP_ALL)
        clock = await read(runtime)
    moved = f"  ({clock.offset_seconds:+.0f} s from the database clock)" if abs(clock.offset_seconds) >= 1 else ""
    show(clock, [f"{clock.now.isoformat(timespec='seconds')}{moved}"], as_json=as_json)


async def _move(session: AsyncSession, action: str, value: str | None) -> None:
    if action == "set":
        await set_clock(session, instant(value or ""))
    elif action == "advance":
        await advance_clock(session, interval(value or ""))
    elif action == "reset":
        await reset_clock(session)


async def read(runtime: Runtime) -> Clock:
    """The clock as every process sees it."""
    async with runtime.units.engine.connect() as connection:
        moved = await offset(connection)
    return Clock(await runtime.units.now(), moved.total_seconds())


def instant(words: str) -> datetime:
    """The instant; raises `Refused` without an offset or for another form."""
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        at = datetime.min  # noqa: DTZ901  # the next line refuses it
    if at.tzinfo is None:
        raise Refused("expected an ISO instant with an offset, such as 2026-03-01T09:00:00+08:00", 2)
    return at.astimezone(UTC)


def interval(words: str) -> timedelta:
    """The interval of `1d12h`, `4h`, `30m`; raises `Refused`."""
    parts = _PART.findall(words)
    if not parts or "".join(number + unit for number, unit in parts) != words:
        raise Refused("expected an interval such as 4h, 30m or 1d12h", 2)
    return sum((timedelta(**{_WORDS[unit]: float(number)}) for number, unit in parts), timedelta())
