"""Salons to measure on, made through the real services. The same people every time: nothing is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
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
            CustomerIn(
                external_id=f"C{number}",
                name=name_of(number),
                phones=(phone_of(number),),
                home_store=store_of(size, number),
            )
            for number in range(first, last)
        ]
        async with database.units.open(merchant_id) as unit:
            await _record(unit, "customers", items)
    return merchant_id


def _staff(size: Size) -> Iterator[StaffIn]:
    for number in range(1, size.staff + 1):
        yield StaffIn(external_id=f"E{number}", name=name_of(number), stores=(store_of(size, number),))


def _products(size: Size) -> Iterator[ProductIn]:
    for number in range(1, size.products + 1):
        kind = ProductKind.SERVICE if number % 2 else ProductKind.GOODS
        yield ProductIn(code=f"P{number}", name=f"项目{number}", kind=kind, price_cents=10_000)


def store_of(size: Size, number: int) -> str:
    """Return the store of the customer or staff member with a number."""
    return f"S{number % size.stores + 1}"


async def _record(unit: Unit, kind: str, items: list[CustomerIn]) -> None:
    _taken(await record_books(unit, kind, items))


def _taken(verdicts: list[ItemVerdict]) -> None:
    refused = next((one for one in verdicts if one.status is Taken.REJECTED), None)
    if refused is not None:
        raise NotTheWork(f"refused: {refused.field} {refused.code}")
