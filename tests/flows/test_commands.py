"""Every command as a person runs it: a process of its own, on a home or servers of its own."""

import json
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import perf_counter
from uuid import UUID

import httpx
import pytest

from backend import embedded
from backend.db.migrate import head, migrate
from backend.embedded.postgres import Postgres
from tasks.kernel.sealing import MasterKey
from tests.support.processes import Done, environment, environment_of, huifang, nothing_runs, processes_of, running
from tests.support.waiting import until

MAPPING = """
date_formats = ["%Y-%m-%d"]
[columns.external_id]
column = "Code"
[columns.name]
column = "Name"
[columns.phones]
column = "Phone"
"""


@pytest.fixture(scope="module")
async def outside(stack: embedded.Handle, master: MasterKey) -> AsyncIterator[dict[str, str]]:
    """A deployment on servers of somebody else's."""
    servers = stack.create_database("commands")
    await migrate(servers.migration_url)
    yield environment_of(servers, master)
    stack.drop_database("commands")


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="huifang-test-"))
    yield folder / "home"
    embedded.stop(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture
async def salon(outside: dict[str, str]) -> str:
    """The id of a fresh merchant."""
    return str((await create(outside, "沙龙")).answer["merchantId"])


async def create(env: dict[str, str], name: str, *options: str) -> Done:
    zone = ("--timezone", "Asia/Shanghai", "--store", "一店", "--json")
    return await huifang("merchant", "create", name, *zone, *options, env=env)


async def test_help_is_there_at_once_and_both_ways_in_work(outside: dict[str, str]) -> None:
    shown = await huifang("--help", env=outside)
    assert shown.code == 0
    for name in ("up", "api", "worker", "migrate", "import", "merchant", "plan", "clock", "doctor", "export-openapi"):
        assert re.search(rf"\b{name}\b", shown.out), name


async def test_help_imports_nothing_heavy(outside: dict[str, str]) -> None:
    began = perf_counter()
    done = await huifang("--help", env={**outside, "PYTHONPROFILEIMPORTTIME": "1"})
    assert perf_counter() - began < 10  # a bound against hanging; what makes it quick is the next line
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.err.splitlines()}
    assert not imported & {"sqlalchemy", "litestar", "arq", "cryptography", "uvicorn", "alembic", "openpyxl"}


async def test_a_merchant_is_created_with_ids_key_and_login(outside: dict[str, str]) -> None:
    made = (await create(outside, "美丽人生", "--store", "二店")).answer
    assert UUID(made["merchantId"]).version == 7
    assert [store["name"] for store in made["stores"]] == ["一店", "二店"]
    assert made["apiKey"].startswith("hf_")
    assert made["owner"]["phone"]
    assert len(made["owner"]["password"]) >= 8
    listed = (await huifang("merchant", "list", "--json", env=outside)).answer
    assert made["merchantId"] in [one["merchantId"] for one in listed]


async def test_a_merchant_that_cannot_be_made_leaves_nothing_and_one_line(outside: dict[str, str]) -> None:
    before = (await huifang("merchant", "list", "--json", env=outside)).answer
    weak = await create(outside, "Weak", "--owner-password", "short")
    nowhere = await huifang("merchant", "create", "N", "--timezone", "Mars/Base", "--store", "S", env=outside)
    for done in (weak, nowhere):
        assert done.code == 1
        assert done.out == ""
        assert done.err.startswith("huifang: ")
        assert done.err.count("\n") == 1
    assert (await huifang("merchant", "list", "--json", env=outside)).answer == before


async def test_a_wrong_call_ends_with_two(outside: dict[str, str]) -> None:
    assert (await huifang("merchant", "create", env=outside)).code == 2
    assert (await huifang("clock", "set", "tomorrow", env=outside)).code == 2
    assert (await huifang("plan", "list", "--merchant", "nobody", env=outside)).code == 1
    assert (await huifang("worker", env={**outside, "HUIFANG_PORT": "high"})).code == 2


async def test_staff_and_keys_are_added(outside: dict[str, str], salon: str) -> None:
    options = ("--phone", "13900001111", "--store", "1", "--role", "manager", "--merchant", salon, "--json")
    added = (await huifang("staff", "add", "王芳", *options, env=outside)).answer
    assert added["phone"] == "13900001111"
    again = (await huifang("staff", "add", "王芳", *options, "--password", "long enough", env=outside)).answer
    assert (again["staffId"], again["password"]) == (added["staffId"], "long enough")
    key = (await huifang("api-key", "create", "POS", "--merchant", salon, "--json", env=outside)).answer
    assert key["apiKey"].startswith("hf_")
    refused = await huifang("staff", "add", "X", "--phone", "none", "--store", "1", "--merchant", salon, env=outside)
    assert (refused.code, refused.err) == (2, "huifang: the phone is not a phone number\n")


