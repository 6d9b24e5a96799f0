"""Visits: one customer, one store, one store-local day with at least one service; from service lines, from records of their own, or both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.kernel.zones import local_day
from tasks.ledger import journal, visit_rows
from tasks.ledger.facts import count_customers, grow, lock_facts
from tasks.ledger.growth import growths
from tasks.ledger.happened import Happened, Recorded
from tasks.ledger.inputs import VisitIn
from tasks.ledger.receipts import Evidence, VisitKey
from tasks.ledger.refs import Refs, look_up
from tasks.ledger.rules import check_instant
from tasks.people.batches import Unknown, refused


class Said(NamedTuple):
    """What a record of a visit itself says; the earliest of a day counts."""

    at: datetime
    staff_id: UUID | None
    product_id: UUID | None


@dataclass(slots=True)
class _Wanted:
    key: VisitKey
    said: Said
    places: list[int] = field(default_factory=list)


async def record_visits(unit: Unit, items: Sequence[VisitIn], *, historic: bool = False) -> Recorded:
    """Store visits that come as records of their own; one verdict per item, in order, and the events that are new.

    A second record of one customer, store and day is a duplicate unless it is earlier or says more. Anonymous customers have no visits.
    """
    refs = await look_up(
        unit,
        customers={item.customer for item in items},
        staff={item.staff for item in items},
        products={item.service for item in items},
    )
    wanted, verdicts = _read(refs, items)
    await lock_facts(unit, (key[0] for key in wanted))
    stored = await visit_rows.stored(unit, wanted.keys())
    said = {key: _earliest(one.said, _said(stored.get(key))) for key, one in wanted.items()}
    news = {key for key, one in said.items() if one != _said(stored.get(key))}
    done = await recount_visits(unit, news, Told(said={key: said[key] for key in news}), historic=historic)
    await grow(unit, growths((), done.came))
    await count_customers(unit, done.losers)
    ids = {key: row["id"] for key, row in (await visit_rows.stored(unit, wanted.keys())).items()}
    for key, one in wanted.items():
        taken = Taken.ACCEPTED if key in news else Taken.DUPLICATE
        verdicts.extend(ItemVerdict(place, taken, id=ids[key]) for place in one.places)
    return Recorded(sorted(verdicts, key=lambda verdict: verdict.index), done.happened)


def _read(refs: Refs, items: Sequence[VisitIn]) -> tuple[dict[VisitKey, _Wanted], list[ItemVerdict]]:
    wanted: dict[VisitKey, _Wanted] = {}
    verdicts = []
    for place, item in enumerate(items):
        try:
            key, said = _visit(refs, item)
        except Invalid as fault:
            verdicts.append(refused(place, fault))
            continue
        one = wanted.setdefault(key, _Wanted(key, said))
        one.said = _earliest(said, one.said)
        one.places.append(place)
    return wanted, verdicts


def _visit(refs: Refs, item: VisitIn) -> tuple[VisitKey, Said]:
    check_instant("at", item.at)
    store = refs.store("store", item.store)
    customer = refs.customer("customer", item.customer)
    if customer.anonymous:
        raise Invalid("customer", "is an anonymous record, which has no visits")
    product = refs.product("service", item.service)
    if product is not None and not product.service:
        raise Unknown("service")
    key = (customer.id, store.id, local_day(item.at, store.timezone))
    return key, Said(item.at, refs.person("staff", item.staff), product.id if product else None)


def _said(row: Any) -> Said | None:
    return Said(row["said_at"], row["said_by"], row["said_product_id"]) if row and row["said_at"] else None


def _earliest(new: Said, known: Said | None) -> Said:
    """Return the earlier of two; of the same instant, what each alone says, and where they disagree the one that is known."""
    if known is None or new.at < known.at:
        return new
    if new.at > known.at:
        return known
    return Said(known.at, known.staff_id or new.staff_id, known.product_id or new.product_id)


@dataclass(frozen=True)
class Told:
    """What the caller knows of visits: what records say, and what the service lines of new receipts say; lines of a key that has no visit yet are all."""

    said: Mapping[VisitKey, Said] = field(default_factory=dict)
    lines: Mapping[VisitKey, Evidence] = field(default_factory=dict)


class Recounted(NamedTuple):
    """What became of visits: the events that are new, the keys of visits that are new, and the customers who lost one."""

    happened: list[Happened]
    came: Collection[VisitKey]
    losers: set[UUID]


async def recount_visits(unit: Unit, keys: Collection[VisitKey], told: Told, *, historic: bool) -> Recounted:
    """Make the visits of these keys what service lines and records say now.

    A visit nothing speaks for any more is deleted and its event withdrawn; if it comes back it has its old id, so that nothing is followed up twice. The
    caller holds the customers' facts locked and brings them up to date.
    """
    if not keys:
        return Recounted([], (), set())
    stored = await visit_rows.stored(unit, keys)
    # A key without a visit has no earlier service line: what is new is all there is, and need not be read back.
    served = {key: lines for key, lines in told.lines.items() if key not in stored}
    served |= await visit_rows.evidence(unit, [key for key in keys if key not in served])
    revived = await visit_rows.withdrawn(unit, {key[0] for key in keys if key not in stored})
    rows: dict[VisitKey, visit_rows.VisitRow] = {}
    ids = iter(new_ids(len(keys)))
    for key in sorted(keys):
        known = stored.get(key)
        own = told.said.get(key) or _said(known)
        lines = served.get(key)
        if own is not None or lines is not None:
            visit_id = known["id"] if known else revived.get(key) or next(ids)
            rows[key] = _row(visit_id, key, lines, own)
    came = {key: row for key, row in rows.items() if key not in stored}
    known_ids = {row["id"] for row in stored.values()} | set(revived.values())
    happened = await visit_rows.insert(unit, list(came.values()), known_ids, historic=historic)
    await visit_rows.update(
        unit, [rows[key] for key, was in stored.items() if key in rows and not _same(rows[key], was)]
    )
    gone = {key: row["id"] for key, row in stored.items() if key not in rows}
    await visit_rows.delete(unit, list(gone.values()))
    if known_ids:
        met = [visit_rows.entry(row) for row in rows.values() if row.id in known_ids]
        happened += await journal.settle(unit, "visit", known_ids, met, historic=historic)
    return Recounted(happened, came, {key[0] for key in gone})


def _row(visit_id: UUID, key: VisitKey, lines: Evidence | None, own: Said | None) -> visit_rows.VisitRow:
    if own is None and lines is not None:
        return tuple.__new__(visit_rows.VisitRow, (visit_id, *key, *lines, None, None, None))
    times = [one.at for one in (lines, own) if one is not None]
    staff = (lines.staff_id if lines else None) or (own.staff_id if own else None)
    product = (lines.product_id if lines else None) or (own.product_id if own else None)
    return visit_rows.VisitRow(visit_id, *key, min(times), staff, product, *(own or (None, None, None)))


def _same(row: visit_rows.VisitRow, stored: Any) -> bool:
    return row == visit_rows.VisitRow(*(stored[name] for name in visit_rows.COLUMNS))
