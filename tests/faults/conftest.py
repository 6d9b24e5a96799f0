"""A deployment of a test's own: its workers must meet no other test's merchants, and its clock is nobody else's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from backend import embedded
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from backend.embedded.postgres import SUPERUSER, Postgres
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock
from tests.support.fleet import Sight
from tests.support.processes import environment_of

MIGRATED = "faults_migrated"


@dataclass(frozen=True)
class Elsewhere:
    """A fresh database and Valkey number with the app's way in, its clock, what its processes are told, and a sight of everything in it."""

    stack: embedded.Handle
    servers: embedded.Servers
    units: Units
    clock: TestClock
    env: dict[str, str]
    sight: Sight


@pytest.fixture(scope="session")
async def migrated(stack: embedded.Handle) -> AsyncIterator[str]:
    """A migrated database that nobody is connected to: copying it takes less than migrating."""
    await migrate(stack.create_database(MIGRATED).migration_url)
    yield MIGRATED
    stack.drop_database(MIGRATED)


@pytest.fixture
async def elsewhere(stack: embedded.Handle, migrated: str, master: MasterKey) -> AsyncIterator[Elsewhere]:
    name = f"faults_{new_id().hex[-12:]}"
    servers = stack.create_database(name, migrated)
    engine = open_engine(servers.database_url, pool_size=10)
    units = Units(engine, master)
    seeing = await asyncpg.connect(Postgres(stack.places).url(SUPERUSER, name))
    yield Elsewhere(stack, servers, units, TestClock(units), environment_of(servers, master), Sight(seeing))
    await seeing.close()
    await engine.dispose()
    stack.drop_database(name)