async def test_books_are_imported_and_refused_rows_explained(
    outside: dict[str, str], salon: str, tmp_path: Path
) -> None:
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "c.csv").write_text("Code,Name,Phone\nA,张三,13800138000\nB,李四,\n,无名,\n", encoding="utf-8")
    call = ("import", "customers", "c.csv", "--mapping", "m.toml", "--merchant", salon, "--json")
    rehearsed = await huifang(*call, "--dry-run", env=outside, cwd=tmp_path)
    assert rehearsed.answer["accepted"] == 2
    first = await huifang(*call, "--rejects", "no.csv", env=outside, cwd=tmp_path)
    assert (first.answer["accepted"], first.answer["rejected"]) == (2, 1)
    assert "无名" in (tmp_path / "no.csv").read_text(encoding="utf-8-sig")
    second = await huifang(*call, env=outside, cwd=tmp_path)
    assert (second.answer["accepted"], second.answer["duplicate"]) == (0, 2)
    (tmp_path / "bad.csv").write_text("Code,Name,Phone\n,无名,\n", encoding="utf-8")
    bad = await huifang("import", "customers", "bad.csv", *call[3:], env=outside, cwd=tmp_path)
    assert bad.code == 1
    assert json.loads(bad.out)["rejected"] == 1


async def test_a_plan_is_previewed_turned_on_and_listed(outside: dict[str, str], salon: str) -> None:
    whose = ("--merchant", salon, "--json")
    look = ("plan", "preview", "--template", "second_visit", "--as-of", "2026-03-02")
    seen = (await huifang(*look, *whose, env=outside)).answer
    assert seen["matched"] == seen["tasks"] + seen["merged"] + sum(seen["byReason"].values()) == 0
    assert (await huifang("plan", "list", *whose, env=outside)).answer == []
    turned = [
        (await huifang("plan", "activate", "--template", "second_visit", *whose, env=outside)).answer for _ in range(2)
    ]
    assert turned[0] == turned[1]
    assert turned[0]["state"] == "active"
    unknown = await huifang("plan", "activate", "--template", "nothing", "--merchant", salon, env=outside)
    assert unknown.code == 1


async def test_the_clock_moves_for_everybody_and_not_in_production(outside: dict[str, str]) -> None:
    at = (await huifang("clock", "set", "2026-03-01T09:00:00+08:00", "--json", env=outside)).answer
    assert at["now"].startswith("2026-03-01T01:00:0")
    later = (await huifang("clock", "advance", "1d2h30m", "--json", env=outside)).answer
    assert later["now"].startswith("2026-03-02T03:30:0")
    shown = (await huifang("clock", "show", "--json", env=outside)).answer
    assert abs(shown["offsetSeconds"] - later["offsetSeconds"]) < 1

    real = {**outside, "HUIFANG_ENV": "production"}
    assert (await huifang("clock", "advance", "1h", env=real)).code == 1
    refused = await huifang("merchant", "list", env=real)
    assert refused.code == 1
    assert "clock reset" in refused.err
    assert (await huifang("clock", "reset", "--json", env=real)).answer["offsetSeconds"] == 0


async def test_doctor_finds_what_is_wrong(outside: dict[str, str], stack: embedded.Handle, master: MasterKey) -> None:
    well = (await huifang("doctor", "--json", env=outside)).answer
    levels = {one["check"]: one["level"] for one in well["findings"]}
    assert well["healthy"]
    for check in ("python", "redis", "postgresql", "role", "durability", "schema", "tenancy", "clock", "master-key"):
        assert levels[check] == "ok", check
    assert levels["worker"] == "warn"

    empty = stack.create_database("empty")
    bare = environment_of(empty, master)
    ill = await huifang("doctor", "--json", env={**bare, "HUIFANG_REDIS_URL": "unix:///nowhere.sock"})
    assert ill.code == 1
    levels = {one["check"]: one["level"] for one in json.loads(ill.out)["findings"]}
    assert levels["redis"] == levels["schema"] == "fail"
    unmigrated = await huifang("merchant", "list", env=bare)
    assert unmigrated.code == 1
    assert "huifang migrate" in unmigrated.err
    stack.drop_database("empty")

    key = {**outside, "HUIFANG_MASTER_KEY": "A" * 43 + "="}
    await create(outside, "Somebody")
    found = {one["check"]: one for one in json.loads((await huifang("doctor", "--json", env=key)).out)["findings"]}
    assert found["master-key"]["level"] == "fail"


