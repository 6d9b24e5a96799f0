"""Customers in, a batch at a time: no statement per row."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.people import customer_rows as rows
from tasks.people.attributes import write_values
from tasks.people.drafts import Batch, Draft, read_batch
from tasks.people.inputs import CustomerIn
from tasks.people.names import name_tokens
from tasks.people.phones import tail
from tasks.people.states import CareRole, ContactKind, TagHand
from tasks.people.tagging import give_by_name, tag_name


async def upsert_customers(
    unit: Unit, items: Sequence[CustomerIn], *, source: str = "import", hand: TagHand = TagHand.INTEGRATOR
) -> list[ItemVerdict]:
    """Store customers by external id; one verdict per item, in order.

    None leaves what is stored; phones are added. A refused item names its field and costs the others nothing. Two batches with the same new customer
    are both taken: one inserts, the other updates. New customers may be contacted by a person (consent from `source`), not by automatic marketing.
    Tags are given by `hand`.
    """
    batch = await read_batch(unit, items)
    fresh, met = await _store_rows(unit, batch)
    changed = {draft.id for draft in fresh} | await _update(unit, batch, met)
    await rows.consent_to_person(unit, [draft.id for draft in fresh], source)
    await _write_tokens(unit, fresh, met)
    changed |= await rows.add_contact_points(unit, list(_points(unit, (*fresh, *met))))
    changed |= await _write_care(unit, batch)
    changed |= await write_values(unit, [(one.id, one.attributes) for one in (*fresh, *met) if one.attributes])
    changed |= await _give_tags(unit, [(one.id, one.item.tags) for one in (*fresh, *met) if one.item.tags], hand)
    for draft in (*fresh, *met):
        taken = Taken.ACCEPTED if draft.id in changed else Taken.DUPLICATE
        batch.verdicts.extend(ItemVerdict(place, taken, id=draft.id) for place in draft.places)
    return sorted(batch.verdicts, key=lambda verdict: verdict.index)


async def _store_rows(unit: Unit, batch: Batch) -> tuple[list[Draft], list[Draft]]:
    """Insert the new ones; return them and those that are stored already."""
    drafts = sorted(batch.drafts.values(), key=lambda draft: draft.index)
    known = await rows.known_indexes(unit, [draft.index for draft in drafts])
    new = [draft for draft in drafts if draft.index not in known]
    for draft in new:
        draft.id = new_id()
        draft.settle()
    inserted = await rows.insert_customers(unit, new)
    fresh = [draft for draft in new if draft.id in inserted]
    met = [draft for draft in drafts if draft.index in known or draft.id not in inserted]
    return fresh, met


async def _update(unit: Unit, batch: Batch, met: list[Draft]) -> set[UUID]:
    """Lock and merge the stored ones; return the ids whose row changed. Erased customers leave `met` with a refusal."""
    if not met:
        return set()
    stored = await rows.lock_stored(unit, [draft.index for draft in met])
    changed = []
    for draft in list(met):
        row = stored[draft.index]
        if row["salt"] is None:
            met.remove(draft)
            del batch.drafts[draft.item.external_id]
            batch.verdicts.extend(
                ItemVerdict(place, Taken.REJECTED, code="erased", field="externalId", detail="was erased")
                for place in draft.places
            )
        elif draft.meet(unit, row):
            changed.append(draft)
    await rows.update_customers(unit, sorted(changed, key=lambda draft: draft.id))
    return {draft.id for draft in changed}


async def _write_tokens(unit: Unit, fresh: list[Draft], met: list[Draft]) -> None:
    """Write name tokens of new customers, and anew those of customers whose names the batch says."""
    renamed = [draft for draft in met if draft.item.name or draft.item.nickname or draft.item.remark_name]
    blind: dict[str, UUID] = {}
    pairs: list[tuple[UUID, UUID]] = []
    for draft in (*fresh, *renamed):
        for token in {token for name in draft.seal.names for token in name_tokens(name)}:
            if token not in blind:
                blind[token] = unit.vault.blind("name", token)
            pairs.append((draft.id, blind[token]))
    await rows.replace_tokens(unit, pairs, [draft.id for draft in renamed])


def _points(unit: Unit, drafts: Iterable[Draft]) -> Iterable[tuple[Any, ...]]:
    blind, seal = unit.vault.blind, unit.vault.seal
    for draft in drafts:
        for phone in draft.phones:
            sealed = seal(draft.salt, draft.id, phone.encode())
            yield new_id(), draft.id, ContactKind.PHONE, blind("phone", phone), blind("tail", tail(phone)), sealed
        if draft.item.wechat:
            sealed = seal(draft.salt, draft.id, draft.item.wechat.encode())
            yield new_id(), draft.id, ContactKind.WECHAT, blind("wechat", draft.item.wechat), None, sealed


async def _give_tags(unit: Unit, named: Sequence[tuple[UUID, tuple[str, ...]]], hand: TagHand) -> set[UUID]:
    """Give tags by name; returns the customers who lacked one of theirs."""
    if not named:
        return set()
    held = await rows.tags_of(unit, [customer_id for customer_id, _ in named])
    await give_by_name(unit, named, hand)
    return {
        customer_id
        for customer_id, names in named
        if any((customer_id, tag_name(name)) not in held for name in names if name.strip())
    }


async def _write_care(unit: Unit, batch: Batch) -> set[UUID]:
    changed: set[UUID] = set()
    for role in CareRole:
        pairs = [
            (draft.id, batch.staff[code])
            for draft in batch.drafts.values()
            if (code := draft.item.consultant if role is CareRole.CONSULTANT else draft.item.technician) is not None
        ]
        changed |= await rows.hand_over(unit, role, pairs, batch.today)
    return changed
