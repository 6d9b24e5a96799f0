"""SQL with named binds, given to the driver as it stands.

Rows come back as the driver makes them. A layer between costs more than most statements do: a look-up by key takes three times the processor time through
SQLAlchemy's session (ADR 19, `tests/benchmarks/test_statement_cost.py`).
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from itertools import count
from time import perf_counter
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

Row = Any
"""One row as the driver makes it: by name, by place, and as what `**` and `dict` take."""
Watch = Callable[[str, float], None]
"""Is told a statement and how many seconds it took."""

PREPARED: Final = 400
"""Statements a connection keeps ready; those of every use case together are not many more."""
_LAST_WORDS: Final = ("FATAL", "PANIC")
_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # it has no annotations


class ConnectionLost(ConnectionError):
    """The server is gone, or has ended this connection; it undoes what was not committed."""


class Prepared(Protocol):
    """A statement the server knows."""

    async def fetch(self, *values: Any) -> Sequence[Row]:
        """Execute; return all rows."""

    def get_statusmsg(self) -> str:
        """Return what the server said of the last execution, such as `UPDATE 3`."""


class Driver(Protocol):
    """What is used of the driver's connection."""

    async def prepare(self, statement: str) -> Prepared:
        """Let the server parse it."""

    async def execute(self, statement: str) -> str:
        """Execute words without binds or rows."""

    async def copy_records_to_table(self, table: str, *, records: Sequence[Sequence[Any]]) -> str:
        """Bring rows in through COPY."""

    def is_closed(self) -> bool:
        """Return whether it can no longer be used."""

    def is_in_transaction(self) -> bool:
        """Return whether a transaction is open on it."""


class Written(NamedTuple):
    """A statement in the driver's words: `$1` for each bind, and the names of the binds in that order."""

    sql: str
    names: tuple[str, ...]


@lru_cache(maxsize=4_000)
def written(statement: str) -> Written:
    """Return a statement with `:name` binds as the driver takes it; a cast is written `cast(… as …)`."""
    compiled = text(statement).compile(dialect=_DIALECT)
    return Written(compiled.string, tuple(compiled.positiontup or ()))


class Result:
    """What a statement returned: its rows, all of them here, and how many it found or changed."""

    __slots__ = ("_rows", "_status")

    def __init__(self, rows: Sequence[Row], status: str) -> None:
        self._rows = rows
        self._status = status

    @property
    def rowcount(self) -> int:
        """Rows selected, inserted, updated or deleted."""
        last = self._status.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    def all(self) -> Sequence[Row]:
        """Return the rows."""
        return self._rows

    def first(self) -> Row | None:
        """Return the first row, or None."""
        return self._rows[0] if self._rows else None

    def scalar(self) -> Any:
        """Return the first column of the first row, or None."""
        return self._rows[0][0] if self._rows else None

    def scalars(self) -> list[Any]:
        """Return the first column of every row."""
        return [row[0] for row in self._rows]


class Connection:
    """A connection of the driver, the statements it has ready, and the transaction that is open on it.

    Attributes:
        driver: for what only the driver does (COPY).
        watch: told of every statement, for measurements.
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.watch: Watch | None = None
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()
        self._savepoints = count(1)

    async def execute(self, statement: str, known: Mapping[str, Any]) -> Result:
        """Execute one statement, taking its binds from what is known by name.

        Raises `KeyError` for a bind nobody knows, `ConnectionLost`, and the driver's own errors.
        """
        sql, names = written(statement)
        began = perf_counter() if self.watch else 0.0
        try:
            with self._told_when_lost():
                prepared = await self._ready(sql)
                rows = await prepared.fetch(*[known[name] for name in names])
        except Exception:
            self._prepared.pop(sql, None)  # it may be the schema that changed: next time the server is asked again
            raise
        if self.watch:
            self.watch(statement, perf_counter() - began)
        return Result(rows, prepared.get_statusmsg())

    async def say(self, words: str) -> str:
        """Execute words without binds or rows, such as `begin`; returns what the server said. Raises `ConnectionLost`, and the driver's own errors."""
        with self._told_when_lost():
            return await self.driver.execute(words)

    @contextmanager
    def _told_when_lost(self) -> Iterator[None]:
        """Raise `ConnectionLost` for whatever went wrong because the connection is gone, or goes now: the server's last words are fatal."""
        try:
            yield
        except Exception as fault:
            if self.driver.is_closed() or getattr(fault, "severity_en", None) in _LAST_WORDS:
                raise ConnectionLost from fault
            raise

    async def _ready(self, sql: str) -> Prepared:
        prepared = self._prepared.get(sql)
        if prepared is not None:
            self._prepared.move_to_end(sql)
            return prepared
        prepared = self._prepared[sql] = await self.driver.prepare(sql)
        if len(self._prepared) > PREPARED:
            self._prepared.popitem(last=False)
        return prepared

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what the block wrote, and nothing else, when it raises."""
        name = f"s{next(self._savepoints)}"
        await self.say(f"savepoint {name}")
        try:
            yield
        except BaseException:
            if not self.driver.is_closed():
                await self.say(f"rollback to savepoint {name}")
            raise
        await self.say(f"release savepoint {name}")
