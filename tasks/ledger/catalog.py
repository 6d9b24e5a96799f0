"""What the merchant sells: categories, products and card products."""

from collections.abc import Sequence
from typing import Any, Final

from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict
from tasks.ledger.inputs import CardProductIn, CardProductRow, CategoryIn, CategoryRow, ProductIn, ProductRow
from tasks.ledger.rules import check_cents, check_id, check_words
from tasks.people.coded import Sheet, upsert_coded
from tasks.people.traits import check_code

_MOST_DAYS = 3660
_BY_CODE = "(code, merchant_id) where code <> ''"


async def record_categories(unit: Unit, items: Sequence[CategoryIn]) -> list[ItemVerdict]:
    """Store categories by code; one verdict per item, in order."""
    return await upsert_coded(unit, CATEGORIES, items)


async def record_products(unit: Unit, items: Sequence[ProductIn]) -> list[ItemVerdict]:
    """Store catalogue entries by code; one verdict per item, in order. A changed kind does not recount visits of the past."""
    return await upsert_coded(unit, PRODUCTS, items)


async def record_card_products(unit: Unit, items: Sequence[CardProductIn]) -> list[ItemVerdict]:
    """Store kinds of cards by code; one verdict per item, in order."""
    return await upsert_coded(unit, CARD_PRODUCTS, items)


def _category(item: CategoryIn) -> tuple[Any, ...]:
    check_code(item.code)
    _check(item.code, item.name)
    _check_days("usualGapDays", item.usual_gap_days)
    return item.code, item.name, item.usual_gap_days, item.active


def _product(item: ProductIn) -> tuple[Any, ...]:
    _check(item.code, item.name, item.category, item.upkeep)
    check_cents("priceCents", item.price_cents or 0)
    _check_days("cycleDays", item.cycle_days)
    price, days = item.price_cents, item.cycle_days
    return item.code, item.name, item.kind, item.category, price, days, item.upkeep, item.active


def _card_product(item: CardProductIn) -> tuple[Any, ...]:
    _check(item.code, item.name)
    return item.code, item.name, item.kind, item.promo, item.active


def _check(code: str, name: str, category: str | None = None, upkeep: str | None = None) -> None:
    check_id("code", code)
    for field, value in (("name", name), ("category", category), ("upkeep", upkeep)):
        check_words(field, value or "")


def _check_days(field: str, days: int | None) -> None:
    if days is not None and not 1 <= days <= _MOST_DAYS:
        raise Invalid(field, f"is not between 1 and {_MOST_DAYS}")


CATEGORIES: Final[Sheet[CategoryIn, CategoryRow]] = Sheet(
    table="category",
    what="分类/category",
    fields=(("code", "text"), ("name", "text"), ("usual_gap_days", "int"), ("active", "bool")),
    values=_category,
    row=CategoryRow,
)
PRODUCTS: Final[Sheet[ProductIn, ProductRow]] = Sheet(
    table="product",
    what="项目或商品/product",
    fields=(
        ("code", "text"),
        ("name", "text"),
        ("kind", "text"),
        ("category", "text"),
        ("price_cents", "bigint"),
        ("cycle_days", "int"),
        ("upkeep", "text"),
        ("active", "bool"),
    ),
    values=_product,
    row=ProductRow,
    conflict=_BY_CODE,
    has_id=True,
)
CARD_PRODUCTS: Final[Sheet[CardProductIn, CardProductRow]] = Sheet(
    table="card_product",
    what="卡种/card product",
    fields=(("code", "text"), ("name", "text"), ("kind", "text"), ("promo", "bool"), ("active", "bool")),
    values=_card_product,
    row=CardProductRow,
    conflict=_BY_CODE,
    has_id=True,
)
