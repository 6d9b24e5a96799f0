"""Appointments in, a batch at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.kernel.zones import local_day
from tasks.ledger import journal
from tasks.ledger.bookings import adopt
from tasks.ledger.happened import Recorded
from tasks.ledger.inputs import AppointmentIn
from tasks.ledger.receipts import NOT_STORED
from tasks.ledger.refs import Refs, look_up
from tasks.ledger.rules import APPOINTMENT_EVENTS, check_appointment
from tasks.ledger.states import AppointmentStatus
from tasks.people.batches import columns, refused


class Booking(NamedTuple):
    """An appointment as its columns, after `id` and `external_id`."""

    customer_id: UUID | None
    store_id: UUID
    staff_id: UUID | None
    product_id: UUID | None
    starts_at: datetime
    starts_on: date
    precision: str
    status: str
    booked_at: datetime | None
    cancelled_at: datetime | None
    deposit_cents: int
    deposit_status: str | None


@dataclass(slots=True)
class _Draft:
    external_id: str
    places: list[int]
    row: Booking
    followed: bool
    id: UUID = NOT_STORED


_NAMES = ("ids", "externals", *Booking._fields)
_ROWS = """unnest(cast(:ids as uuid[]), cast(:externals as text[]), cast(:customer_id as uuid[]), cast(:store_id as uuid[]), cast(:staff_id as uuid[]),
  cast(:product_id as uuid[]), cast(:starts_at as timestamptz[]), cast(:starts_on as date[]), cast(:precision as text[]), cast(:status as text[]),
  cast(:booked_at as timestamptz[]), cast(:cancelled_at as timestamptz[]), cast(:deposit_cents as bigint[]), cast(:deposit_status as text[]))
  as u(id, external_id, {fields})""".format(fields=", ".join(Booking._fields))


async def record_appointments(unit: Unit, items: Sequence[AppointmentIn], *, historic: bool = False) -> Recorded:
    """Store appointments by external id; one verdict per item, in order, and the events that are new.

    Sent again the same it is a duplicate, otherwise the last one counts. It was booked once (at `bookedAt`, else when we first heard of it); cancelled
    and missed are events of their own, and are withdrawn when the appointment stands again.
    """
    drafts, verdicts = await _read(unit, items)
    await adopt(
        unit,
        [(d.external_id, d.row.customer_id, d.row.starts_on, d.row.starts_at) for d in drafts if d.row.customer_id],
    )
    known = await _lock_stored(unit, [draft.external_id for draft in drafts])
    fresh = [draft for draft in drafts if draft.external_id not in known]
    for draft in fresh:
        draft.row = _dated(draft.row, None, unit.now)
    lost = await _insert(unit, fresh)
    if lost:
        fresh = [draft for draft in fresh if draft.external_id not in lost]
        known |= await _lock_stored(unit, sorted(lost))
    changed = []
    for draft in drafts:
        if draft.external_id in known:
            draft.id, stored = known[draft.external_id]
            draft.row = _dated(draft.row, stored, unit.now)
            if stored != draft.row:
                changed.append(draft)
    await _update(unit, changed)
    happened = await journal.write(unit, "appointment", list(_entries(fresh)), historic=historic)
    if changed:
        touched = [draft.id for draft in changed]
        happened += await journal.settle(unit, "appointment", touched, list(_entries(changed)), historic=historic)
    new = {draft.external_id for draft in (*fresh, *changed)}
    for draft in drafts:
        taken = Taken.ACCEPTED if draft.external_id in new else Taken.DUPLICATE
        verdicts.extend(ItemVerdict(place, taken, id=draft.id) for place in draft.places)
    return Recorded(sorted(verdicts, key=lambda verdict: verdict.index), happened)


async def _read(unit: Unit, items: Sequence[AppointmentIn]) -> tuple[list[_Draft], list[ItemVerdict]]:
    """Check and resolve; the last valid item of an external id counts. Drafts come in external-id order."""
    refs = await look_up(
        unit,
        customers={item.customer for item in items},
        staff={item.staff for item in items},
        products={item.service for item in items},
    )
    drafts: dict[str, _Draft] = {}
    verdicts = []
    for place, item in enumerate(items):
        try:
            draft = _draft(refs, place, item)
        except Invalid as fault:
            verdicts.append(refused(place, fault))
            continue
        earlier = drafts.get(item.external_id)
        draft.places = [*(earlier.places if earlier else ()), place]
        drafts[item.external_id] = draft
    return sorted(drafts.values(), key=lambda draft: draft.external_id), verdicts


def _draft(refs: Refs, place: int, item: AppointmentIn) -> _Draft:
    check_appointment(item)
    store = refs.store("store", item.store)
    customer = refs.customer("customer", item.customer) if item.customer is not None else None
    product = refs.product("service", item.service)
    row = Booking(
        customer.id if customer else None,
        store.id,
        refs.person("staff", item.staff),
        product.id if product else None,
        item.starts_at,
        local_day(item.starts_at, store.timezone),
        item.precision,
        item.status,
        item.booked_at,
        item.cancelled_at,
        item.deposit_cents,
        item.deposit_status,
    )
    return _Draft(item.external_id, [place], row, customer is not None and not customer.anonymous)


def _dated(row: Booking, stored: Booking | None, now: datetime) -> Booking:
    """Return the row with the instants that were not said: those known, else now or the appointment itself, whichever was first."""
    heard = min(now, row.starts_at)
    booked_at = row.booked_at or (stored.booked_at if stored else None) or heard
    if row.status != AppointmentStatus.CANCELLED:
        return row._replace(booked_at=booked_at, cancelled_at=None)
    return row._replace(
        booked_at=booked_at, cancelled_at=row.cancelled_at or (stored.cancelled_at if stored else None) or heard
    )


def _entries(drafts: Iterable[_Draft]) -> Iterable[journal.Entry]:
    """Yield what each appointment was: booked, and then perhaps cancelled or missed."""
    for draft in drafts:
        row = draft.row
        if row.customer_id is None or not draft.followed:
            continue
        yield journal.Entry(
            "appointment_booked", draft.id, row.customer_id, row.store_id, row.staff_id, row.booked_at or row.starts_at
        )
        kind = APPOINTMENT_EVENTS[AppointmentStatus(row.status)]
        if kind != "appointment_booked":
            ended = row.cancelled_at or row.starts_at
            yield journal.Entry(kind, draft.id, row.customer_id, row.store_id, row.staff_id, ended)


async def _lock_stored(unit: Unit, external_ids: Sequence[str]) -> dict[str, tuple[UUID, Booking]]:
    rows = await unit.rows(
        f"""select external_id, id, {", ".join(Booking._fields)} from appointment
            where merchant_id = :merchant and external_id = any(cast(:externals as text[])) order by id for update""",
        externals=list(external_ids),
    )
    return {row[0]: (row[1], Booking(*row[2:])) for row in rows}


def _values(drafts: Sequence[_Draft]) -> dict[str, list[Any]]:
    rows = [(draft.id, draft.external_id, *draft.row) for draft in drafts]
    return dict(zip(_NAMES, columns(rows, len(_NAMES)), strict=True))


async def _insert(unit: Unit, drafts: Sequence[_Draft]) -> set[str]:
    """Insert new appointments; returns the external ids that somebody else stored first."""
    if not drafts:
        return set()
    for draft, one in zip(drafts, new_ids(len(drafts)), strict=True):
        draft.id = one
    mine = await unit.run(
        f"""insert into appointment (merchant_id, id, external_id, {", ".join(Booking._fields)}, recorded_at)
            select :merchant, u.*, :now from {_ROWS} on conflict (external_id, merchant_id) do nothing returning external_id""",
        **_values(drafts),
    )
    return {draft.external_id for draft in drafts} - set(mine.scalars())


async def _update(unit: Unit, drafts: Sequence[_Draft]) -> None:
    if drafts:
        sets = ", ".join(f"{name} = u.{name}" for name in Booking._fields)
        await unit.run(
            f"update appointment a set {sets} from {_ROWS} where a.merchant_id = :merchant and a.id = u.id",
            **_values(drafts),
        )


async def known_appointments(unit: Unit, external_ids: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of the appointments that are stored, by external id."""
    return {code: one for code, (one, _) in (await _lock_stored(unit, external_ids)).items()}


