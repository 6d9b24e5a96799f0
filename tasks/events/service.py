"""The inbox: CloudEvents 1.0 in, each accepted once."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from tasks.events import repository
from tasks.events.applying import Applied, Key, Known, apply, lock_customers
from tasks.events.envelopes import Draft, read_event
from tasks.events.fields import read_fields
from tasks.events.happened import Recorded
from tasks.events.payloads import payload_type, read_payload
from tasks.events.tables import EventState
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.people.batches import Unknown, refused
from tasks.people.lookups import customer_ids, customer_index, staff_ids, store_refs

MOST_EVENTS = 1000
"""The largest batch (http.md)."""


async def accept(unit: Unit, items: Sequence[object]) -> Recorded:
    """Take a batch of CloudEvents 1.0 (decoded JSON objects); one verdict per item, in order, and the events that are new.

    What was taken before under the same source and id is a duplicate; an event of a ledger row upserts the row and counts once with it, whichever came
    first. An unknown customer's event is kept until she is known. A refused item names its attribute, or its field under `data`.
    """
    if len(items) > MOST_EVENTS:
        raise Invalid("", f"more than {MOST_EVENTS} events")
    drafts, verdicts = _read(unit, items)
    known = await _known(unit, drafts.values())
    applied = Applied()
    for draft in drafts.values():
        _check_names(draft, known, applied)
    for draft, fault in await read_fields(unit, applied.live(drafts.values())):
        applied.refuse(draft, fault)
    mine = [draft for draft in applied.live(drafts.values()) if draft.payload.customer in known.customers]
    await lock_customers(unit, mine, known)
    # Only now: whoever took one of these events before has committed, or waits for us.
    for key, event_id in (await repository.seen(unit, drafts.keys())).items():
        applied.verdicts[key] = ItemVerdict(0, Taken.DUPLICATE, id=event_id)
    await _wait_for_customers(
        unit, applied, [d for d in applied.live(drafts.values()) if d.payload.customer not in known.customers], known
    )
    done = await apply(unit, applied.live(mine), known)
    answers = applied.verdicts | done.verdicts
    for draft in drafts.values():
        verdicts += _spread(draft, answers[draft.key])
    return Recorded(sorted(verdicts, key=lambda verdict: verdict.index), done.happened)


async def attach(unit: Unit, customer_ids_: Sequence[UUID] | None) -> Recorded:
    """Give waiting events to these customers (None: to everybody who is known by now), with their ledger rows; verdicts are in no batch's order."""
    drafts = {
        draft.key: draft
        for draft in [_reopened(unit, row) for row in await repository.take_unmatched(unit, customer_ids_)]
    }
    if not drafts:
        return Recorded([], [])
    known = await _known(unit, drafts.values())
    # They were acknowledged: a field that is declared otherwise by now is left out.
    await read_fields(unit, drafts.values())
    await lock_customers(unit, list(drafts.values()), known)
    applied = await apply(unit, list(drafts.values()), known)
    kept = [draft for draft in drafts.values() if applied.verdicts[draft.key].status is Taken.REJECTED]
    # What was acknowledged stays, even if its ledger row is refused by now.
    rows = [
        (d, repository.Row(known.customers[d.payload.customer], None, None, None, None, None, EventState.WITHDRAWN))
        for d in kept
    ]
    await repository.insert(unit, rows)
    return Recorded(list(applied.verdicts.values()), applied.happened)


def _read(unit: Unit, items: Sequence[object]) -> tuple[dict[Key, Draft], list[ItemVerdict]]:
    """Check the envelopes; the first of several items with one source and id counts."""
    drafts: dict[Key, Draft] = {}
    verdicts = []
    for place, item in enumerate(items):
        try:
            draft = read_event(item, unit.now)
        except Invalid as fault:
            verdicts.append(refused(place, fault))
            continue
        drafts.setdefault(draft.key, draft).places.append(place)
    return drafts, verdicts


def _spread(draft: Draft, answer: ItemVerdict) -> list[ItemVerdict]:
    """Give the answer to the first item, and `duplicate` to its repeats in the batch."""
    first, *repeats = draft.places
    again = answer if answer.status is Taken.REJECTED else ItemVerdict(0, Taken.DUPLICATE, id=answer.id)
    return [msgspec.structs.replace(answer, index=first), *(msgspec.structs.replace(again, index=at) for at in repeats)]


async def _known(unit: Unit, drafts: Iterable[Draft]) -> Known:
    some = list(drafts)
    return Known(
        await customer_ids(unit, {draft.payload.customer for draft in some}),
        await store_refs(unit),
        await staff_ids(unit, {draft.payload.staff for draft in some if draft.payload.staff is not None}),
    )


def _check_names(draft: Draft, known: Known, applied: Applied) -> None:
    """Refuse stores and staff that nobody knows, and an empty customer."""
    payload = draft.payload
    if payload.store is not None and payload.store not in known.stores:
        applied.refuse(draft, Unknown("data.store"))
    elif payload.staff is not None and payload.staff not in known.staff:
        applied.refuse(draft, Unknown("data.staff"))
    elif not payload.customer.strip():
        applied.refuse(draft, Invalid("data.customer", "is empty"))


async def _wait_for_customers(unit: Unit, applied: Applied, drafts: Sequence[Draft], known: Known) -> None:
    """Keep events of customers that are not known yet."""
    rows = []
    for draft in drafts:
        store = known.stores[draft.payload.store].id if draft.payload.store is not None else None
        staff = known.staff[draft.payload.staff] if draft.payload.staff is not None else None
        index = customer_index(unit, draft.payload.customer)
        rows.append((draft, repository.Row(None, index, store, staff, None, None, EventState.UNMATCHED)))
    inserted = await repository.insert(unit, rows)
    for draft in drafts:
        taken = Taken.ACCEPTED if draft.id in inserted else Taken.DUPLICATE
        applied.verdicts[draft.key] = ItemVerdict(0, taken, id=draft.id if draft.id in inserted else None)


def _reopened(unit: Unit, row: Any) -> Draft:
    """Return the draft of a stored event, from its sealed payload; its id stays."""
    data = unit.vault.open(row["salt"], row["id"], row["sealed"])
    payload = read_payload(payload_type(row["type"]), msgspec.json.decode(data))
    return Draft(row["source"], row["external_id"], row["type"], row["occurred_at"], payload, data, [0], row["id"])
