"""Counts log-in attempts per account and device, before the password is looked at, so that parallel guesses count too.

A device that fails is made to wait; no other device is. When many devices fail on one account, devices that never logged in to it are slowed
down, never locked out: a stranger cannot keep the owner away.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from backend.auth.errors import TooManyAttempts
from backend.db.units import Units

EVERY_DEVICE: Final = UUID(int=0)
"""The row that counts an account's failures over all devices; it sorts first, so rows lock in one order."""

_COUNT = text(
    """
    insert into login_throttle as t (account, device, failures, window_from)
    values (:account, :every, 1, clock_timestamp()), (:account, :device, 1, clock_timestamp())
    on conflict (account, device) do update set
      failures = case when t.window_from < clock_timestamp() - cast(:window as interval) then 1 else t.failures + 1 end,
      window_from = case when t.window_from < clock_timestamp() - cast(:window as interval) then clock_timestamp() else t.window_from end
    returning device, failures, ceil(extract(epoch from window_from + cast(:window as interval) - clock_timestamp())) as wait
    """
)
_FORGIVE = text(
    """
    with gone as (delete from login_throttle where account = :account and device = :device)
    update login_throttle set failures = greatest(failures - 1, 0) where account = :account and device = :every
    """
)
_FORGET = text("delete from login_throttle where window_from < clock_timestamp() - interval '1 day'")


@dataclass(frozen=True)
class ThrottleRules:
    """How much a stranger may try.

    Attributes:
        per_device: wrong passwords of one device on one account within a window.
        window: how long failures count.
        slow_after: wrong passwords on one account over all devices before unknown devices are slowed down.
        slow_step: seconds added per failure beyond that.
        slow_most: the longest an unknown device is held.
    """

    per_device: int = 5
    window: timedelta = timedelta(minutes=15)
    slow_after: int = 20
    slow_step: float = 0.1
    slow_most: float = 3.0


class Throttle:
    """The counters, in transactions of their own: what is refused afterwards stays counted."""

    def __init__(self, units: Units, rules: ThrottleRules | None = None) -> None:
        """Count in this database by these rules."""
        self._units = units
        self.rules = rules or ThrottleRules()

    async def count(self, account: UUID, device: UUID) -> float:
        """Count one attempt; return the seconds an unknown device should be held; raises `TooManyAttempts`."""
        values = {"account": account, "device": device, "every": EVERY_DEVICE, "window": self.rules.window}
        async with self._units.nameless() as session:
            rows = {row.device: row for row in await session.execute(_COUNT, values)}
        mine = rows[device]
        if mine.failures > self.rules.per_device:
            raise TooManyAttempts(retry_after=max(1, int(mine.wait)))
        beyond = rows[EVERY_DEVICE].failures - self.rules.slow_after
        return min(max(float(beyond), 0.0) * self.rules.slow_step, self.rules.slow_most)

    async def forgive(self, account: UUID, device: UUID) -> None:
        """The attempt was right: the device starts afresh."""
        async with self._units.nameless() as session:
            await session.execute(_FORGIVE, {"account": account, "device": device, "every": EVERY_DEVICE})


async def forget_old_attempts(units: Units) -> None:
    """Delete counters that no longer count; housekeeping calls it once a day."""
    async with units.nameless() as session:
        await session.execute(_FORGET)
