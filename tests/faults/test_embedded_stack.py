"""The private servers against processes that come, go, crash and are killed."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from backend import embedded
from backend.db.roles import APP, DEFINER, OWNER
from backend.embedded import holders
from backend.embedded.places import LONGEST_SOCKET_PATH, is_usable, make_home, make_places
from backend.embedded.postgres import PROGRAM as POSTGRES
from backend.embedded.postgres import Postgres
from backend.embedded.processes import end_leftovers, find_server
from backend.embedded.valkey import Valkey

REPOSITORY = Path(__file__).resolve().parents[2]
HOLDER = """
import sys
from pathlib import Path
from backend import embedded
with embedded.start(Path(sys.argv[1])) as handle:
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home outside pytest's folders, which a second test run closes to other users."""
    folder = Path(tempfile.mkdtemp(prefix="huifang-test-"))
    yield folder / "home"
    for path in sorted(folder.rglob("data")):
        end_leftovers(POSTGRES, path)
        end_leftovers("valkey-server", path.parents[1] / "valkey", first=signal.SIGKILL)
    shutil.rmtree(folder)


class Child:
    """Another process that holds the servers until told to leave, or until killed."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(home)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def leave(self) -> None:
        self.process.communicate("", timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


def postmaster(home: Path) -> psutil.Process | None:
    data = home / "postgres" / "data"
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except FileNotFoundError:
        return None
    return find_server(pid, POSTGRES, data)


def postmaster_pid(home: Path) -> int:
    process = postmaster(home)
    assert process is not None
    return int(process.pid)


def valkey_pid(home: Path) -> int:
    return int((home / "valkey" / "valkey.pid").read_text(encoding="utf-8"))


async def fetch(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


def test_two_processes_that_start_at_once_share_one_server_and_the_last_out_stops_it(home: Path) -> None:
    first, second = Child(home), Child(home)
    first.wait_ready()
    second.wait_ready()
    pid = postmaster_pid(home)
    assert len(list((home / "holders").iterdir())) == 2

    first.leave()
    assert postmaster_pid(home) == pid

    second.leave()
    assert postmaster(home) is None
    assert not Valkey(make_places(home)).is_running()


async def test_servers_of_a_killed_process_are_adopted_and_its_share_is_pruned(home: Path) -> None:
    child = Child(home)
    child.wait_ready()
    pid, bell = postmaster_pid(home), valkey_pid(home)
    child.kill()
    assert postmaster_pid(home) == pid, "a killed holder leaves the servers running"
    assert len(list((home / "holders").iterdir())) == 1

    with embedded.start(home) as handle:
        assert (postmaster_pid(home), valkey_pid(home)) == (pid, bell)
        assert len(list((home / "holders").iterdir())) == 1, "the dead holder is gone, we are there"
        assert await fetch(handle.servers.database_url, "SELECT current_user::text") == [(APP,)]
    assert postmaster(home) is None


def test_servers_that_nobody_holds_can_be_stopped(home: Path) -> None:
    child = Child(home)
    child.wait_ready()
    assert embedded.stop(home) is False, "somebody holds them"
    child.kill()
    assert embedded.stop(home) is True
    assert postmaster(home) is None


def test_a_holder_whose_process_number_went_to_somebody_else_is_pruned(home: Path) -> None:
    (home / "holders").mkdir(parents=True)
    (home / "holders" / f"{os.getpid()}-left-by-a-process-with-our-number").touch()
    assert holders.prune(home) == 0
    holder = holders.enter(home)
    assert holders.prune(home) == 1
    holder.leave()
    assert holders.prune(home) == 0


async def test_a_crashed_postgres_recovers_every_acknowledged_write(home: Path) -> None:
    with embedded.start(home) as handle:
        writer = await asyncpg.connect(handle.servers.migration_url)
        await writer.execute("CREATE TABLE kept (n int PRIMARY KEY)")
        for n in range(20):
            await writer.execute("INSERT INTO kept VALUES ($1)", n)
        pid = postmaster_pid(home)
        os.kill(pid, signal.SIGKILL)  # its backends live on for a moment and hold the shared memory
        handle.ensure_running()
        assert postmaster_pid(home) != pid
        assert await fetch(handle.servers.migration_url, "SELECT count(*) FROM kept") == [(20,)]
        writer.terminate()


def test_a_pid_file_whose_number_went_to_somebody_else_does_not_stop_the_start(home: Path) -> None:
    embedded.start(home).close()
    data = home / "postgres" / "data"
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n5432\n\n\n1 1\nready\n", encoding="utf-8")
    with embedded.start(home):
        assert postmaster_pid(home) != os.getpid()


def test_a_killed_initdb_is_begun_again(home: Path) -> None:
    (home / "postgres" / "data.new").mkdir(parents=True)
    (home / "postgres" / "data.new" / "PG_VERSION").write_text("18\n", encoding="utf-8")
    if os.geteuid() == 0:
        account = _places_account(home.with_name("elsewhere"))
        os.chown(home / "postgres", *account)
    with embedded.start(home):
        assert not (home / "postgres" / "data.new").exists()


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_a_dead_or_frozen_valkey_is_replaced(home: Path, blow: signal.Signals) -> None:
    with embedded.start(home) as handle:
        pid = valkey_pid(home)
        os.kill(pid, blow)
        handle.ensure_running()
        assert valkey_pid(home) != pid
        with closing(redis.Redis.from_url(handle.servers.redis_url)) as bell:
            assert bell.ping() is True


async def test_a_long_or_unusual_path_gets_its_sockets_elsewhere_and_privately(home: Path) -> None:
    long = home / "门店 one" / ("x" * LONGEST_SOCKET_PATH)
    with embedded.start(long) as handle, embedded.start(long) as again:
        assert handle.servers == again.servers
        sockets = (long / "run").readlink()
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert await fetch(handle.servers.database_url, "SELECT 1") == [(1,)]
        with closing(redis.Redis.from_url(handle.servers.redis_url)) as bell:
            assert bell.ping() is True
    assert not sockets.exists()


def test_a_path_is_usable_when_it_is_plain_and_short() -> None:
    assert is_usable(Path("/srv/huifang/run"))
    assert not is_usable(Path("/srv/门店"))
    assert not is_usable(Path("/srv/with space"))
    assert not is_usable(Path("/" + "x" * LONGEST_SOCKET_PATH))


async def test_nothing_acknowledged_is_lost_and_nobody_else_gets_in(home: Path) -> None:
    with embedded.start(home) as handle:
        rows = await fetch(handle.servers.database_url, "SELECT name, setting FROM pg_settings")
        settings = {str(name): value for name, value in rows}
        for durable in ("fsync", "full_page_writes", "synchronous_commit"):
            assert settings[durable] == "on", durable
        assert (settings["listen_addresses"], settings["TimeZone"], settings["jit"]) == ("", "UTC", "off")
        for folder in ("postgres", "valkey", "run"):
            assert stat.S_IMODE((home / folder).stat().st_mode) == 0o700, folder
        with closing(redis.Redis.from_url(handle.servers.redis_url)) as bell:
            assert bell.config_get("port") == {"port": "0"}
            assert bell.config_get("save") == {"save": ""}
            assert bell.config_get("appendonly") == {"appendonly": "no"}


async def test_the_roles_have_no_more_power_than_they_need(home: Path) -> None:
    query = (
        "SELECT rolname::text, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication "
        "FROM pg_roles WHERE rolname LIKE 'huifang%' ORDER BY 1"
    )
    with embedded.start(home) as handle:
        servers = handle.servers
        assert await fetch(servers.database_url, query) == [
            (APP, True, False),
            (DEFINER, False, False),
            (OWNER, True, False),
        ]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(servers.database_url, "CREATE TABLE mine (n int)")
        owner = await asyncpg.connect(servers.migration_url)
        await owner.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
        await owner.execute(f"ALTER FUNCTION one() OWNER TO {DEFINER}")
        await owner.close()
        assert await fetch(servers.database_url, "SELECT one()") == [(1,)]


async def test_test_databases_are_copied_apart_from_each_other_and_dropped(home: Path) -> None:
    with embedded.start(home) as handle:
        made = handle.create_database("made")
        owner = await asyncpg.connect(made.migration_url)
        await owner.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (7); GRANT SELECT ON t TO huifang_app")
        await owner.close()
        copy = handle.create_database("copy", template="made")
        assert await fetch(copy.database_url, "SELECT n FROM t") == [(7,)]
        assert len({made.redis_url, copy.redis_url, handle.servers.redis_url}) == 3
        handle.drop_database("copy")
        handle.drop_database("copy")
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await fetch(copy.database_url, "SELECT 1")
        with pytest.raises(ValueError, match="lower-case"):
            handle.create_database('x"; DROP DATABASE huifang; --')


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    with embedded.start(home) as handle:
        Postgres(handle.places).sql("ALTER SYSTEM SET shared_preload_libraries = 'absent'")
    with pytest.raises(embedded.EmbeddedError, match="absent"):
        embedded.start(home)
    assert list((home / "holders").iterdir()) == []


def _places_account(home: Path) -> tuple[int, int]:
    account = make_places(make_home(home)).account
    return account.uid, account.gid
