"""Tells what a database error means for the caller, so that nobody above needs to know the driver."""

from collections.abc import Iterator
from enum import StrEnum

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Fault(StrEnum):
    """What a caller can do about it."""

    UNAVAILABLE = "unavailable"
    """Try again: the server is away, restarting, full, or gave up on a lock."""
    UNSTORABLE = "unstorable"
    """Send something else: a value is outside what a column can hold."""


_AWAY = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
)
_UNSTORABLE = ("22003", "22008", "22021", "22P05", "22007", "22001")
"""SQLSTATEs of values: out of range, date overflow, NUL characters, too long."""


def fault_of(error: BaseException) -> Fault | None:
    """Return what the error means, or None when it is a defect of ours."""
    for each in _chain(error):
        if getattr(each, "sqlstate", None) in _UNSTORABLE or (
            isinstance(each, asyncpg.DataError) and isinstance(each.__cause__, OverflowError)
        ):
            return Fault.UNSTORABLE
        if isinstance(each, DBAPIError) and each.connection_invalidated:
            return Fault.UNAVAILABLE
        if isinstance(each, _AWAY):
            return Fault.UNAVAILABLE
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it was raised from, innermost last; the driver's own error hides in `orig`."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, getattr(each, "orig", None)]
