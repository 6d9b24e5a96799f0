"""The events that ledger rows are: one per row and type, written with the row, taken back when the row no longer says so."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.ledger.bulk import Shape, incoming
from tasks.ledger.happened import Happened
from tasks.people.batches import columns

SOURCE = "huifang:ledger"
"""The CloudEvents source of events that the ledger wrote; nobody else may use it."""


class Entry(NamedTuple):
    """One event a ledger row is."""

    type: str
    ledger_id: UUID
    customer_id: UUID
    store_id: UUID | None
    staff_id: UUID | None
    occurred_at: datetime


_EVENTS = Shape(
    "event",
    (
        ("id", "uuid"),
        ("type", "text"),
        ("ledger_id", "uuid"),
        ("customer_id", "uuid"),
        ("store_id", "uuid"),
        ("staff_id", "uuid"),
        ("occurred_at", "timestamptz"),
    ),
)
EVENT = _EVENTS.names
_UPDATE = """
update event e set state = case when e.state = 'withdrawn' then 'accepted' else e.state end,
                   customer_id = u.customer_id, store_id = u.store_id, staff_id = u.staff_id, occurred_at = u.occurred_at
from unnest(cast(:ids as uuid[]), cast(:customers as uuid[]), cast(:stores as uuid[]), cast(:staff as uuid[]), cast(:ats as timestamptz[]))
     as u(id, customer_id, store_id, staff_id, occurred_at)
where e.merchant_id = :merchant and e.id = u.id
"""


async def write(unit: Unit, kind: str, entries: Sequence[Entry], *, historic: bool) -> list[Happened]:
    """Write the events of ledger rows that are new in this transaction."""
    if not entries:
        return []
    ids = new_ids(len(entries))
    source, values = await incoming(unit, _EVENTS, [(one, *entry) for one, entry in zip(ids, entries, strict=True)])
    await _insert(unit, kind, source, values, historic=historic)
    return happened(kind, ids, entries, historic=historic)


def happened(kind: str, ids: Iterable[UUID], entries: Iterable[Entry], *, historic: bool) -> list[Happened]:
    """Return events that were written, as the rest of the flow takes them."""
    return [
        Happened(one, what, customer_id, at, store_id, staff_id, kind, ledger_id, historic)
        for one, (what, ledger_id, customer_id, store_id, staff_id, at) in zip(ids, entries, strict=True)
    ]


async def copy(unit: Unit, kind: str, rows: str, values: dict[str, Any], *, historic: bool) -> None:
    """Write the events of ledger rows that are new in this transaction; `rows` selects the columns of `EVENT` from where the rows came from."""
    await _insert(unit, kind, f"({rows}) as u", values, historic=historic)


async def _insert(unit: Unit, kind: str, source: str, values: dict[str, Any], *, historic: bool) -> None:
    await unit.run(
        f"""insert into event (merchant_id, {EVENT}, source, ledger_kind, state, historic, received_at)
            select :merchant, {EVENT}, '{SOURCE}', :kind, 'accepted', :historic, :now from {source}""",
        kind=kind,
        historic=historic,
        **values,
    )


async def settle(
    unit: Unit, kind: str, touched: Iterable[UUID], entries: Sequence[Entry], *, historic: bool
) -> list[Happened]:
    """Make the events of the touched ledger rows what the rows say now.

    An event the row no longer is becomes `withdrawn`; one that is again, or is another customer's now, has happened (again); its id stays. The caller
    holds the rows, or their customers' facts, locked.
    """
    stored = {(row["ledger_id"], row["type"]): row for row in await _stored(unit, touched)}
    new: list[Entry] = []
    kept: list[tuple[Entry, Any]] = []
    for entry in entries:
        row = stored.pop((entry.ledger_id, entry.type), None)
        if row is None:
            new.append(entry)
        else:
            kept.append((entry, row))
    changed = [(entry, row) for entry, row in kept if _differs(entry, row)]
    await _update(unit, changed)
    await _withdraw(unit, [row["id"] for row in stored.values() if row["state"] != "withdrawn"])
    again = [
        Happened(
            row["id"], e.type, e.customer_id, e.occurred_at, e.store_id, e.staff_id, kind, e.ledger_id, row["historic"]
        )
        for e, row in changed
        if row["state"] == "withdrawn" or row["customer_id"] != e.customer_id
    ]
    return again + await write(unit, kind, new, historic=historic)


def _differs(entry: Entry, row: Any) -> bool:
    said = (row["customer_id"], row["store_id"], row["staff_id"], row["occurred_at"])
    return said != entry[2:] or row["state"] == "withdrawn"


async def _stored(unit: Unit, ledger_ids: Iterable[UUID]) -> Sequence[Any]:
    return await unit.rows(
        """select id, type, ledger_id, customer_id, store_id, staff_id, occurred_at, state, historic from event
           where merchant_id = :merchant and ledger_id = any(cast(:ids as uuid[])) order by id for no key update""",
        ids=list(ledger_ids),
    )


async def _update(unit: Unit, changed: Sequence[tuple[Entry, Any]]) -> None:
    if changed:
        ids, customers, stores, staff, ats = columns([(row["id"], *entry[2:]) for entry, row in changed], 5)
        await unit.run(_UPDATE, ids=ids, customers=customers, stores=stores, staff=staff, ats=ats)


async def _withdraw(unit: Unit, ids: Sequence[UUID]) -> None:
    if ids:
        await unit.run(
            "update event set state = 'withdrawn' where merchant_id = :merchant and id = any(cast(:ids as uuid[]))",
            ids=list(ids),
        )
