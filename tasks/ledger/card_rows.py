"""Every statement about cards."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.people.batches import columns, tuples


class CardRow(NamedTuple):
    """A card's header as its columns, after `id`."""

    external_id: str
    card_product_id: UUID
    customer_id: UUID
    store_id: UUID | None
    sold_by: UUID | None
    opened_on: date


class ItemRow(NamedTuple):
    """What a card is for, after `card_id`."""

    item_no: int
    product_id: UUID | None
    category: str | None


class EntryRow(NamedTuple):
    """A card entry as its columns."""

    id: UUID
    card_id: UUID
    external_id: str
    kind: str
    principal_cents: int
    gift_cents: int
    uses: int
    item_no: int | None
    expires_on: date | None
    frozen: bool | None
    sale_id: UUID | None
    store_id: UUID | None
    staff_id: UUID | None
    occurred_at: datetime
    occurred_on: date


_CARD_NAMES = ("ids", *CardRow._fields)
_CARDS = """unnest(cast(:ids as uuid[]), cast(:external_id as text[]), cast(:card_product_id as uuid[]), cast(:customer_id as uuid[]),
  cast(:store_id as uuid[]), cast(:sold_by as uuid[]), cast(:opened_on as date[]))
  as u(id, external_id, card_product_id, customer_id, store_id, sold_by, opened_on)"""
_ENTRIES = """unnest(cast(:id as uuid[]), cast(:card_id as uuid[]), cast(:external_id as text[]), cast(:kind as text[]), cast(:principal_cents as bigint[]),
  cast(:gift_cents as bigint[]), cast(:uses as int[]), cast(:item_no as int[]), cast(:expires_on as date[]), cast(:frozen as bool[]),
  cast(:sale_id as uuid[]), cast(:store_id as uuid[]), cast(:staff_id as uuid[]), cast(:occurred_at as timestamptz[]), cast(:occurred_on as date[]))"""


async def ids_by(unit: Unit, table: str, column: str, values: Iterable[str | None]) -> dict[str, UUID]:
    """Return ids by an outside code."""
    wanted = sorted({value for value in values if value is not None})
    if not wanted:
        return {}
    rows = await tuples(
        unit,
        f"select {column}, id from {table} where merchant_id = :merchant and {column} = any(cast(:wanted as text[]))",
        wanted=wanted,
    )
    return dict(rows)


async def stored_cards(unit: Unit, external_ids: Collection[str]) -> dict[str, tuple[UUID, CardRow]]:
    """Return id and header of the cards that are stored, by external id."""
    rows = await tuples(
        unit,
        f"""select id, {", ".join(CardRow._fields)} from card
            where merchant_id = :merchant and external_id = any(cast(:externals as text[])) and external_id <> ''""",
        externals=sorted(external_ids),
    )
    return {row[1]: (row[0], CardRow(*row[1:])) for row in rows}


