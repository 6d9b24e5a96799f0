"""The stored offset between the database clock and business time: read by every unit, moved only in development."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def set_clock(session: AsyncSession, at: datetime) -> datetime:
    """Make business time `at` for every process, from which it ticks on; returns `at`."""
    await session.execute(
        text(
            "update clock_setting set offset_us = round(extract(epoch from cast(:at as timestamptz) - clock_timestamp()) * 1000000)"
        ),
        {"at": at},
    )
    return at


async def advance_clock(session: AsyncSession, by: timedelta) -> None:
    """Move business time by an interval for every process."""
    await session.execute(
        text("update clock_setting set offset_us = offset_us + :by"), {"by": round(by.total_seconds() * 1_000_000)}
    )


async def reset_clock(session: AsyncSession) -> None:
    """Make business time the database clock again."""
    await session.execute(text("update clock_setting set offset_us = 0"))
