"""What can be typed in at the front desk: services, goods and kinds of cards, by the merchant's codes."""

from collections.abc import Sequence
from typing import Final

import msgspec

from tasks.kernel.paging import decode_cursor, encode_cursor
from tasks.kernel.unit import Unit

__all__ = ["DeskCardKind", "DeskCardKinds", "DeskProduct", "DeskProducts", "list_card_kinds", "list_products"]


class DeskProduct(msgspec.Struct, frozen=True, rename="camel"):
    """A service or goods; the list price in 分."""

    code: str
    name: str
    kind: str
    category: str | None
    price_cents: int | None


class DeskProducts(msgspec.Struct, frozen=True, rename="camel"):
    """One page, in the order of codes."""

    items: Sequence[DeskProduct]
    next_cursor: str | None = None


class DeskCardKind(msgspec.Struct, frozen=True, rename="camel"):
    """A kind of card that can be opened."""

    code: str
    name: str
    kind: str


class DeskCardKinds(msgspec.Struct, frozen=True, rename="camel"):
    """One page, in the order of codes."""

    items: Sequence[DeskCardKind]
    next_cursor: str | None = None


_PRODUCTS: Final = """
select code, name, kind, category, price_cents from product
where merchant_id = :merchant and active and kind <> 'card' and code > :after order by code limit :limit
"""
_CARDS: Final = """
select code, name, kind from card_product where merchant_id = :merchant and active and code > :after order by code limit :limit
"""


async def list_products(unit: Unit, cursor: str | None, limit: int) -> DeskProducts:
    """Return the services and goods that are sold now. Raises `CursorGarbled`."""
    found = await unit.structs(DeskProduct, _PRODUCTS, after=_after(cursor), limit=limit + 1)
    return DeskProducts(found[:limit], _next([one.code for one in found], limit))


async def list_card_kinds(unit: Unit, cursor: str | None, limit: int) -> DeskCardKinds:
    """Return the kinds of cards that are sold now. Raises `CursorGarbled`."""
    found = await unit.structs(DeskCardKind, _CARDS, after=_after(cursor), limit=limit + 1)
    return DeskCardKinds(found[:limit], _next([one.code for one in found], limit))


def _after(cursor: str | None) -> str:
    return decode_cursor(cursor, tuple[str])[0] if cursor else ""


def _next(codes: Sequence[str], limit: int) -> str | None:
    return encode_cursor([codes[limit - 1]]) if len(codes) > limit else None
