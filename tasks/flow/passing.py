"""Which faults pass by themselves, so that no customer is blamed for them."""

from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_IN_THE_WAY = ("40", "55")
"""SQLSTATE classes: deadlock or serialization, a lock not to be had."""
_AWAY = ("08", "53", "57", "58")
"""SQLSTATE classes: connection, resources, the server starts or stops, its disk."""


def in_the_way(fault: BaseException) -> bool:
    """True when another transaction was in the way: the same again soon succeeds."""
    return any(_sqlstate(each) in _IN_THE_WAY for each in _chain(fault))


def away(fault: BaseException) -> bool:
    """True when the database cannot be had just now: nobody's fault, to be tried again later."""
    return any(
        isinstance(each, OSError | PoolTimeout | OperationalError)
        or _sqlstate(each) in _AWAY
        or (isinstance(each, DBAPIError) and each.connection_invalidated)
        for each in _chain(fault)
    )


def _sqlstate(fault: BaseException) -> str:
    return str(getattr(fault, "sqlstate", None) or "")[:2]


def _chain(fault: BaseException) -> Iterator[BaseException]:
    """Yield the fault and what it was raised from; the driver's own error hides in `orig`."""
    waiting: list[BaseException | None] = [fault]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, getattr(each, "orig", None)]
