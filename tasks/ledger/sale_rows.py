"""Every statement that writes receipts and their lines."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.ledger import journal
from tasks.ledger.bulk import Shape, incoming
from tasks.ledger.happened import Happened
from tasks.ledger.receipts import Draft, Head, Line
from tasks.people.batches import columns, tuples

_HEADS = Shape(
    "sale",
    (
        ("id", "uuid"),
        ("external_id", "text"),
        ("store_id", "uuid"),
        ("customer_id", "uuid"),
        ("sold_at", "timestamptz"),
        ("sold_on", "date"),
        ("cash_cents", "bigint"),
        ("card_cents", "bigint"),
        ("tax_cents", "bigint"),
    ),
)
_EVENTFUL = Shape(
    "eventful_sale", (*_HEADS.fields, ("event_id", "uuid"), ("event_type", "text"), ("event_staff_id", "uuid"))
)
_EVENTS = """select event_id as id, event_type as type, id as ledger_id, customer_id, store_id, event_staff_id as staff_id, sold_at as occurred_at
             from {source} where event_id is not null"""
_LINES = Shape(
    "sale_line",
    (
        ("sale_id", "uuid"),
        ("line_no", "int"),
        ("product_id", "uuid"),
        ("description", "text"),
        ("quantity", "text"),  # the driver takes a microsecond for a numeric
        ("cash_cents", "bigint"),
        ("card_cents", "bigint"),
        ("tax_cents", "bigint"),
        ("staff_id", "uuid"),
        ("requested", "bool"),
    ),
)


async def owners(unit: Unit, external_ids: Sequence[str]) -> dict[str, UUID | None]:
    """Return whose the stored ones of these receipts are now, by external id."""
    rows = await tuples(
        unit,
        # That ids are not empty is said for the index, which a plan for any ids could not be sure of.
        """select external_id, customer_id from sale
           where merchant_id = :merchant and external_id = any(cast(:externals as text[])) and external_id <> ''""",
        externals=external_ids,
    )
    return {external_id: customer_id for external_id, customer_id in rows}  # noqa: C416  # rows are no pairs to mypy


async def lock_stored(unit: Unit, external_ids: Sequence[str]) -> dict[str, tuple[UUID, Head]]:
    """Lock the stored receipts of these external ids, in id order, and return id and head by external id."""
    rows = await tuples(
        unit,
        """select external_id, id, store_id, customer_id, sold_at, sold_on, cash_cents, card_cents, tax_cents from sale
           where merchant_id = :merchant and external_id = any(cast(:externals as text[])) and external_id <> '' order by id for update""",
        externals=list(external_ids),
    )
    return {row[0]: (row[1], Head(*row[2:])) for row in rows}


class Inserted(NamedTuple):
    """Which external ids somebody else stored first, and the events of the receipts that are in."""

    lost: set[str]
    happened: list[Happened]


async def insert_heads(unit: Unit, drafts: Sequence[Draft], *, historic: bool) -> Inserted:
    """Insert receipts with their events and give each its id.

    The drafts must come in external-id order, so that two batches with the same receipts wait for each other in one direction.
    """
    if not drafts:
        return Inserted(set(), [])
    entries: list[journal.Entry] = []
    rows: list[tuple[Any, ...]] = []
    event_ids = new_ids(len(drafts))
    for draft, one in zip(drafts, new_ids(len(drafts)), strict=True):
        draft.id = one
        entry = draft.entry()
        if entry is None:
            rows.append((one, draft.external_id, *draft.head, None, None, None))
        else:
            rows.append((one, draft.external_id, *draft.head, event_ids[len(entries)], entry.type, entry.staff_id))
            entries.append(entry)
    source, values = await incoming(unit, _EVENTFUL, rows)
    result = await unit.run(
        f"""insert into sale (merchant_id, {_HEADS.names}, recorded_at) select :merchant, {_HEADS.names}, :now from {source}
            on conflict (external_id, merchant_id) where external_id <> '' do nothing""",
        **values,
    )
    if result.rowcount == len(drafts):
        await journal.copy(unit, "sale", _EVENTS.format(source=source), values, historic=historic)
        return Inserted(set(), journal.happened("sale", event_ids[: len(entries)], entries, historic=historic))
    found = await unit.run(
        "select id from sale where merchant_id = :merchant and id = any(cast(:ids as uuid[]))",
        ids=[draft.id for draft in drafts],
    )
    mine = set(found.scalars())
    own = [entry for entry in entries if entry.ledger_id in mine]
    lost = {draft.external_id for draft in drafts if draft.id not in mine}
    return Inserted(lost, await journal.write(unit, "sale", own, historic=historic))


async def insert_lines(unit: Unit, drafts: Sequence[Draft]) -> None:
    """Insert the lines, and further staff, of receipts that have none."""
    lines: list[tuple[Any, ...]] = []
    helpers: list[tuple[UUID, int, UUID]] = []
    for draft in drafts:
        sale_id = draft.id
        for at, (product, said, quantity, cash, card, tax, staff, requested, others) in enumerate(draft.lines, 1):
            lines.append((sale_id, at, product, said, str(quantity), cash, card, tax, staff, requested))
            if others:
                helpers += [(sale_id, at, one) for one in others]
    if lines:
        source, values = await incoming(unit, _LINES, lines)
        said = _LINES.names.replace("quantity", "cast(quantity as numeric)")
        await unit.run(
            f"insert into sale_line (merchant_id, {_LINES.names}) select :merchant, {said} from {source}", **values
        )
    if helpers:
        sales, numbers, people = columns(helpers, 3)
        await unit.run(
            """insert into sale_line_helper (merchant_id, sale_id, line_no, staff_id)
               select :merchant, u.* from unnest(cast(:sales as uuid[]), cast(:numbers as int[]), cast(:staff as uuid[])) as u""",
            sales=sales,
            numbers=numbers,
            staff=people,
        )


async def stored_lines(unit: Unit, sale_ids: Collection[UUID]) -> dict[UUID, list[Line]]:
    """Return the lines of receipts, in order, by receipt."""
    rows = await tuples(
        unit,
        """select l.sale_id, l.product_id, l.description, l.quantity, l.cash_cents, l.card_cents, l.tax_cents, l.staff_id, l.requested,
             array(select h.staff_id from sale_line_helper h
                   where h.merchant_id = l.merchant_id and h.sale_id = l.sale_id and h.line_no = l.line_no order by h.staff_id)
           from sale_line l where l.merchant_id = :merchant and l.sale_id = any(cast(:ids as uuid[])) order by l.sale_id, l.line_no""",
        ids=list(sale_ids),
    )
    found: dict[UUID, list[Line]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Line._make((*row[1:9], tuple(row[9]))))
    return found


async def replace(unit: Unit, drafts: Sequence[Draft]) -> None:
    """Give stored receipts new heads and lines."""
    if not drafts:
        return
    source, values = await incoming(unit, _HEADS, [(draft.id, draft.external_id, *draft.head) for draft in drafts])
    await unit.run(
        f"""update sale s set store_id = u.store_id, customer_id = u.customer_id, sold_at = u.sold_at, sold_on = u.sold_on,
              cash_cents = u.cash_cents, card_cents = u.card_cents, tax_cents = u.tax_cents, recorded_at = :now
            from {source} where s.merchant_id = :merchant and s.id = u.id""",
        **values,
    )
    ids = [draft.id for draft in drafts]
    for table in ("sale_line_helper", "sale_line"):
        await unit.run(
            f"delete from {table} where merchant_id = :merchant and sale_id = any(cast(:ids as uuid[]))", ids=ids
        )
    await insert_lines(unit, drafts)
