"""Every look-up that audiences need beside the predicate itself."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tasks.audience.references import Named
from tasks.kernel.documents import document
from tasks.kernel.unit import Unit
from tasks.people.persons import open_staff

_NAMES: Final[Mapping[Named, str]] = {
    Named.STORE: "select id, name from store",
    Named.PRODUCT: "select id, name from product",
    Named.CARD_PRODUCT: "select id, name from card_product",
    Named.TAG: "select id, name from tag",
    Named.ATTRIBUTE: "select id, name from attribute",
    Named.SEGMENT: "select id, name from segment",
    Named.PLAN: "select id, name from plan",
}


async def names_of(unit: Unit, kind: Named, ids: Sequence[UUID]) -> dict[UUID | str, str]:
    """Return what the things that exist are called, by id; another merchant's do not exist."""
    if kind is Named.STAFF:
        return {one: person.name for one, person in (await open_staff(unit, list(ids))).items()}
    rows = await unit.rows(
        f"{_NAMES[kind]} where merchant_id = :merchant and id = any(cast(:ids as uuid[]))", ids=list(ids)
    )
    return {row["id"]: row["name"] for row in rows}


_CODED: Final = """
select 'level:' || code as code, name from customer_level where merchant_id = :merchant
union all select 'source:' || code, name from customer_source where merchant_id = :merchant
union all select 'category:' || code, name from category where merchant_id = :merchant
"""


async def coded_names(unit: Unit) -> dict[UUID | str, str]:
    """Return what the merchant's levels, sources and categories are called, by kind and code."""
    return {row["code"]: row["name"] for row in await unit.rows(_CODED)}


async def segment_trees(unit: Unit, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the trees of saved segments that exist, by id."""
    rows = await unit.rows(
        "select id, tree from segment where merchant_id = :merchant and id = any(cast(:ids as uuid[]))", ids=list(ids)
    )
    return {row["id"]: document(row["tree"]) for row in rows}