async def anonymous(unit: Unit, customer_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the customers that are walk-in records."""
    rows = await tuples(
        unit,
        "select id from customer where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and anonymous",
        ids=list(customer_ids),
    )
    return {row[0] for row in rows}


async def insert_cards(unit: Unit, cards: Sequence[tuple[UUID, CardRow]]) -> set[UUID]:
    """Insert cards, in external-id order, with their facts rows; returns the ids that are in: another batch may have been first with some."""
    if not cards:
        return set()
    values = columns([(one, *row) for one, row in cards], len(_CARD_NAMES))
    rows = await tuples(
        unit,
        f"""insert into card (merchant_id, id, {", ".join(CardRow._fields)}, recorded_at)
            select :merchant, u.*, :now from {_CARDS} on conflict (external_id, merchant_id) where external_id <> '' do nothing returning id""",
        **dict(zip(_CARD_NAMES, values, strict=True)),
    )
    ids = {row[0] for row in rows}
    await unit.run(
        "insert into card_facts (merchant_id, card_id) select :merchant, id from unnest(cast(:ids as uuid[])) as u(id)",
        ids=sorted(ids),
    )
    return ids


async def update_cards(unit: Unit, cards: Sequence[tuple[UUID, CardRow]]) -> None:
    """Give stored cards new headers."""
    if cards:
        values = columns([(one, *row) for one, row in cards], len(_CARD_NAMES))
        sets = ", ".join(f"{name} = u.{name}" for name in CardRow._fields)
        await unit.run(
            f"update card c set {sets} from {_CARDS} where c.merchant_id = :merchant and c.id = u.id",
            **dict(zip(_CARD_NAMES, values, strict=True)),
        )


async def replace_items(unit: Unit, items: Sequence[tuple[UUID, ItemRow]]) -> set[UUID]:
    """Make the items of each card these; returns the cards for which that is new."""
    if not items:
        return set()
    cards = sorted({card for card, _ in items})
    rows = await tuples(
        unit,
        "select card_id, item_no, product_id, category from card_item where merchant_id = :merchant and card_id = any(cast(:ids as uuid[]))",
        ids=cards,
    )
    stored = {(row[0], ItemRow(*row[1:])) for row in rows}
    changed = {card for card, _ in stored ^ set(items)}
    if changed:
        await unit.run(
            "delete from card_item where merchant_id = :merchant and card_id = any(cast(:ids as uuid[]))",
            ids=sorted(changed),
        )
        values = columns([(card, *row) for card, row in items if card in changed], 4)
        await unit.run(
            """insert into card_item (merchant_id, card_id, item_no, product_id, category)
               select :merchant, u.* from unnest(cast(:cards as uuid[]), cast(:numbers as int[]), cast(:products as uuid[]), cast(:words as text[])) as u""",
            **dict(zip(("cards", "numbers", "products", "words"), values, strict=True)),
        )
    return changed


async def holders(unit: Unit, card_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Return who may use each card now."""
    found: dict[UUID, set[UUID]] = {}
    for card, customer in await tuples(
        unit,
        "select card_id, customer_id from card_holder where merchant_id = :merchant and card_id = any(cast(:ids as uuid[])) and to_on is null",
        ids=list(card_ids),
    ):
        found.setdefault(card, set()).add(customer)
    return found


async def set_holders(unit: Unit, holders: Sequence[tuple[UUID, UUID, date]], today: date) -> set[UUID]:
    """Make (card, customer, from) the holders of the cards named; who is not among them any more held it until today. Returns the cards it changed."""
    if not holders:
        return set()
    cards, customers, days = columns(holders, 3)
    values = {"cards": cards, "customers": customers, "days": days, "today": today}
    closed = await unit.run(
        """update card_holder h set to_on = greatest(h.from_on, cast(:today as date))
           where h.merchant_id = :merchant and h.card_id = any(cast(:cards as uuid[])) and h.to_on is null and not exists (
             select from unnest(cast(:cards as uuid[]), cast(:customers as uuid[])) as u(card_id, customer_id)
             where u.card_id = h.card_id and u.customer_id = h.customer_id) returning h.card_id""",
        **values,
    )
    opened = await unit.run(
        """insert into card_holder as h (merchant_id, card_id, customer_id, from_on)
           select distinct cast(:merchant as uuid), u.* from unnest(cast(:cards as uuid[]), cast(:customers as uuid[]), cast(:days as date[])) as u
           on conflict (merchant_id, card_id, customer_id) do update set to_on = null where h.to_on is not null returning h.card_id""",
        **values,
    )
    return set(closed.scalars()) | set(opened.scalars())


async def insert_entries(unit: Unit, entries: Sequence[EntryRow]) -> set[UUID]:
    """Append entries, in external-id order; returns the ids that are in: an external id that was there stays as it was."""
    if not entries:
        return set()
    values = columns(entries, len(EntryRow._fields))
    rows = await tuples(
        unit,
        f"""insert into card_entry (merchant_id, {", ".join(EntryRow._fields)}, recorded_at)
            select :merchant, u.*, :now from {_ENTRIES} as u on conflict (external_id, merchant_id) do nothing returning id""",
        **dict(zip(EntryRow._fields, values, strict=True)),
    )
    return {row[0] for row in rows}
