"""Every query over benefits themselves: kept as rows, said by codes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.benefits.days import BenefitDays
from tasks.benefits.shapes import AmountOff, BenefitIn, Budget, Caps, Gain, ItemPrice, MemberPrice
from tasks.benefits.states import BenefitState, BudgetUnit, GainKind, Period, Stacking
from tasks.kernel.documents import document
from tasks.kernel.errors import NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.people.batches import Unknown
from tasks.plans.benefits import PercentOff, Points


class Item(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a benefit is for: a product or a category by its code, with its name; `cents` is a member price."""

    product: str | None = None
    category: str | None = None
    name: str | None = None
    cents: int | None = None


class BenefitRow(msgspec.Struct, frozen=True):
    """A benefit as it is stored; `items` are its products and categories in the owner's order."""

    id: UUID
    state: BenefitState
    etag: int
    said: BenefitIn
    items: tuple[Item, ...]
    written_at: datetime | None
    created_at: datetime
    changed_at: datetime


ITEMS: Final = """
(select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('product', p.code, 'category', i.category, 'name', coalesce(p.name, c.name),
   'cents', i.price_cents)) order by i.nth), cast('[]' as jsonb))
 from benefit_item i left join product p on p.merchant_id = i.merchant_id and p.id = i.product_id
 left join category c on c.merchant_id = i.merchant_id and c.code = i.category
 where i.merchant_id = :merchant and i.benefit_id = b.id)
"""
"""The items of a benefit `b` as one document."""
_COLUMNS: Final = (
    "name", "days", "from_time", "to_time", "from_on", "to_on", "gain", "value", "each", "members_only", "stacking", "min_spend_cents",
    "per_bill_cents", "per_day_cents", "per_day_times", "budget_amount", "budget_unit", "budget_period", "plan_id",
)  # fmt: skip
"""The columns that the owner says."""
_SELECT: Final = f"""
select b.id, b.state, b.etag, {", ".join(f"b.{name}" for name in _COLUMNS)}, b.written_at, b.created_at, b.changed_at,
  array(select l.level from benefit_level l where l.merchant_id = :merchant and l.benefit_id = b.id order by l.level) as levels,
  array(select s.code from benefit_store x join store s on s.merchant_id = x.merchant_id and s.id = x.store_id
        where x.merchant_id = :merchant and x.benefit_id = b.id order by s.code) as stores,
  {ITEMS} as items
from benefit b where b.merchant_id = :merchant {{where}}
"""
_VALUES: Final = ", ".join(f":{name}" if name != "days" else "cast(:days as jsonb)" for name in _COLUMNS)
_INSERT: Final = f"""
insert into benefit (merchant_id, id, {", ".join(_COLUMNS)}, created_at, changed_at)
values (:merchant, :id, {_VALUES}, :now, :now)
"""
_UPDATE: Final = f"""
update benefit set ({", ".join(_COLUMNS)}) = row({_VALUES}), etag = etag + 1, changed_at = :now
where merchant_id = :merchant and id = :id
"""


async def list_benefits(unit: Unit, limit: int, after: UUID | None = None) -> list[BenefitRow]:
    """Return benefits in the order they were made, from the one after `after` on."""
    where = "and (cast(:after as uuid) is null or b.id > cast(:after as uuid)) order by b.id limit :limit"
    return [_row(dict(row)) for row in await unit.rows(_SELECT.format(where=where), after=after, limit=limit)]


async def get_benefit(unit: Unit, benefit_id: UUID, *, lock: bool = False) -> BenefitRow:
    """Return one, locked until the transaction ends when asked so: redemptions and edits take turns. Raises `NotFound`."""
    where = "and b.id = :id" + (" for no key update" if lock else "")
    row = await unit.row(_SELECT.format(where=where), id=benefit_id)
    if row is None:
        raise NotFound(what="优惠/benefit")
    return _row(dict(row))


