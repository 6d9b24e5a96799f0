"""The stage of the benchmarks, on real servers: fresh copies, other people's data never touched, nothing left behind."""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from backend import embedded
from backend.bench.clocks import Rounds
from backend.bench.floors import copy_floor, insert_floor
from backend.bench.salons import Size, found_salon
from backend.bench.stage import Database, Stage, open_stage
from tasks.kernel.sealing import MasterKey
from tests.support.processes import environment_of, running

SIZE = Size(stores=1, staff=2, products=2, customers=3)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary folders are made while the test runs."""
    with tempfile.TemporaryDirectory(prefix="huifang-test-") as name:
        Path(name).chmod(0o755)
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(name)
    tempfile.tempdir = None


def working_in(folder: Path) -> list[str]:
    """Processes that work somewhere below a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process.name())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def left_in(folder: Path) -> list[str]:
    """Processes and files."""
    return [*working_in(folder), *(path.name for path in folder.iterdir())]


async def merchants_in(database: Database) -> int:
    async with database.engine.connect() as connection:
        found: int = (await connection.execute(text("select count(*) from all_merchants()"))).scalar_one()
        return found


async def test_rounds_start_from_copies_and_leave_nothing(folder: Path) -> None:
    said: list[str] = []
    async with open_stage(said.append) as stage:
        merchant_id = await stage.template("salon", lambda database: found_salon(database, SIZE))
        for _ in range(2):
            async with stage.database("salon") as database:
                assert await merchants_in(database) == 1
                await found_salon(database, SIZE)
                await measure_floors(stage, database, merchant_id)
        async with stage.database() as database:
            assert await merchants_in(database) == 0
        assert working_in(folder)
    assert said == ["  private servers are up"]
    assert left_in(folder) == []


async def measure_floors(stage: Stage, database: Database, merchant_id: object) -> None:
    """Both floors take exactly the merchant's own rows."""
    rounds = Rounds()
    kept = await copy_floor(database, merchant_id, (rounds, stage.folder), ("customer", "contact_point"))
    assert kept == {"customer": 3, "contact_point": 3}
    assert await insert_floor(database, merchant_id, rounds, ("contact_point",)) == {"contact_point": 3}
    assert len(rounds.floor) == 2
    assert all(one.wall > 0 for one in rounds.floor)


async def test_ctrl_c_leaves_no_server_and_no_file(folder: Path, servers: embedded.Servers, master: MasterKey) -> None:
    """Even with somebody's deployment in the environment."""
    async with running("bench", "S9", env={**environment_of(servers, master), "TMPDIR": str(folder)}) as bench:
        await bench.says("private servers are up")
        assert working_in(folder)
        bench.signal(signal.SIGINT)
        assert await bench.ends() == 130
    assert left_in(folder) == []
