"""Cards on their way in: folded per external id, resolved against what is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import msgspec

from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict
from tasks.kernel.zones import local_day
from tasks.ledger import card_rows
from tasks.ledger.card_rows import CardRow, EntryRow, ItemRow
from tasks.ledger.inputs import CardIn, EntryIn
from tasks.ledger.refs import Refs, look_up
from tasks.ledger.rules import check_card
from tasks.people.batches import Unknown, refused
from tasks.people.lookups import merchant_zone


class NewEntry(msgspec.Struct, frozen=True):
    """An entry to store, and the item it came in."""

    place: int
    row: EntryRow
    said: EntryIn


@dataclass(slots=True)
class CardDraft:
    """One card of the batch: its header as it shall be, and what goes with it."""

    id: UUID
    row: CardRow
    stored: CardRow | None
    places: list[int] = field(default_factory=list)
    items: list[ItemRow] | None = None
    holders: set[UUID] | None = None
    entries: list[NewEntry] = field(default_factory=list)


@dataclass(frozen=True)
class _Context:
    refs: Refs
    stored: dict[str, tuple[UUID, CardRow]]
    kinds: dict[str, UUID]
    sales: dict[str, UUID]
    zone: str
    zones: dict[UUID, str]
    anonymous: frozenset[UUID]


@dataclass(frozen=True)
class CardBatch:
    """The drafts in external-id order, the refusals, and which customers are walk-in records."""

    drafts: list[CardDraft]
    verdicts: list[ItemVerdict]
    anonymous: frozenset[UUID]


async def read_cards(unit: Unit, items: Sequence[CardIn]) -> CardBatch:
    """Check and resolve; items of one card are folded in order: header fields that are said win, entries add up."""
    context = await _context(unit, items)
    drafts: dict[str, CardDraft] = {}
    verdicts = []
    for place, item in enumerate(items):
        try:
            check_card(item)
            _take(context, drafts, place, item)
        except Invalid as fault:
            verdicts.append(refused(place, fault))
    ordered = sorted(drafts.values(), key=lambda draft: draft.row.external_id)
    return CardBatch(ordered, verdicts, context.anonymous)


async def _context(unit: Unit, items: Sequence[CardIn]) -> _Context:
    entries = [entry for item in items for entry in item.entries]
    refs = await look_up(
        unit,
        customers={one for item in items for one in (item.customer, *item.holders)},
        staff={item.sold_by for item in items} | {entry.staff for entry in entries},
        products={one.product for item in items for one in item.items},
    )
    stored = await card_rows.stored_cards(unit, {item.external_id for item in items})
    anonymous = {ref.id for ref in refs.customers.values() if ref.anonymous}
    anonymous |= await card_rows.anonymous(unit, {row.customer_id for _, row in stored.values()})
    return _Context(
        refs,
        stored,
        await card_rows.ids_by(unit, "card_product", "code", {item.product for item in items}),
        await card_rows.ids_by(unit, "sale", "external_id", {entry.sale for entry in entries}),
        await merchant_zone(unit),
        {ref.id: ref.timezone for ref in refs.stores.values()},
        frozenset(anonymous),
    )


def _take(context: _Context, drafts: dict[str, CardDraft], place: int, item: CardIn) -> None:
    earlier = drafts.get(item.external_id)
    known = context.stored.get(item.external_id)
    before = earlier.row if earlier else known[1] if known else None
    row = _header(context, item, before)
    items = _items(context, item)
    holders = {context.refs.customer(f"holders[{n}]", one).id for n, one in enumerate(item.holders)}
    draft = earlier or CardDraft(known[0] if known else new_id(), row, known[1] if known else None)
    entries = [NewEntry(place, _entry(context, draft.id, row, (n, one)), one) for n, one in enumerate(item.entries)]
    draft.row = row
    draft.places.append(place)
    draft.items = items or draft.items
    draft.holders = holders or draft.holders
    draft.entries.extend(entries)
    drafts[item.external_id] = draft


def _header(context: _Context, item: CardIn, before: CardRow | None) -> CardRow:
    """Return the header: what is said, else what is known. Raises `Invalid` when a new card lacks something."""
    product = _card_product(context, item) or (before.card_product_id if before else None)
    customer = context.refs.customer("customer", item.customer).id if item.customer is not None else None
    customer = customer or (before.customer_id if before else None)
    store = context.refs.store("store", item.store).id if item.store is not None else None
    store = store or (before.store_id if before else None)
    if product is None:
        raise Invalid("product", "is needed for a new card")
    if customer is None:
        raise Invalid("customer", "is needed for a new card")
    opened = item.opened_on or (before.opened_on if before else None) or _first_day(context, item, store)
    sold_by = context.refs.person("soldBy", item.sold_by) or (before.sold_by if before else None)
    return CardRow(item.external_id, product, customer, store, sold_by, opened)


def _card_product(context: _Context, item: CardIn) -> UUID | None:
    if item.product is not None and item.product not in context.kinds:
        raise Unknown("product")
    return context.kinds[item.product] if item.product is not None else None


def _first_day(context: _Context, item: CardIn, store: UUID | None) -> date:
    if not item.entries:
        raise Invalid("openedOn", "is needed for a new card without entries")
    return local_day(min(entry.at for entry in item.entries), context.zones[store] if store else context.zone)


def _items(context: _Context, item: CardIn) -> list[ItemRow]:
    rows = []
    for n, one in enumerate(item.items, 1):
        product = context.refs.product(f"items[{n - 1}].product", one.product)
        rows.append(ItemRow(n, product.id if product else None, one.category))
    return rows


def _entry(context: _Context, card_id: UUID, card: CardRow, numbered: tuple[int, EntryIn]) -> EntryRow:
    at, entry = numbered
    where = f"entries[{at}]"
    store = context.refs.store(f"{where}.store", entry.store).id if entry.store is not None else card.store_id
    staff = context.refs.person(f"{where}.staff", entry.staff)
    zone = context.zones[store] if store else context.zone
    return EntryRow(
        new_id(),
        card_id,
        entry.external_id,
        entry.kind,
        entry.principal_cents,
        entry.gift_cents,
        entry.uses,
        entry.item_no,
        entry.expires_on,
        entry.frozen,
        context.sales.get(entry.sale) if entry.sale is not None else None,
        store,
        staff,
        entry.at,
        local_day(entry.at, zone),
    )
