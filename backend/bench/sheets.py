"""Files of books to import, as a point-of-sale system exports them, and the mappings that read them. The same rows every time: nothing is drawn."""

import csv
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from backend.bench.salons import Size, name_of, phone_of, store_of

FIRST_DAY: Final = date(2025, 1, 1)
DAYS: Final = 365

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
    at = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(
        minutes=(DAYS * receipt // lines) * 1_440 + 600 + receipt % 600
    )
    by_card = receipt % 3 == 0
    amount = f"{50 + line % 400}.{line % 10}0"
    return (
        f"R{receipt}",
        store_of(size, customer),
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
        store_of(size, number),
        f"E{number % size.staff + 1}",
        (FIRST_DAY + timedelta(days=number % DAYS)).isoformat(),
        "对氨水过敏，喜欢靠窗的位置" if number % 5 == 0 else "",
    )
