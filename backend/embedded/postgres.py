"""One private PostgreSQL: made once, started when it is not running, recovered when it crashed."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from backend.db.roles import OWNER, bootstrap_statements, quoted
from backend.embedded.account import run_program
from backend.embedded.errors import EmbeddedError
from backend.embedded.places import Places
from backend.embedded.postgres_conf import HBA, render
from backend.embedded.processes import end_leftovers, find_server
from backend.embedded.programs import POSTGRES_BIN

PROGRAM: Final = "postgres"
SUPERUSER: Final = "postgres"
DATABASE: Final = "huifang"
START_S: Final = 120
COPYING: Final = 600
"""Seconds that a copy of a large template may take."""
_CREATE: Final = "CREATE DATABASE {name} OWNER {owner} TEMPLATE {template}"


@dataclass(frozen=True)
class Postgres:
    """The server of one home; call everything but `sql` and `url` holding the home's lock."""

    places: Places

    def ensure_running(self) -> None:
        """Answers when the server accepts connections and database and roles are there. Raises `EmbeddedError`."""
        self._ensure_made()
        deadline = monotonic() + START_S
        while not self._accepts():
            if monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL did not come up in {START_S} s:\n{self._log_tail()}")
            if self.is_running():
                sleep(0.05)
            else:
                self._launch()
        self._ensure_database()

    def is_running(self) -> bool:
        """True while our postmaster lives, ready or not."""
        return find_server(self._pid(), PROGRAM, self.places.data) is not None

    def stop(self) -> None:
        """Nothing of the server runs any more; one that will not end is made to crash, and the next start recovers."""
        if self.is_running():
            try:
                self._pg_ctl("stop", "-m", "fast", "-w", "-t", "60")
            except EmbeddedError:
                end_leftovers(PROGRAM, self.places.data)

    def url(self, role: str, database: str) -> str:
        """A plain URL over the socket folder."""
        return f"postgresql://{role}@/{database}?host={self.places.sockets}"

    def sql(self, script: str, database: str = SUPERUSER, timeout: float = 60) -> str:
        """Output of the statements, run as superuser, each its own transaction. Raises `EmbeddedError`."""
        options = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-")
        reach = ("-h", self.places.sockets, "-U", SUPERUSER, "-d", database)
        return run_program(
            (POSTGRES_BIN / "psql", *options, *reach), cwd=Path("/"), stdin=script, timeout=timeout
        ).strip()

    def create(self, database: str, template: str = "template0") -> None:
        """A database like the first one; `template` may be an unused migrated one, which makes the copy quick."""
        self.sql(_CREATE.format(name=quoted(database), owner=OWNER, template=quoted(template)), timeout=COPYING)
        self._bootstrap(database)

    def drop(self, database: str) -> None:
        """The database is gone, whoever was connected."""
        self.sql(f"DROP DATABASE IF EXISTS {quoted(database)} WITH (FORCE)")

    def oid(self, database: str) -> int:
        """The server's number of the database, unique among those that exist."""
        return int(self.sql(f"SELECT oid FROM pg_database WHERE datname = '{database}'"))  # quoted() checked it

    def _ensure_made(self) -> None:
        """The data directory is complete or absent: made aside and renamed, a killed initdb leaves nothing half."""
        if (self.places.data / "PG_VERSION").exists():
            return
        end_leftovers(PROGRAM, self.places.data)  # somebody deleted the folder under a running server
        aside = self.places.postgres / "data.new"
        shutil.rmtree(aside, ignore_errors=True)
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        command = (POSTGRES_BIN / "initdb", "-D", aside, "-U", SUPERUSER, "--auth=trust", *locale)
        self.places.account.run(command, cwd=self.places.postgres)
        (aside / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        aside.rename(self.places.data)

    def _launch(self) -> None:
        """Start the program once, without crash leftovers: a zombie or a reused number would count as a server."""
        end_leftovers(PROGRAM, self.places.data)
        for lock in (self.places.data / "postmaster.pid", self.places.sockets / ".s.PGSQL.5432.lock"):
            lock.unlink(missing_ok=True)
        (self.places.data / "postgresql.conf").write_text(render(self.places.sockets), encoding="utf-8")
        log = self.places.postgres / "server.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        try:
            self._pg_ctl("start", "-s", "-w", "-t", str(START_S), "-l", str(log))
        except EmbeddedError as error:
            raise EmbeddedError(f"{error}\n{self._log_tail()}") from error

    def _ensure_database(self) -> None:
        """Roles and database as this version wants them; a note in the data directory spares a warm start the look."""
        marker = self.places.data / "huifang.bootstrap"
        wanted = hashlib.sha256("\n".join(bootstrap_statements(DATABASE)).encode()).hexdigest()
        if marker.exists() and marker.read_text(encoding="utf-8") == wanted:
            return
        if DATABASE not in self.sql("SELECT datname FROM pg_database").split():
            self.sql(_CREATE.format(name=DATABASE, owner=SUPERUSER, template="template0"))
        self._bootstrap(DATABASE)
        marker.unlink(missing_ok=True)  # it may be another user's, in a folder of ours
        marker.write_text(wanted, encoding="utf-8")

    def _bootstrap(self, database: str) -> None:
        self.sql(";\n".join(bootstrap_statements(database)) + ";", database)

    def _accepts(self) -> bool:
        if not self.is_running():
            return False
        try:
            command = (POSTGRES_BIN / "pg_isready", "-q", "-t", "5", "-h", self.places.sockets)
            run_program(command, cwd=Path("/"))
        except EmbeddedError:
            return False
        return True

    def _pid(self) -> int | None:
        try:
            first = (self.places.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]
        except FileNotFoundError:
            return None
        return int(first) if first.strip().isdigit() else None

    def _pg_ctl(self, action: str, *options: str) -> None:
        command: tuple[str | Path, ...] = (POSTGRES_BIN / "pg_ctl", action, "-D", self.places.data, *options)
        self.places.account.run(command, cwd=self.places.postgres, timeout=START_S + 30)

    def _log_tail(self) -> str:
        log = self.places.postgres / "server.log"
        return log.read_text(encoding="utf-8", errors="replace")[-1500:] if log.exists() else ""
