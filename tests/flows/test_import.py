"""Files into a merchant's books: what is kept, what is refused and why, and what a second sending does."""

import csv
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]  # ships no types

from backend import embedded
from backend.db.units import Units
from backend.imports.errors import ColumnsMissing, FileUnfit, MappingInvalid, StoreUnclear
from backend.imports.kinds import ImportKind
from backend.imports.mapping import parse_mapping
from backend.imports.service import ImportReport, ImportRequest, run_import
from tasks.kernel.errors import FlowError
from tasks.kernel.sealing import MasterKey
from tasks.ledger.service import check_facts
from tasks.people.persons import find_by_phone, open_customers
from tests.support.world import World, make_world

CUSTOMERS = """
[columns]
external_id = "编号"
name = "姓名"
phones = { column = "电话", separator = "/" }
gender = "性别"
[values.gender]
"女" = "female"
"男" = "male"
"""
SALES = """
anonymous = [""]
history_from = "first_row"
[columns]
external_id = "No"
at = "Time"
customer = "Client"
product = "Code"
cash = "Amount"
staff = "Staff"
"""


@pytest.fixture
async def world(units: Units, master: MasterKey) -> World:
    return await make_world(units, master)


async def bring(world: World, kind: str, path: Path, mapping: str, **options: Any) -> ImportReport:
    said = parse_mapping(mapping)
    rejects = path.with_suffix(".rejects.csv")
    request = ImportRequest(world.merchant_id, ImportKind(kind), path, said, rejects_path=rejects, **options)
    report = await run_import(world.units, world.master, request)
    assert report.read == report.accepted + report.duplicate + report.rejected + sum(report.skipped.values())
    return report


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


async def ask(world: World, statement: str) -> Sequence[tuple[Any, ...]]:
    async with world.units.glance(world.merchant_id) as unit:
        return [tuple(row) for row in (await unit.run(statement)).all()]


