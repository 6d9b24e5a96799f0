"""Receipts in, a batch at a time."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from tasks.kernel.breath import breaths
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger import journal, sale_rows
from tasks.ledger.facts import count_customers, grow, lock_facts
from tasks.ledger.growth import growths
from tasks.ledger.happened import Happened, Recorded
from tasks.ledger.inputs import SaleIn
from tasks.ledger.receipts import Draft, Head, read_receipt, told_by
from tasks.ledger.refs import look_up
from tasks.ledger.visits import Recounted, Told, recount_visits
from tasks.people.batches import refused


async def record_sales(unit: Unit, items: Sequence[SaleIn], *, historic: bool = False) -> Recorded:
    """Store receipts by external id; one verdict per item, in order, and the events that are new.

    Sent again the same it is a duplicate, sent again otherwise the last one counts: lines, visits, events and facts follow. Refused items name their
    field and cost the others nothing.
    """
    drafts, verdicts = await _read(unit, items)
    locked = await _lock(unit, drafts)
    fresh, changed, old, happened = await _store(unit, drafts, locked, historic=historic)
    happened += await _settle(unit, changed, historic=historic)
    visits = await _visits(unit, fresh, changed, old, historic=historic)
    happened += visits.happened
    await grow(unit, growths((draft.head for draft in fresh), visits.came))
    replaced = {draft.head.customer_id for draft in changed} | {head.customer_id for head in old} | visits.losers
    await count_customers(unit, (one for one in replaced if one is not None))
    for draft in drafts:
        taken = Taken.ACCEPTED if draft.new else Taken.DUPLICATE
        for place in draft.places:
            verdicts[place] = ItemVerdict(place, taken, draft.id)
    return Recorded([verdicts[place] for place in range(len(items))], happened)


async def _read(unit: Unit, items: Sequence[SaleIn]) -> tuple[list[Draft], dict[int, ItemVerdict]]:
    """Check and resolve; of several items with one external id the last valid one counts.

    Drafts come in external-id order, refusals by place.
    """
    refs = await look_up(
        unit,
        customers={item.customer for item in items},
        staff={one for item in items for line in item.lines for one in line.staff},
        products={line.product for item in items for line in item.lines},
    )
    drafts: dict[str, Draft] = {}
    verdicts: dict[int, ItemVerdict] = {}
    async for start, some in breaths(items):
        for place, item in enumerate(some, start):
            try:
                draft = read_receipt(refs, place, item)
            except Invalid as fault:
                verdicts[place] = refused(place, fault)
                continue
            earlier = drafts.get(item.external_id)
            if earlier is not None:
                draft.places = [*earlier.places, place]
            drafts[item.external_id] = draft
    return [drafts[external_id] for external_id in sorted(drafts)], verdicts


class _Locked(NamedTuple):
    """External ids of receipts that are stored, and the customers whose facts are locked."""

    stored: list[str]
    customers: set[UUID | None]


async def _lock(unit: Unit, drafts: Sequence[Draft]) -> _Locked:
    """Lock the facts of every customer the drafts name, and of those whose receipts they may take away, before any row of theirs is written."""
    owners = await sale_rows.owners(unit, [draft.external_id for draft in drafts])
    customers = {draft.head.customer_id for draft in drafts}.union(owners.values())
    await lock_facts(unit, (one for one in customers if one is not None))
    return _Locked(list(owners), customers)


async def _hold(unit: Unit, locked: _Locked) -> dict[str, tuple[UUID, Head]]:
    """Lock the stored receipts, and the facts of whoever they have become since their owners were looked up; returns id and head by external id."""
    known = await sale_rows.lock_stored(unit, locked.stored) if locked.stored else {}
    owners = {head.customer_id for _, head in known.values()} - locked.customers
    await lock_facts(unit, (one for one in owners if one is not None))
    return known


async def _store(
    unit: Unit, drafts: list[Draft], locked: _Locked, *, historic: bool
) -> tuple[list[Draft], list[Draft], list[Head], list[Happened]]:
    """Insert the new ones and replace the changed ones; return both, the heads the changed ones had, and the events of the new ones."""
    known = await _hold(unit, locked)
    fresh = [draft for draft in drafts if draft.external_id not in known]
    lost, happened = await sale_rows.insert_heads(unit, fresh, historic=historic)
    if lost:
        # A receipt that somebody else stored in this instant may be another customer's: her facts are counted too.
        known |= await _hold(unit, await _lock(unit, [draft for draft in fresh if draft.external_id in lost]))
        fresh = [draft for draft in fresh if draft.external_id not in lost]
    await sale_rows.insert_lines(unit, fresh)
    for draft in fresh:
        draft.new = True
    if not known:
        return fresh, [], [], happened
    lines = await sale_rows.stored_lines(unit, [sale_id for sale_id, _ in known.values()])
    changed, old = [], []
    for draft in drafts:
        if draft.external_id not in known:
            continue
        draft.id, head = known[draft.external_id]
        if head != draft.head or lines.get(draft.id, []) != draft.lines:
            draft.new = True
            changed.append(draft)
            old.append(head)
    await sale_rows.replace(unit, changed)
    return fresh, changed, old, happened


async def _settle(unit: Unit, changed: list[Draft], *, historic: bool) -> list[Happened]:
    if not changed:
        return []
    entries = [entry for draft in changed if (entry := draft.entry()) is not None]
    return await journal.settle(unit, "sale", [draft.id for draft in changed], entries, historic=historic)


async def _visits(
    unit: Unit, fresh: list[Draft], changed: list[Draft], old: list[Head], *, historic: bool
) -> Recounted:
    """Recount the visits that the new lines make and that the old lines made."""
    told = told_by((*fresh, *changed))
    by_old = {(head.customer_id, head.store_id, head.sold_on) for head in old if head.customer_id is not None}
    keys = by_old.union(told)
    for key in by_old:
        told.pop(key, None)
    return await recount_visits(unit, keys, Told(lines=told), historic=historic)