class End(NamedTuple):
    """An appointment that was cancelled or missed, and when."""

    external_id: str
    status: AppointmentStatus
    at: datetime


async def end_appointments(unit: Unit, ends: Sequence[End], *, historic: bool = False) -> Recorded:
    """Let stored appointments end; one verdict per end, in order, and the events that are new.

    Only one that stands (booked, confirmed) can: what is cancelled, missed or kept already stays so.
    """
    known = await _lock_stored(unit, [end.external_id for end in ends])
    drafts: dict[str, _Draft] = {}
    for end in ends:
        one, row = known[end.external_id]
        if row.status in {AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED} and end.external_id not in drafts:
            cancelled_at = end.at if end.status is AppointmentStatus.CANCELLED else None
            row = row._replace(status=end.status, cancelled_at=cancelled_at)
            drafts[end.external_id] = _Draft(end.external_id, [], row, followed=True, id=one)
    changed = list(drafts.values())
    await _update(unit, changed)
    happened = await journal.settle(
        unit, "appointment", [d.id for d in changed], list(_entries(changed)), historic=historic
    )
    verdicts = [
        ItemVerdict(at, Taken.ACCEPTED if end.external_id in drafts else Taken.DUPLICATE, id=known[end.external_id][0])
        for at, end in enumerate(ends)
    ]
    return Recorded(verdicts, happened)
