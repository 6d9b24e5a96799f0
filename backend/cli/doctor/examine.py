"""Puts the checks together."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from backend import embedded
from backend.cli.doctor.database import examine_database
from backend.cli.doctor.files import examine_files
from backend.cli.doctor.finding import Finding, Level, fail, ok
from backend.cli.doctor.lateness import invariants, late
from backend.cli.doctor.machine import examine_machine
from backend.cli.doctor.neighbours import bell, keys, load_master
from backend.db.engine import open_engine
from backend.db.units import Units
from backend.runtime import open_servers
from backend.runtime.fitness import unreachable
from backend.settings import Settings


class Diagnosis(msgspec.Struct, frozen=True, rename="camel"):
    """Every finding, and whether all is well enough to run."""

    healthy: bool
    findings: Sequence[Finding]


async def examine(settings: Settings, *, every_row: bool = False) -> Diagnosis:
    """Look at everything, with `every_row` at the rows of every merchant too, which may take minutes; healthy when nothing fails."""
    found = [*examine_machine(settings), await examine_files(settings)]
    try:
        found += [finding async for finding in _servers(settings, every_row=every_row)]
    except (embedded.EmbeddedError, OSError) as fault:
        found.append(fail("servers", str(fault).split("\n", 1)[0], "see the log under the home folder"))
    return Diagnosis(all(finding.level is not Level.FAIL for finding in found), found)


async def _servers(settings: Settings, *, every_row: bool) -> AsyncIterator[Finding]:
    async with AsyncExitStack() as stack:
        if settings.embedded_database and not settings.home.exists():
            # Nothing is made where nothing is: that the private servers can start is tried elsewhere.
            aside = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="huifang-doctor-", ignore_cleanup_errors=True)
            )
            settings = msgspec.structs.replace(settings, home=Path(aside) / "home")
            async with open_servers(settings) as (servers, _):
                yield ok("servers", "private PostgreSQL and Valkey start; no data yet: `huifang up` makes it")
                yield await bell(servers.redis_url)
            return
        servers, _ = await stack.enter_async_context(open_servers(settings))
        yield await bell(servers.redis_url)
        engine = open_engine(servers.database_url, pool_size=1)
        stack.push_async_callback(engine.dispose)
        async for finding in _database(settings, engine, every_row=every_row):
            yield finding


async def _database(settings: Settings, engine: AsyncEngine, *, every_row: bool) -> AsyncIterator[Finding]:
    try:
        async with engine.connect() as connection:
            async for finding in examine_database(connection, settings.env):
                yield finding
    except (DBAPIError, OSError, TimeoutError) as fault:
        yield fail("postgresql", unreachable(fault), "start the server and check the address")
        return
    master, why_not = load_master(settings)
    if why_not is not None:
        yield why_not
    if master is None:
        return
    units, sound = Units(engine, master), True
    async for each in keys(units):
        sound = sound and each.level is Level.OK
        yield each
    if not sound:  # without the right key no merchant can be looked at
        return
    for asked in (late, invariants) if every_row else (late,):
        async for each in asked(units):
            yield each
