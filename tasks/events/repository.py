"""Every statement about the inbox."""

import os
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from tasks.events.envelopes import Draft
from tasks.kernel.unit import Unit
from tasks.ledger.journal import SOURCE
from tasks.people.batches import columns, tuples

KEPT_UNMATCHED = timedelta(days=30)
"""An event whose customer has not appeared by then is forgotten."""
SALT_BYTES = 16
_KEYS = "unnest(cast(:sources as text[]), cast(:externals as text[])) as k(source, external_id)"


class Row(NamedTuple):
    """What an event is stored with, beside its draft."""

    customer_id: UUID | None
    customer_index: UUID | None
    store_id: UUID | None
    staff_id: UUID | None
    ledger_kind: str | None
    ledger_id: UUID | None
    state: str


def _sealed(unit: Unit, draft: Draft) -> tuple[bytes, bytes]:
    salt = os.urandom(SALT_BYTES)
    return unit.vault.seal(salt, draft.id, draft.data), salt


async def seen(unit: Unit, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    """Return the events that these (source, id) were taken as before."""
    if not keys:
        return {}
    sources, externals = columns(keys, 2)
    rows = await tuples(
        unit,
        f"""select e.source, e.external_id, e.id from {_KEYS}
            join event e on e.merchant_id = :merchant and e.source = k.source and e.external_id = k.external_id
            union all
            select e.source, e.external_id, e.event_id from {_KEYS}
            join event_echo e on e.merchant_id = :merchant and e.source = k.source and e.external_id = k.external_id""",
        sources=sources,
        externals=externals,
    )
    return {(source, external): one for source, external, one in rows}


async def insert(unit: Unit, events: Sequence[tuple[Draft, Row]]) -> set[UUID]:
    """Insert events in the order of their key; returns the ids that are in: somebody else may have been first with some."""
    if not events:
        return set()
    ordered = sorted(events, key=lambda one: one[0].key)
    values = [(d.id, d.source, d.external_id, d.type, *row, *_sealed(unit, d), d.occurred_at) for d, row in ordered]
    names = ("ids", "sources", "externals", "types", *Row._fields, "sealed", "salts", "ats")
    rows = await tuples(
        unit,
        """insert into event (merchant_id, id, source, external_id, type, customer_id, customer_index, store_id, staff_id, ledger_kind, ledger_id,
                              state, sealed, salt, occurred_at, received_at)
           select :merchant, u.*, :now from unnest(cast(:ids as uuid[]), cast(:sources as text[]), cast(:externals as text[]), cast(:types as text[]),
             cast(:customer_id as uuid[]), cast(:customer_index as uuid[]), cast(:store_id as uuid[]), cast(:staff_id as uuid[]),
             cast(:ledger_kind as text[]), cast(:ledger_id as uuid[]), cast(:state as text[]), cast(:sealed as bytea[]), cast(:salts as bytea[]),
             cast(:ats as timestamptz[])) as u
           on conflict (external_id, source, merchant_id) where external_id is not null do nothing returning id""",
        **dict(zip(names, columns(values, len(names)), strict=True)),
    )
    return {row[0] for row in rows}


async def of_ledger(unit: Unit, ledger_ids: Collection[UUID]) -> dict[tuple[UUID, str], tuple[UUID, str]]:
    """Return event id and source by ledger row and type."""
    rows = await tuples(
        unit,
        "select ledger_id, type, id, source from event where merchant_id = :merchant and ledger_id = any(cast(:ids as uuid[]))",
        ids=list(ledger_ids),
    )
    return {(ledger, kind): (one, source) for ledger, kind, one, source in rows}


async def adopt(unit: Unit, drafts: Sequence[Draft]) -> None:
    """Give events that the ledger wrote (`draft.id`) the name and payload under which their sender knows them."""
    if drafts:
        values = [(d.id, d.source, d.external_id, *_sealed(unit, d)) for d in drafts]
        names = ("ids", "sources", "externals", "sealed", "salts")
        await unit.run(
            f"""update event e set source = u.source, external_id = u.external_id, sealed = u.sealed, salt = u.salt
                from unnest(cast(:ids as uuid[]), cast(:sources as text[]), cast(:externals as text[]), cast(:sealed as bytea[]),
                  cast(:salts as bytea[])) as u(id, source, external_id, sealed, salt)
                where e.merchant_id = :merchant and e.id = u.id and e.source = '{SOURCE}'""",
            **dict(zip(names, columns(values, len(names)), strict=True)),
        )


async def echo(unit: Unit, drafts: Sequence[Draft]) -> None:
    """Remember events that said again what `draft.id` had said."""
    if drafts:
        sources, externals, ids = columns([(d.source, d.external_id, d.id) for d in drafts], 3)
        await unit.run(
            """insert into event_echo (merchant_id, source, external_id, event_id, received_at)
               select :merchant, u.*, :now from unnest(cast(:sources as text[]), cast(:externals as text[]), cast(:ids as uuid[])) as u
               on conflict (merchant_id, source, external_id) do nothing""",
            sources=sources,
            externals=externals,
            ids=ids,
        )


async def take_unmatched(unit: Unit, customer_ids: Sequence[UUID] | None) -> Sequence[Any]:
    """Take the waiting events of these customers (None: of anybody who is known by now) out of the inbox, with the salt still on them."""
    return await unit.rows(
        """with known as materialized (
             select e.id from event e
             join customer c on c.merchant_id = e.merchant_id and c.external_index = e.customer_index
             where e.merchant_id = :merchant and e.state = 'unmatched'
               and (cast(:ids as uuid[]) is null or c.id = any(cast(:ids as uuid[])))
             order by e.id for update of e)
           delete from event e using known where e.merchant_id = :merchant and e.id = known.id
           returning e.id, e.source, e.external_id, e.type, e.sealed, e.salt, e.occurred_at""",
        ids=None if customer_ids is None else list(customer_ids),
    )


async def forget_unmatched(unit: Unit) -> int:
    """Delete events that have waited for their customer for longer than `KEPT_UNMATCHED`; returns how many."""
    result = await unit.run(
        "delete from event where merchant_id = :merchant and state = 'unmatched' and received_at < :until",
        until=unit.now - KEPT_UNMATCHED,
    )
    return result.rowcount
