"""Cards and their ledger in, a batch at a time."""

from collections.abc import Sequence
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.kernel.zones import local_day
from tasks.ledger import card_rows, journal
from tasks.ledger.card_drafts import CardBatch, CardDraft, read_cards
from tasks.ledger.facts import count_cards, count_customers, lock_facts
from tasks.ledger.happened import Happened, Recorded
from tasks.ledger.inputs import CardIn
from tasks.ledger.rules import entry_event
from tasks.people.lookups import customer_ids, merchant_zone


async def record_cards(unit: Unit, items: Sequence[CardIn], *, historic: bool = False) -> Recorded:
    """Store cards by external id and append their entries, once per entry id; one verdict per item, in order, and the events that are new.

    An entry id that is stored is never changed. Header fields that are not said stay. Facts of cards and their customers are counted anew.
    """
    await _lock(unit, items)
    batch = await read_cards(unit, items)
    drafts = batch.drafts
    changed = await _headers(unit, drafts)
    changed |= await _belongings(unit, drafts)
    inserted = await _entries(unit, drafts)
    happened = await _journal(unit, batch, inserted, historic=historic)
    touched = [
        draft for draft in drafts if draft.id in changed or any(entry.row.id in inserted for entry in draft.entries)
    ]
    await count_cards(unit, {draft.id for draft in touched})
    owners = {draft.row.customer_id for draft in touched} | {
        draft.stored.customer_id for draft in touched if draft.stored
    }
    await count_customers(unit, owners)
    verdicts = [*batch.verdicts, *_verdicts(drafts, changed, inserted)]
    return Recorded(sorted(verdicts, key=lambda verdict: verdict.index), happened)


async def _lock(unit: Unit, items: Sequence[CardIn]) -> None:
    """Lock the facts of everybody who owns a card of the batch, or shall, before anything is read.

    A card can become another's while its owner's facts are waited for, and no more when they are held.
    """
    named = await customer_ids(unit, {item.customer for item in items if item.customer is not None})
    cards, held = {item.external_id for item in items}, set[UUID]()
    wanted = set(named.values())
    while True:
        stored = await card_rows.stored_cards(unit, cards)
        wanted |= {row.customer_id for _, row in stored.values()}
        if wanted <= held:
            return
        await lock_facts(unit, wanted - held)
        held |= wanted


async def _headers(unit: Unit, drafts: Sequence[CardDraft]) -> set[UUID]:
    """Insert new cards and update stored ones; returns the ids that are new or changed."""
    new = [draft for draft in drafts if draft.stored is None]
    inserted = await card_rows.insert_cards(unit, [(draft.id, draft.row) for draft in new])
    lost = {draft.row.external_id: draft for draft in new if draft.id not in inserted}
    for external_id, (card_id, row) in (await card_rows.stored_cards(unit, lost.keys())).items() if lost else ():
        _rename(lost[external_id], card_id)
        lost[external_id].stored = row
    # A card that somebody else stored in this instant may be another customer's: her facts are counted too.
    await lock_facts(unit, (draft.stored.customer_id for draft in lost.values() if draft.stored))
    edited = [draft for draft in drafts if draft.stored is not None and draft.stored != draft.row]
    await card_rows.update_cards(unit, sorted((draft.id, draft.row) for draft in edited))
    return inserted | {draft.id for draft in edited}


def _rename(draft: CardDraft, card_id: UUID) -> None:
    draft.id = card_id
    for at, entry in enumerate(draft.entries):
        draft.entries[at] = type(entry)(entry.place, entry.row._replace(card_id=card_id), entry.said)


async def _belongings(unit: Unit, drafts: Sequence[CardDraft]) -> set[UUID]:
    """Store what the cards are for and who may use them: the owner always may."""
    items = [(draft.id, item) for draft in drafts for item in draft.items or ()]
    changed = await card_rows.replace_items(unit, items)
    named = [draft for draft in drafts if draft.holders is not None or draft.stored != draft.row]
    current = await card_rows.holders(unit, [draft.id for draft in named])
    today = local_day(unit.now, await merchant_zone(unit))
    holders = [
        (draft.id, holder, draft.row.opened_on if draft.stored is None else today)
        for draft in named
        for holder in sorted(_holders(draft, current.get(draft.id, set())))
    ]
    return changed | await card_rows.set_holders(unit, holders, today)


def _holders(draft: CardDraft, current: set[UUID]) -> set[UUID]:
    """Return who may use the card: the owner and those named, else those who may now; a former owner may no longer."""
    former = {draft.stored.customer_id} if draft.stored else set()
    others = draft.holders if draft.holders is not None else current - former
    return {draft.row.customer_id} | others


async def _entries(unit: Unit, drafts: Sequence[CardDraft]) -> set[UUID]:
    rows = {entry.row.external_id: entry.row for draft in drafts for entry in reversed(draft.entries)}
    return await card_rows.insert_entries(unit, [rows[code] for code in sorted(rows)])


async def _journal(unit: Unit, batch: CardBatch, inserted: set[UUID], *, historic: bool) -> list[Happened]:
    entries = []
    for draft in batch.drafts:
        if draft.row.customer_id in batch.anonymous:
            continue
        for entry in draft.entries:
            kind = entry_event(entry.said)
            if kind is not None and entry.row.id in inserted:
                row = entry.row
                entries.append(
                    journal.Entry(kind, row.id, draft.row.customer_id, row.store_id, row.staff_id, row.occurred_at)
                )
    return await journal.write(unit, "card_entry", entries, historic=historic)


def _verdicts(drafts: Sequence[CardDraft], changed: set[UUID], inserted: set[UUID]) -> list[ItemVerdict]:
    """A card's item is new when it changed the card or brought a new entry; a further item of the same card, when it brought one."""
    verdicts = []
    for draft in drafts:
        brought = {entry.place for entry in draft.entries if entry.row.id in inserted}
        for place in draft.places:
            new = place in brought or (draft.id in changed and place == draft.places[0])
            verdicts.append(ItemVerdict(place, Taken.ACCEPTED if new else Taken.DUPLICATE, id=draft.id))
    return verdicts