async def benefits_of_plan(unit: Unit, plan_id: UUID) -> list[BenefitRow]:
    """Return those that a plan tells customers of."""
    return [
        _row(dict(row))
        for row in await unit.rows(_SELECT.format(where="and b.plan_id = :plan order by b.id"), plan=plan_id)
    ]


async def benefits_naming(unit: Unit, festival: str) -> list[UUID]:
    """Return the benefits that have not ended and are given by an own festival's days."""
    rows = await unit.rows(
        "select id from benefit where merchant_id = :merchant and state <> 'ended' and days ->> 'kind' = 'festival' and days ->> 'name' = :name order by id",
        name=festival,
    )
    return [row["id"] for row in rows]


async def count_active(unit: Unit) -> int:
    """Return how many are active."""
    found: int = await unit.scalar("select count(*) from benefit where merchant_id = :merchant and state = 'active'")
    return found


async def active_before(unit: Unit, day_start: datetime) -> Sequence[UUID]:
    """Return the active ones whose days were last written before an instant, or before the festival they are by changed."""
    rows = await unit.rows(
        """select b.id from benefit b where b.merchant_id = :merchant and b.state = 'active' and (b.written_at is null or b.written_at < :start
             or exists (select from festival f where f.merchant_id = :merchant and b.days ->> 'kind' = 'festival'
                        and f.name = b.days ->> 'name' and f.changed_at > b.written_at))
           order by b.id""",
        start=day_start,
    )
    return [row["id"] for row in rows]


async def insert_benefit(unit: Unit, said: BenefitIn) -> UUID:
    """Store a draft; returns its id. Raises `Unknown` on the code of a thing the merchant does not have."""
    benefit_id = new_id()
    await unit.run(_INSERT, id=benefit_id, **_values(said))
    await _write_parts(unit, benefit_id, said)
    return benefit_id


async def update_benefit(unit: Unit, benefit_id: UUID, said: BenefitIn) -> None:
    """Replace a benefit that the caller has locked. Raises `Unknown` as `insert_benefit` does."""
    await unit.run(_UPDATE, id=benefit_id, **_values(said))
    for table in ("benefit_level", "benefit_store", "benefit_item"):
        await unit.run(f"delete from {table} where merchant_id = :merchant and benefit_id = :id", id=benefit_id)
    await _write_parts(unit, benefit_id, said)


async def set_state(unit: Unit, benefit_id: UUID, to: BenefitState) -> None:
    """Move a benefit that the caller has locked."""
    await unit.run(
        "update benefit set state = :to, etag = etag + 1 where merchant_id = :merchant and id = :id",
        id=benefit_id,
        to=to,
    )


async def set_plan(unit: Unit, benefit_id: UUID, plan_id: UUID) -> None:
    """Name the plan of a benefit that the caller has locked."""
    await unit.run(
        "update benefit set plan_id = :plan, etag = etag + 1, changed_at = :now where merchant_id = :merchant and id = :id",
        id=benefit_id,
        plan=plan_id,
    )


def _values(said: BenefitIn) -> dict[str, Any]:
    plain = {
        name: getattr(said, name) for name in ("name", "from_on", "to_on", "members_only", "min_spend_cents", "plan_id")
    }
    budget = said.budget
    return {
        **plain,
        "days": msgspec.json.encode(said.days).decode(),
        "from_time": said.opens,
        "to_time": said.closes,
        "gain": said.kind.value,
        "value": said.value,
        "each": said.each,
        "stacking": said.stacking.value,
        "per_bill_cents": said.caps.per_bill_cents,
        "per_day_cents": said.caps.per_day_cents,
        "per_day_times": said.caps.per_day_times,
        "budget_amount": budget.amount if budget else None,
        "budget_unit": budget.unit.value if budget else None,
        "budget_period": budget.period.value if budget else None,
    }


