"""Business time in the hand of a test."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.db.clock import advance_clock, reset_clock, set_clock
from backend.db.units import Units

SHANGHAI = ZoneInfo("Asia/Shanghai")


def shanghai(text: str) -> datetime:
    """The UTC instant of a wall time in Shanghai, such as `2026-03-02 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


class TestClock:
    """Moves the one stored offset; every process on this database follows."""

    __test__ = False

    def __init__(self, units: Units) -> None:
        self._units = units

    async def set(self, at: datetime) -> datetime:
        async with self._units.nameless() as session:
            return await set_clock(session, at)

    async def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        async with self._units.nameless() as session:
            await advance_clock(session, by or timedelta(**parts))
        return await self.now()

    async def now(self) -> datetime:
        return await self._units.now()

    async def reset(self) -> None:
        async with self._units.nameless() as session:
            await reset_clock(session)
