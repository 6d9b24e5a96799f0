"""Both private servers as one thing that processes share: the first starts them, the last out stops them."""

import atexit
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from backend.db.roles import APP, OWNER, quoted
from backend.embedded import holders
from backend.embedded.places import Places, forget_fallback, make_home, make_places
from backend.embedded.postgres import DATABASE, Postgres
from backend.embedded.valkey import DATABASES, Valkey


@dataclass(frozen=True)
class Servers:
    """Where to connect: plain URLs over unix sockets, for asyncpg, SQLAlchemy, redis-py and arq alike."""

    database_url: str
    """As `huifang_app`, which row-level security binds."""

    migration_url: str
    """As `huifang_owner`, which owns the database."""

    redis_url: str
    """One numbered database of the private Valkey."""


@dataclass
class Handle:
    """A share in the running servers. Close it, or let the process end: a killed process's share is dropped later."""

    places: Places
    servers: Servers
    holder: holders.Holder
    process: int = field(default_factory=os.getpid)
    closed: bool = False

    def ensure_running(self) -> None:
        """Starts again what has crashed since; the URLs stay the same. Raises `EmbeddedError`."""
        with holders.only_one(self.places.home):
            _run_both(self.places)

    def restart_postgres(self) -> None:
        """PostgreSQL begins with empty buffers; whoever is connected is cut off. Raises `EmbeddedError`."""
        with holders.only_one(self.places.home):
            Postgres(self.places).stop()
            _run_both(self.places)

    def create_database(self, name: str, template: str = "template0") -> Servers:
        """Another database, same roles, own Valkey number; `template` may be a migrated one nobody is connected to."""
        postgres = Postgres(self.places)
        postgres.create(name, template)
        return _servers(self.places, name, 1 + postgres.oid(name) % (DATABASES - 1))

    def drop_database(self, name: str) -> None:
        """The database is gone, whoever was connected; gone already is fine."""
        Postgres(self.places).drop(name)

    def close(self) -> None:
        """Give the share up; the last one stops the servers. Twice, or in a forked child, does nothing."""
        if self.closed or self.process != os.getpid():
            return
        self.closed = True
        atexit.unregister(self.close)
        with holders.only_one(self.places.home):
            self.holder.leave()
            if holders.prune(self.places.home) == 0:
                _stop_both(self.places)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(home: Path) -> Handle:
    """A share in this home's servers, started, adopted or recovered; takes seconds. Raises `EmbeddedError`."""
    home = make_home(home)
    with holders.only_one(home):
        places = make_places(home)
        holder = holders.enter(home)
        try:
            holders.prune(home)
            _run_both(places)
        except BaseException:
            holder.leave()
            raise
    handle = Handle(places, _servers(places, DATABASE, 0), holder)
    atexit.register(handle.close)
    return handle


def stop(home: Path) -> bool:
    """Stops servers that nobody holds, such as those of a killed process; False when somebody still does."""
    home = make_home(home)
    with holders.only_one(home):
        if holders.prune(home) > 0:
            return False
        if (home / "postgres").exists():
            _stop_both(make_places(home))
        return True


def _run_both(places: Places) -> None:
    Postgres(places).ensure_running()
    Valkey(places).ensure_running()


def _stop_both(places: Places) -> None:
    Valkey(places).stop()
    Postgres(places).stop()
    forget_fallback(places)


def _servers(places: Places, database: str, number: int) -> Servers:
    postgres = Postgres(places)
    quoted(database)
    return Servers(
        database_url=postgres.url(APP, database),
        migration_url=postgres.url(OWNER, database),
        redis_url=Valkey(places).url(number),
    )
