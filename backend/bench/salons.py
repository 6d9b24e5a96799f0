"""Salons to measure on, made through the real services, and their files of books. The same words every time: nothing is drawn."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from backend.bench.figures import NotTheWork
from backend.bench.stage import Database
from tasks.flow.record_books import record_books
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger.inputs import ProductIn
from tasks.ledger.states import ProductKind
from tasks.people.inputs import CustomerIn, StaffIn
from tasks.people.service import create_store, upsert_staff

ZONE: Final = "Asia/Shanghai"
FAMILY: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
GIVEN: Final = "婷静敏丽雪芳娜秀英华慧巧美玉兰凤洁梅琳素云莲真环春菊艳晓欣佳怡思琪雨涵梦瑶可馨子萱"
BATCH: Final = 5_000
FIRST_DAY: Final = date(2025, 1, 1)
DAYS: Final = 365


@dataclass(frozen=True)
class Size:
    """How large a salon is; half of the products are services."""

    stores: int = 5
    staff: int = 40
    products: int = 40
    customers: int = 0


def name_of(number: int) -> str:
    """Return a name of three characters; about 70,000 of them differ."""
    family, first, second = number % len(FAMILY), number * 7 % len(GIVEN), number * 31 // 41 % len(GIVEN)
    return FAMILY[family] + GIVEN[first] + GIVEN[second]


def phone_of(number: int) -> str:
    """Return a mainland mobile that no other number gives."""
    return f"138{number:08d}"


async def found_salon(database: Database, size: Size) -> UUID:
    """A merchant with stores `S1`…, staff `E1`…, products `P1`… and customers `C1`…, each by its code; returns the merchant's id."""
    merchant_id = new_id()
    await database.units.create_merchant(merchant_id, "测速沙龙", ZONE)
    async with database.units.open(merchant_id) as unit:
        for number in range(1, size.stores + 1):
            await create_store(unit, code=f"S{number}", name=f"{number}号店", timezone=ZONE)
        _taken(await upsert_staff(unit, database.master, list(_staff(size))))
        _taken(await record_books(unit, "products", list(_products(size))))
    for first in range(1, size.customers + 1, BATCH):
        last = min(first + BATCH, size.customers + 1)
        items = [
            CustomerIn(external_id=f"C{number}", name=name_of(number), phones=(phone_of(number),), home_store=_store(size, number))
            for number in range(first, last)
        ]
        async with database.units.open(merchant_id) as unit:
            await _record(unit, "customers", items)
    return merchant_id


def _staff(size: Size) -> Iterator[StaffIn]:
    for number in range(1, size.staff + 1):
        yield StaffIn(external_id=f"E{number}", name=name_of(number), stores=(_store(size, number),))


def _products(size: Size) -> Iterator[ProductIn]:
    for number in range(1, size.products + 1):
        kind = ProductKind.SERVICE if number % 2 else ProductKind.GOODS
        yield ProductIn(code=f"P{number}", name=f"项目{number}", kind=kind, price_cents=10_000)


def _store(size: Size, number: int) -> str:
    return f"S{number % size.stores + 1}"


async def _record(unit: Unit, kind: str, items: list[CustomerIn]) -> None:
    _taken(await record_books(unit, kind, items))


def _taken(verdicts: list[ItemVerdict]) -> None:
    refused = next((one for one in verdicts if one.status is Taken.REJECTED), None)
    if refused is not None:
        raise NotTheWork(f"refused: {refused.field} {refused.code}")


SALES_MAPPING: Final = """
kind = "sales"
[columns]
external_id = "单号"
store = "门店"
at = "时间"
customer = "客户"
product = "项目"
quantity = "数量"
cash = "现金"
card = "卡扣"
staff = "员工"
"""
_SALES_HEAD: Final = ("单号", "门店", "时间", "客户", "项目", "数量", "现金", "卡扣", "员工")


def write_sales(path: Path, lines: int, size: Size) -> int:
    """Write receipts of a year in order of time, four lines on three of them as in a real salon's books; returns how many."""
    receipt = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(_SALES_HEAD)
        for line in range(lines):
            receipt += line % 4 != 3  # noqa: PLR2004  # every fourth line is one more of the receipt before
            out.writerow(_sale(line, receipt, lines, size))
    return receipt


def _sale(line: int, receipt: int, lines: int, size: Size) -> tuple[str, ...]:
    customer = receipt * 7_919 % size.customers + 1
    at = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(minutes=(DAYS * receipt // lines) * 1_440 + 600 + receipt % 600)
    by_card = receipt % 3 == 0
    amount = f"{50 + line % 400}.{line % 10}0"
    return (
        f"R{receipt}",
        _store(size, customer),
        at.strftime("%Y-%m-%d %H:%M"),
        f"C{customer}",
        f"P{line * 13 % size.products + 1}",
        "1",
        "0" if by_card else amount,
        amount if by_card else "0",
        f"E{receipt % size.staff + 1}",
    )


CUSTOMERS_MAPPING: Final = """
kind = "customers"
[columns]
external_id = "编号"
name = "姓名"
phones = "手机"
gender = "性别"
birthday_on = "生日"
level = "等级"
source = "来源"
home_store = "门店"
consultant = "顾问"
customer_since_on = "建档"
notes = "备注"
[values.gender]
"女" = "female"
"男" = "male"
"""
_CUSTOMERS_HEAD: Final = ("编号", "姓名", "手机", "性别", "生日", "等级", "来源", "门店", "顾问", "建档", "备注")
_LEVELS: Final = ("普通", "银卡", "金卡")
_SOURCES: Final = ("美团", "朋友介绍", "路过", "抖音")


def write_customers(path: Path, count: int, size: Size) -> None:
    """Write customers with a phone, a birthday, a consultant, and every fifth with a note."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(_CUSTOMERS_HEAD)
        for number in range(1, count + 1):
            out.writerow(_customer(number, size))


def _customer(number: int, size: Size) -> tuple[str, ...]:
    return (
        f"C{number}",
        name_of(number),
        phone_of(number),
        "男" if number % 8 == 0 else "女",
        (date(1970, 1, 1) + timedelta(days=number * 37 % 12_000)).isoformat(),
        _LEVELS[number % len(_LEVELS)],
        _SOURCES[number % len(_SOURCES)],
        _store(size, number),
        f"E{number % size.staff + 1}",
        (FIRST_DAY + timedelta(days=number % DAYS)).isoformat(),
        "对氨水过敏，喜欢靠窗的位置" if number % 5 == 0 else "",
    )
