"""What forms offer to choose from: the things that trees and plans name, as far as somebody may see them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from tasks.kernel.paging import Page, decode_cursor, encode_cursor
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import open_staff


class ChoiceOf(StrEnum):
    """What one can choose."""

    PRODUCT = "product"
    """Services and goods."""
    CARD_PRODUCT = "card_product"
    """Kinds of cards."""
    STORE = "store"
    """Stores that one leads."""
    STAFF = "staff"
    """Staff of those stores."""
    TAG = "tag"
    """Tags."""
    ATTRIBUTE = "attribute"
    """Declared fields of customers."""
    SEGMENT = "segment"
    """Saved segments that one sees."""
    PLAN = "plan"
    """Plans that have not ended."""
    LEVEL = "level"
    """Membership levels."""
    SOURCE = "source"
    """Where customers come from."""
    CATEGORY = "category"
    """Categories of the catalogue."""
    REGION = "region"
    """Regions of the stores that one leads."""


PAGE: Final = 50
"""Choices of a page."""


class Choice(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One thing to choose: trees name it by `id` where it has one, else by `code`. `kind` is what kind of product, card or attribute it is."""

    name: str
    id: str | None = None
    code: str | None = None
    kind: str | None = None


class ChoiceQuery(msgspec.Struct, frozen=True):
    """What is looked for: `q` is a part of the name or code, whatever the case."""

    kind: ChoiceOf
    q: str = ""
    cursor: str | None = None


_ID = "x.id::text as key, x.id::text as id"
_CODE = "x.code as key, null::text as id"
_HERS = "x.id = any(cast(:stores as uuid[]))"
_FROM: Final[Mapping[ChoiceOf, tuple[str, str]]] = {
    ChoiceOf.PRODUCT: (f"{_ID}, x.code, x.name, x.kind from product x", "x.active"),
    ChoiceOf.CARD_PRODUCT: (f"{_ID}, x.code, x.name, x.kind from card_product x", "x.active"),
    ChoiceOf.STORE: (f"{_ID}, x.code, x.name, null::text as kind from store x", f"x.active and {_HERS}"),
    ChoiceOf.TAG: (f"{_ID}, null::text as code, x.name, null::text as kind from tag x", "true"),
    ChoiceOf.ATTRIBUTE: (f"{_ID}, x.code, x.name, x.kind from attribute x", "x.active and x.about = 'customer'"),
    ChoiceOf.SEGMENT: (
        f"{_ID}, null::text as code, x.name, null::text as kind from segment x",
        """(x.seen_by = 'shared' or (x.seen_by = 'store' and (:everything or x.store_id = any(cast(:stores as uuid[]))))
            or (x.seen_by = 'personal' and x.owner_id = :me))""",
    ),
    ChoiceOf.PLAN: (f"{_ID}, null::text as code, x.name, null::text as kind from plan x", "x.state <> 'ended'"),
    ChoiceOf.LEVEL: (f"{_CODE}, x.code, x.name, null::text as kind from customer_level x", "x.active"),
    ChoiceOf.SOURCE: (f"{_CODE}, x.code, x.name, null::text as kind from customer_source x", "x.active"),
    ChoiceOf.CATEGORY: (f"{_CODE}, x.code, x.name, null::text as kind from category x", "x.active"),
    ChoiceOf.REGION: (
        "distinct x.region as key, null::text as id, x.region as code, x.region as name, null::text as kind from store x",
        f"x.active and x.region <> '' and {_HERS}",
    ),
}
_PAGE = """
with offered as (select {what} where x.merchant_id = :merchant and {seen})
select o.key, o.id, o.code, o.name, o.kind from offered o
where (:q = '' or strpos(lower(o.name), :q) > 0 or strpos(lower(coalesce(o.code, '')), :q) > 0)
  and (cast(:after_name as text) is null or (o.name, o.key) > (cast(:after_name as text), cast(:after_key as text)))
order by o.name, o.key limit :limit
"""
_STAFF = """
select s.id from staff s where s.merchant_id = :merchant and s.status = 'active' and (:everything or exists (
    select from membership m where m.merchant_id = s.merchant_id and m.staff_id = s.id and m.store_id = any(cast(:stores as uuid[]))))
"""


async def offer_choices(unit: Unit, who: StaffScope, query: ChoiceQuery) -> Page[Choice]:
    """Return a page of what somebody may choose, by name. What is switched off is not offered. Raises `CursorGarbled`."""
    after = decode_cursor(query.cursor, tuple[str, str]) if query.cursor is not None else None
    found = await (_staff(unit, who, query, after) if query.kind is ChoiceOf.STAFF else _rows(unit, who, query, after))
    shown = found[:PAGE]
    more = encode_cursor([shown[-1][0]["name"], shown[-1][1]]) if len(found) > PAGE else None
    return Page([Choice(**values) for values, _ in shown], more)


Keyed = tuple[dict[str, Any], str]
"""A choice's fields, and what it is ordered by after its name."""


async def _rows(unit: Unit, who: StaffScope, query: ChoiceQuery, after: tuple[str, str] | None) -> list[Keyed]:
    what, seen = _FROM[query.kind]
    name, key = after or (None, None)
    rows = await unit.rows(
        _PAGE.format(what=what, seen=seen), **_binds(who), q=query.q.strip().lower(), after_name=name, after_key=key, limit=PAGE + 1
    )  # fmt: skip
    return [({part: row[part] for part in ("name", "id", "code", "kind")}, row["key"]) for row in rows]


async def _staff(unit: Unit, who: StaffScope, query: ChoiceQuery, after: tuple[str, str] | None) -> list[Keyed]:
    """Names of staff are sealed: the few hundred there are can only be looked through here."""
    wanted = query.q.strip().casefold()
    ids = [row["id"] for row in await unit.rows(_STAFF, **_binds(who))]
    people = sorted((person.name, str(one)) for one, person in (await open_staff(unit, ids)).items())
    found = [
        (name, one) for name, one in people if wanted in name.casefold() and (after is None or (name, one) > after)
    ]
    return [({"name": name, "id": one}, one) for name, one in found[: PAGE + 1]]


def _binds(who: StaffScope) -> dict[str, Any]:
    return {"everything": who.role is Role.OWNER, "stores": list(who.store_ids), "me": who.staff_id}
