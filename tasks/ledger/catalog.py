"""What the merchant sells: products and card products."""

from collections.abc import Callable, Sequence
from typing import Any

from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger.inputs import CardProductIn, ProductIn
from tasks.ledger.rules import check_cents, check_id, check_words
from tasks.people.batches import columns, refused, tuples

_PRODUCTS = """
insert into product as p (merchant_id, id, code, name, kind, category, price_cents, cycle_days, upkeep, active)
select :merchant, u.* from unnest(cast(:ids as uuid[]), cast(:c0 as text[]), cast(:c1 as text[]), cast(:c2 as text[]), cast(:c3 as text[]),
  cast(:c4 as bigint[]), cast(:c5 as int[]), cast(:c6 as text[]), cast(:c7 as bool[])) as u
on conflict (code, merchant_id) where code <> '' do update set name = excluded.name, kind = excluded.kind, category = excluded.category,
  price_cents = excluded.price_cents, cycle_days = excluded.cycle_days, upkeep = excluded.upkeep, active = excluded.active
where (p.name, p.kind, p.category, p.price_cents, p.cycle_days, p.upkeep, p.active) is distinct from
  (excluded.name, excluded.kind, excluded.category, excluded.price_cents, excluded.cycle_days, excluded.upkeep, excluded.active)
returning p.code
"""
_CARD_PRODUCTS = """
insert into card_product as p (merchant_id, id, code, name, kind, promo, active)
select :merchant, u.* from unnest(cast(:ids as uuid[]), cast(:c0 as text[]), cast(:c1 as text[]), cast(:c2 as text[]), cast(:c3 as bool[]),
  cast(:c4 as bool[])) as u
on conflict (code, merchant_id) where code <> '' do update set name = excluded.name, kind = excluded.kind, promo = excluded.promo, active = excluded.active
where (p.name, p.kind, p.promo, p.active) is distinct from (excluded.name, excluded.kind, excluded.promo, excluded.active)
returning p.code
"""
_MOST_DAYS = 3660


async def record_products(unit: Unit, items: Sequence[ProductIn]) -> list[ItemVerdict]:
    """Store catalogue entries by code; one verdict per item, in order. A changed kind does not recount visits of the past."""

    def row(item: ProductIn) -> tuple[Any, ...]:
        _check(item.code, item.name, item.category, item.upkeep)
        check_cents("priceCents", item.price_cents or 0)
        if item.cycle_days is not None and not 1 <= item.cycle_days <= _MOST_DAYS:
            raise Invalid("cycleDays", f"is not between 1 and {_MOST_DAYS}")
        return (
            item.code,
            item.name,
            item.kind,
            item.category,
            item.price_cents,
            item.cycle_days,
            item.upkeep,
            item.active,
        )

    return await _upsert(unit, (_PRODUCTS, "product"), items, row)


async def record_card_products(unit: Unit, items: Sequence[CardProductIn]) -> list[ItemVerdict]:
    """Store kinds of cards by code; one verdict per item, in order."""

    def row(item: CardProductIn) -> tuple[Any, ...]:
        _check(item.code, item.name)
        return item.code, item.name, item.kind, item.promo, item.active

    return await _upsert(unit, (_CARD_PRODUCTS, "card_product"), items, row)


def _check(code: str, name: str, category: str | None = None, upkeep: str | None = None) -> None:
    check_id("code", code)
    for field, value in (("name", name), ("category", category), ("upkeep", upkeep)):
        check_words(field, value or "")


async def _upsert(
    unit: Unit, target: tuple[str, str], items: Sequence[Any], row: Callable[[Any], tuple[Any, ...]]
) -> list[ItemVerdict]:
    """Store in code order, the last item of a code counting; ids are read back for the verdicts."""
    statement, table = target
    rows: dict[str, tuple[Any, ...]] = {}
    verdicts = []
    for place, item in enumerate(items):
        try:
            rows[item.code] = row(item)
        except Invalid as fault:
            verdicts.append(refused(place, fault))
    if not rows:
        return verdicts
    values = columns([rows[code] for code in sorted(rows)], 0)
    binds = {f"c{n}": column for n, column in enumerate(values)}
    written = set((await unit.run(statement, ids=[new_id() for _ in rows], **binds)).scalars())
    ids = await tuples(
        unit,
        f"select code, id from {table} where merchant_id = :merchant and code = any(cast(:c0 as text[]))",
        c0=binds["c0"],
    )
    found = dict(ids)
    skipped = {verdict.index for verdict in verdicts}
    for place, item in enumerate(items):
        if place not in skipped:
            taken = Taken.ACCEPTED if item.code in written else Taken.DUPLICATE
            verdicts.append(ItemVerdict(place, taken, id=found[item.code]))
    return sorted(verdicts, key=lambda verdict: verdict.index)