async def test_a_login_above_the_walls_acts_below_them(outside: dict[str, str], stack: embedded.Handle) -> None:
    url = stack.servers.migration_url.replace("huifang_owner@", "postgres@")
    seen = await huifang("doctor", "--json", env={**outside, "HUIFANG_DATABASE_URL": url})
    found = {one["check"]: one for one in json.loads(seen.out)["findings"]}
    assert found["role"]["level"] in {"ok", "warn"}
    assert "huifang_app" in found["role"]["seen"]


async def test_a_login_that_cannot_act_below_the_walls_is_refused(
    outside: dict[str, str], stack: embedded.Handle
) -> None:
    server = Postgres(stack.places)
    server.sql("create role climber login bypassrls; grant connect on database huifang to climber")
    try:
        url = stack.servers.migration_url.replace("huifang_owner@", "climber@")
        seen = await huifang("merchant", "list", env={**outside, "HUIFANG_DATABASE_URL": url})
        assert seen.code == 1
        assert "cannot act as huifang_app" in seen.err
    finally:
        server.sql("drop owned by climber; drop role climber", "huifang")


async def test_migrate_says_from_where_to_where(stack: embedded.Handle, master: MasterKey) -> None:
    fresh = stack.create_database("fresh")
    env = environment_of(fresh, master)
    assert (await huifang("migrate", "--json", env=env)).answer == {"before": None, "to": head()}
    assert (await huifang("migrate", "--json", env=env)).answer == {"before": head(), "to": head()}
    stack.drop_database("fresh")


async def test_the_contract_is_written_without_any_server(tmp_path: Path) -> None:
    env = environment(home=str(tmp_path / "never-made"))
    written = await huifang("export-openapi", str(tmp_path / "openapi.json"), env=env)
    assert written.code == 0, written.err
    document = json.loads((tmp_path / "openapi.json").read_text(encoding="utf-8"))
    assert document["openapi"].startswith("3.1")
    assert "/v1/auth/login" in document["paths"]
    assert (await huifang("export-openapi", env=env)).answer == document
    assert not (tmp_path / "never-made").exists()


async def test_up_serves_replaces_the_dead_and_leaves_nothing_behind(home: Path) -> None:
    env = environment(home=str(home))
    async with running("up", "--port", "0", "--json", env=env) as up:
        address = await up.answers()
        async with httpx.AsyncClient(base_url=address["url"], timeout=10) as client:
            assert (await client.get("/openapi.json")).status_code == 200
            [api] = [p for p in processes_of(home) if "api" in p.cmdline() and "--follow" in p.cmdline()]
            api.kill()
            await up.says("process.run.ended")
        async with httpx.AsyncClient(base_url=address["url"], timeout=20) as client:
            assert (await client.get("/openapi.json")).status_code == 200, "the socket outlived the process"
        taken = await huifang("api", env={**env, "HUIFANG_PORT": address["url"].rsplit(":", 1)[1]})
        assert (taken.code, taken.err.count("\n")) == (1, 1)
        assert "HUIFANG_PORT" in taken.err
        up.signal(signal.SIGINT)
        assert await up.ends(within=15) == 0
    assert processes_of(home) == []


async def test_up_killed_takes_its_children_and_servers_along_and_starts_again(home: Path) -> None:
    env = environment(home=str(home))
    async with running("up", "--port", "0", "--json", env=env) as up:
        await up.answers()
        made = (await create(env, "Kept")).answer
        up.signal(signal.SIGKILL)
        await up.ends()

    await until(lambda: nothing_runs(home), within=15)
    async with running("up", "--port", "0", "--json", env=env) as up:
        await up.answers()
        listed = (await huifang("merchant", "list", "--json", env=env)).answer
        assert [one["merchantId"] for one in listed] == [made["merchantId"]]
        up.signal(signal.SIGTERM)
        assert await up.ends(within=15) == 0
    assert processes_of(home) == []