async def _write_parts(unit: Unit, benefit_id: UUID, said: BenefitIn) -> None:
    await _known(unit, "levels", "select code, code as id from customer_level", said.levels)
    stores = await _known(unit, "stores", "select code, id from store", said.stores)
    categories = await _known(unit, "categories", "select code, code as id from category", said.categories)
    prices = {one.product: one.cents for one in said.gain.prices} if isinstance(said.gain, MemberPrice) else {}
    named = tuple(prices) or said.products
    products = await _known(unit, "products", "select code, id from product", named, prices)
    await unit.run(
        "insert into benefit_level (merchant_id, benefit_id, level) select :merchant, :id, unnest(cast(:levels as text[]))",
        id=benefit_id,
        levels=list(said.levels),
    )
    await unit.run(
        "insert into benefit_store (merchant_id, benefit_id, store_id) select :merchant, :id, unnest(cast(:stores as uuid[]))",
        id=benefit_id,
        stores=list(stores.values()),
    )
    items = [(products[code], None, prices.get(code)) for code in named] + [
        (None, categories[code], None) for code in said.categories
    ]
    await unit.run(
        """insert into benefit_item (merchant_id, benefit_id, nth, product_id, category, price_cents)
           select :merchant, :id, u.nth, u.product, u.category, u.cents
           from unnest(cast(:products as uuid[]), cast(:categories as text[]), cast(:cents as bigint[])) with ordinality u(product, category, cents, nth)""",
        id=benefit_id,
        products=[one for one, _, _ in items],
        categories=[one for _, one, _ in items],
        cents=[one for _, _, one in items],
    )


async def _known(
    unit: Unit, field: str, select: str, codes: Sequence[str], prices: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Return what the codes name; raises `Unknown` on the first that names nothing of the merchant."""
    if not codes:
        return {}
    rows = await unit.rows(
        f"{select} where merchant_id = :merchant and code = any(cast(:codes as text[]))", codes=list(codes)
    )
    found = {row["code"]: row["id"] for row in rows}
    for number, code in enumerate(codes):
        if code not in found:
            raise Unknown(f"gain.prices[{number}].product" if prices else f"{field}[{number}]")
    return found


def _row(row: Mapping[str, Any]) -> BenefitRow:
    items = msgspec.convert(document(row["items"]), tuple[Item, ...])
    state = BenefitState(row["state"])
    return BenefitRow(
        row["id"], state, row["etag"], _said(row, items), items, row["written_at"], row["created_at"], row["changed_at"]
    )


def _said(row: Mapping[str, Any], items: Sequence[Item]) -> BenefitIn:
    gain = _gain(row, items)
    named = () if isinstance(gain, MemberPrice) else items
    plain = {name: row[name] for name in ("name", "from_on", "to_on", "members_only", "min_spend_cents", "plan_id")}
    return BenefitIn(
        **plain,
        days=msgspec.convert(document(row["days"]), BenefitDays),
        gain=gain,
        from_time=row["from_time"].strftime("%H:%M"),
        to_time=row["to_time"].strftime("%H:%M") if row["to_time"] else None,
        levels=tuple(row["levels"]),
        stores=tuple(row["stores"]),
        products=tuple(one.product for one in named if one.product),
        categories=tuple(one.category for one in named if one.category),
        stacking=Stacking(row["stacking"]),
        caps=Caps(**{name: row[name] for name in Caps.__struct_fields__}),
        budget=_budget(row),
    )


def _budget(row: Mapping[str, Any]) -> Budget | None:
    if row["budget_amount"] is None:
        return None
    return Budget(amount=row["budget_amount"], unit=BudgetUnit(row["budget_unit"]), period=Period(row["budget_period"]))


def _gain(row: Mapping[str, Any], items: Sequence[Item]) -> Gain:
    match GainKind(row["gain"]):
        case GainKind.POINTS:
            return Points(multiplier=row["value"])
        case GainKind.PERCENT_OFF:
            return PercentOff(percent=row["value"])
        case GainKind.AMOUNT_OFF:
            return AmountOff(off_cents=row["value"], each=row["each"])
    return MemberPrice(prices=tuple(ItemPrice(product=str(one.product), cents=one.cents or 0) for one in items))