def rejected(report: ImportReport) -> list[dict[str, str]]:
    assert report.rejects_path is not None
    with Path(report.rejects_path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def text_of(report: ImportReport) -> str:
    return Path(str(report.rejects_path)).read_text(encoding="utf-8-sig")


def mode_of(report: ImportReport) -> int:
    return stat.S_IMODE(Path(str(report.rejects_path)).stat().st_mode)


async def test_customers_in_and_again(world: World, tmp_path: Path) -> None:
    text = (
        "编号,姓名,电话,性别\n001,王小红,13800138000/13900139000,女\n002,李四,,男\n003,=cmd(),abc,女\n004,某人,,不详\n"
    )
    path = written(tmp_path / "会员.csv", text, "gb18030")
    first = await bring(world, "customers", path, CUSTOMERS)
    assert (first.read, first.accepted, first.rejected, first.skipped) == (4, 2, 2, {})
    async with world.units.glance(world.merchant_id) as unit:
        (found,) = await find_by_phone(unit, "13900139000")
        person = (await open_customers(unit, [found]))[found]
    assert (person.name, person.external_id) == ("王小红", "001")
    refused = rejected(first)
    assert [(row["import_row"], row["import_column"], row["编号"]) for row in refused] == [
        ("4", "电话", "003"),
        ("5", "性别", "004"),
    ]
    assert refused[1]["import_code"] == "not-a-choice"
    assert all(row["import_reason_zh"] and row["import_reason_en"] for row in refused)
    assert refused[0]["姓名"] == "'=cmd()"
    assert mode_of(first) == 0o600
    again = await bring(world, "customers", path, CUSTOMERS)
    assert (again.accepted, again.duplicate, again.rejected) == (0, 2, 2)


async def test_the_reject_file_is_corrected_and_sent_with_the_same_mapping(world: World, tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "编号,姓名,电话,性别\n1,=甲,,?\n2,乙,,女\n")
    report = await bring(world, "customers", path, CUSTOMERS)
    corrected = text_of(report).replace("?", "男")
    fixed = await bring(world, "customers", written(tmp_path / "fixed.csv", corrected, "utf-8-sig"), CUSTOMERS)
    assert (fixed.accepted, fixed.rejected, fixed.rejects_path) == (1, 0, None)
    rows = await ask(world, "select id from customer where merchant_id = :merchant")
    async with world.units.glance(world.merchant_id) as unit:
        people = await open_customers(unit, [row[0] for row in rows])
    assert {person.name for person in people.values()} == {"=甲", "乙"}


async def test_refused_rows_are_kept_sealed(world: World, tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "编号,姓名,电话,性别\n1,秘密的名字,,?\n")
    report = await bring(world, "customers", path, CUSTOMERS)
    ((row_no, field, reason, sealed, salt),) = await ask(
        world, "select row_no, field, reason, sealed, salt from import_reject where merchant_id = :merchant"
    )
    assert (row_no, field, reason) == (2, "性别", "not-a-choice")
    assert "秘密".encode() not in sealed
    assert report.run_id is not None
    async with world.units.glance(world.merchant_id) as unit:
        cells = msgspec.msgpack.decode(unit.vault.open(salt, report.run_id, sealed))
    assert cells == ["1", "秘密的名字", "", "?"]
    ((state, counts),) = await ask(world, "select state, counts from import_run where merchant_id = :merchant")
    assert state == "done"
    assert counts == {"read": 1, "accepted": 0, "duplicate": 0, "rejected": 1, "skipped": 0}


async def test_a_workbook_and_the_other_kinds(world: World, tmp_path: Path) -> None:
    book = Workbook()
    sheets: dict[str, list[list[Any]]] = {
        "员工": [["工号", "姓名", "手机", "岗位"], [7, "小美", 13700137000, "店长"], [8, "小丽", None, None]],
        "项目": [["编码", "名称", "类", "价"], ["P1", "护理", "服务", 199.5], ["P2", "精油", "商品", 88]],
        "卡种": [["编码", "名称"], ["V500", "五百卡"]],
        "卡": [["卡号", "卡种", "会员", "开卡", "余额"], ["K1", "V500", "C1", "2026-01-05", 450]],
    }
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    book.remove(book.worksheets[0])
    path = tmp_path / "book.xlsx"
    book.save(path)
    await world.customer("C1")
    staff = '[columns]\nexternal_id = "工号"\nname = "姓名"\nphone = "手机"\nrole = "岗位"\n[values.role]\n"店长" = "manager"'
    assert (await bring(world, "staff", path, staff)).accepted == 2
    products = (
        'sheet = "项目"\n[columns]\ncode = "编码"\nname = "名称"\nkind = "类"\nprice = "价"\n'
        '[values.kind]\n"服务" = "service"\n"*" = "goods"'
    )
    assert (await bring(world, "products", path, products)).accepted == 2
    kinds = 'sheet = "卡种"\n[columns]\ncode = "编码"\nname = "名称"\n[defaults]\nkind = "stored_value"'
    assert (await bring(world, "card-products", path, kinds)).accepted == 1
    cards = (
        'sheet = "卡"\n[columns]\nexternal_id = "卡号"\nproduct = "卡种"\ncustomer = "会员"\nopened_on = "开卡"\n'
        'entry_id = { template = "{卡号}-open" }\nentry_at = "开卡"\nprincipal = "余额"\n[defaults]\nentry_kind = "open"'
    )
    assert (await bring(world, "cards", path, cards)).accepted == 1
    assert (await bring(world, "cards", path, cards)).duplicate == 1
    assert await ask(world, "select balance_cents from card_facts where merchant_id = :merchant") == [(45_000,)]
    priced = await ask(
        world, "select kind, price_cents from product where merchant_id = :merchant and code like 'P_' order by code"
    )
    assert priced == [("service", 19_950), ("goods", 8_800)]


def receipts(count: int) -> str:
    lines = ["No,Time,Client,Code,Amount,Staff"]
    for number in range(count):
        day = f"2026-01-{number % 28 + 1:02d} 1{number % 9}:00"
        client = f"C{number % 7 + 1}" if number % 11 else ""
        lines += [f"R{number},{day},{client},{code},{number}.50,E1" for code in ("CUT", "OIL")[: number % 2 + 1]]
    return "\n".join(lines) + "\n"


async def test_sales_in_many_chunks_and_lanes_add_up(units: Units, master: MasterKey, tmp_path: Path) -> None:
    world = await make_world(units, master, customers=7)
    path = written(tmp_path / "s.csv", receipts(200))
    seen: list[tuple[int, int | None]] = []
    report = await bring(world, "sales", path, SALES, chunk=20, progress=lambda done, total: seen.append((done, total)))
    assert (report.read, report.accepted, str(report.history_from)) == (300, 300, "2026-01-01")
    assert (seen[-1], len(seen) > 10, seen == sorted(seen)) == ((300, 300), True, True)
    assert await ask(
        world, "select count(*), sum(cash_cents), count(customer_id) from sale where merchant_id = :merchant"
    ) == [
        (
            200,
            sum((number * 100 + 50) * (number % 2 + 1) for number in range(200)),
            sum(number % 11 > 0 for number in range(200)),
        )
    ]
    assert (
        str((await ask(world, "select history_from from merchant where merchant_id = :merchant"))[0][0]) == "2026-01-01"
    )
    async with units.glance(world.merchant_id) as unit:
        assert await check_facts(unit) == []
    again = await bring(world, "sales", path, SALES, chunk=33)
    assert (again.accepted, again.duplicate) == (0, 300)


async def test_what_the_flow_refuses_names_the_files_column(world: World, tmp_path: Path) -> None:
    text = "No,Time,Client,Code,Amount,Staff\n1,2026-01-01,nobody,CUT,1,E1\n2,2026-01-01,,NONE,1,E1\n3,2026-01-01,,CUT,1,E99\n4,2026-01-01,,CUT,1,E1\n"
    report = await bring(world, "sales", written(tmp_path / "s.csv", text), SALES)
    assert report.accepted == 1
    assert sorted((row["import_row"], row["import_column"], row["import_code"]) for row in rejected(report)) == [
        ("2", "Client", "unknown-customer"),
        ("3", "Code", "unknown-product"),
        ("4", "Staff", "unknown-staff"),
    ]


async def test_people_and_products_are_created_when_the_mapping_says_so(world: World, tmp_path: Path) -> None:
    text = "No,Time,Client,Code,Amount,Staff\n1,2026-01-01,new,Perm,1,E77\n2,2026-01-02,new,Perm,1,E1\n"
    path = written(tmp_path / "s.csv", text)
    making = 'create_customers = true\ncreate_staff = true\ncreate_products = "service"\n' + SALES
    report = await bring(world, "sales", path, making, chunk=1)
    assert (report.accepted, report.created) == (2, {"customers": 1, "staff": 1, "products": 1})
    assert await ask(world, "select visit_count from customer_facts where merchant_id = :merchant") == [(2,)]
    async with world.units.glance(world.merchant_id) as unit:
        assert await unit.scalar("select count(*) from task where merchant_id = :merchant") == 0
    assert (await bring(world, "sales", path, making)).created == {}


async def test_a_dry_run_tells_all_and_keeps_nothing(world: World, tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "编号,姓名,电话,性别\n1,甲,,女\n1,甲,,女\n2,乙,,?\n")
    report = await bring(world, "customers", path, CUSTOMERS, dry_run=True, chunk=1)
    assert (report.accepted, report.duplicate, report.rejected, report.run_id) == (1, 1, 1, None)
    assert len(rejected(report)) == 1
    for table in ("customer", "import_run", "import_reject"):
        assert await ask(world, f"select count(*) from {table} where merchant_id = :merchant") == [(0,)]  # fixed names


@pytest.mark.parametrize(
    ("mapping", "text", "fault"),
    [
        (CUSTOMERS, "编号,姓名\n1,甲\n", ColumnsMissing),
        (CUSTOMERS, "", FileUnfit),
        ('kind = "sales"\n' + CUSTOMERS, "编号,姓名,电话,性别\n1,甲,,\n", MappingInvalid),
        ('history_from = "soon"\n' + CUSTOMERS, "编号,姓名,电话,性别\n1,甲,,\n", MappingInvalid),
        (CUSTOMERS, '编号,姓名,电话,性别\n1,甲,,\n2,"' + "x" * (5 << 20), FileUnfit),
    ],
)
async def test_what_is_not_fit_writes_nothing(
    world: World, tmp_path: Path, mapping: str, text: str, fault: type[FlowError]
) -> None:
    with pytest.raises(fault) as caught:
        await bring(world, "customers", written(tmp_path / "x.csv", text), mapping)
    assert "{" not in caught.value.message("zh-CN") + caught.value.message("en")
    for table in ("customer", "sale", "import_run"):
        assert await ask(world, f"select count(*) from {table} where merchant_id = :merchant") == [(0,)]  # fixed names


async def test_a_file_with_only_a_header_is_an_empty_book(world: World, tmp_path: Path) -> None:
    report = await bring(world, "customers", written(tmp_path / "c.csv", "编号,姓名,电话,性别\n"), CUSTOMERS)
    assert (report.read, report.rejects_path) == (0, None)


async def test_rows_must_name_their_store_when_there_are_two(units: Units, master: MasterKey, tmp_path: Path) -> None:
    world = await make_world(units, master, stores=2, customers=7)
    path = written(tmp_path / "s.csv", receipts(5))
    with pytest.raises(StoreUnclear):
        await bring(world, "sales", path, SALES)
    assert (await bring(world, "sales", path, SALES + '[defaults]\nstore = "S2"')).accepted == 7


async def test_stopped_in_the_middle_it_can_be_sent_again(units: Units, master: MasterKey, tmp_path: Path) -> None:
    world = await make_world(units, master, customers=7)
    path = written(tmp_path / "s.csv", receipts(200))

    def stop(done: int, _total: int | None) -> None:
        if done >= 100:
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await bring(world, "sales", path, SALES, chunk=20, progress=stop)
    ((state, stored),) = await ask(
        world,
        "select state, (select count(*) from sale where merchant_id = :merchant) from import_run where merchant_id = :merchant",
    )
    assert (state, 0 < stored < 200) == ("failed", True)
    report = await bring(world, "sales", path, SALES)
    assert (report.accepted + report.duplicate, report.duplicate > 0) == (300, True)
    assert await ask(world, "select count(*), count(distinct external_id) from sale where merchant_id = :merchant") == [
        (200, 200)
    ]
    async with units.glance(world.merchant_id) as unit:
        assert await check_facts(unit) == []


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from uuid import UUID
from backend.db.engine import open_engine
from backend.db.units import Units
from backend.imports.kinds import ImportKind
from backend.imports.mapping import parse_mapping
from backend.imports.service import ImportRequest, run_import
from tasks.kernel.sealing import MasterKey

url, secret, merchant, path, mapping = sys.argv[1:]
master = MasterKey(bytes.fromhex(secret))

def die(done, total):
    if done >= 100:
        os.kill(os.getpid(), signal.SIGKILL)

request = ImportRequest(UUID(merchant), ImportKind.SALES, Path(path), parse_mapping(mapping), chunk=20, progress=die,
                        rejects_path=Path(path).with_suffix(".r.csv"))
asyncio.run(run_import(Units(open_engine(url), master), master, request))
"""


async def test_killed_in_the_middle_nothing_is_lost_or_doubled(
    units: Units, master: MasterKey, servers: embedded.Servers, tmp_path: Path
) -> None:
    world = await make_world(units, master, customers=7)
    path = written(tmp_path / "s.csv", receipts(200))
    command = [
        sys.executable,
        "-c",
        KILLED,
        servers.database_url,
        master.secret.hex(),
        str(world.merchant_id),
        str(path),
        SALES,
    ]
    died = subprocess.run(command, check=False, cwd=Path(__file__).parents[2], env=dict(os.environ))  # noqa: ASYNC221, S603  # our own program, to be killed
    assert died.returncode == -9
    report = await bring(world, "sales", path, SALES)
    assert (report.accepted + report.duplicate, report.duplicate > 0, report.accepted > 0) == (300, True, True)
    assert await ask(world, "select count(*), count(distinct external_id) from sale where merchant_id = :merchant") == [
        (200, 200)
    ]
    assert await ask(
        world, "select state, count(*) from import_run where merchant_id = :merchant group by 1 order by 1"
    ) == [
        ("done", 1),
        ("failed", 1),
    ]
    async with units.glance(world.merchant_id) as unit:
        assert await check_facts(unit) == []
