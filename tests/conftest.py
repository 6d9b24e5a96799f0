"""One private PostgreSQL and Valkey for the whole run; every test has merchants of its own, so none sees another's rows."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from backend import embedded
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai


@pytest.fixture(scope="session")
def stack() -> Iterator[embedded.Handle]:
    home = Path(tempfile.mkdtemp(prefix="huifang-test-"))
    with embedded.start(home) as handle:
        yield handle
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
async def servers(stack: embedded.Handle) -> embedded.Servers:
    await migrate(stack.servers.migration_url)
    return stack.servers


@pytest.fixture(scope="session")
def master() -> MasterKey:
    return MasterKey(secrets.token_bytes(32))


@pytest.fixture(scope="session")
async def units(servers: embedded.Servers, master: MasterKey) -> AsyncIterator[Units]:
    engine = open_engine(servers.database_url, pool_size=20)
    yield Units(engine, master)
    await engine.dispose()


@pytest.fixture
async def clock(units: Units) -> AsyncIterator[TestClock]:
    """Monday 2 March 2026, 08:00 in Shanghai, unless the test sets another day."""
    moving = TestClock(units)
    await moving.set(shanghai("2026-03-02 08:00"))
    yield moving
    await moving.reset()
