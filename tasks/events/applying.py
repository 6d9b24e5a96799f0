"""Events to ledger rows: each event's row is upserted, and the event is the one that its row is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tasks.events import intents, repository
from tasks.events.envelopes import Draft
from tasks.events.fields import write_fields
from tasks.events.happened import Happened, Recorded
from tasks.events.payloads import CardClosed, CardToppedUp, CardUsed, PointsChanged, Purchase, Refunded
from tasks.events.tables import EventState
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger import card_rows, sale_rows
from tasks.ledger import service as ledger
from tasks.ledger.appointments import End, end_appointments, known_appointments
from tasks.ledger.facts import lock_facts
from tasks.ledger.journal import SOURCE
from tasks.ledger.points import PointsIn, record_points
from tasks.people.batches import refused
from tasks.people.lookups import StoreRef

Key = tuple[str, str]


@dataclass
class Applied:
    """What became of the drafts.

    Attributes:
        verdicts: by event key; `index` is 0, for one event may be several items.
        happened: events that are new.
    """

    verdicts: dict[Key, ItemVerdict] = field(default_factory=dict)
    happened: list[Happened] = field(default_factory=list)
    ledger_ids: dict[Key, UUID] = field(default_factory=dict)

    def refuse(self, draft: Draft, fault: Invalid) -> None:
        """The event is not taken."""
        self.verdicts[draft.key] = refused(0, fault)

    def live(self, drafts: Iterable[Draft]) -> list[Draft]:
        """Return the drafts that nothing was said of yet."""
        return [draft for draft in drafts if draft.key not in self.verdicts]

    def ledger_said(self, kind: str, drafts: Sequence[Draft], recorded: Recorded) -> None:
        """Take over what the ledger answered to the drafts' rows."""
        self.happened += recorded.happened
        for draft, verdict in zip(drafts, recorded.verdicts, strict=True):
            if verdict.status is Taken.REJECTED:
                where = intents.data_field(kind, verdict.field)
                self.verdicts[draft.key] = ItemVerdict(
                    0, Taken.REJECTED, code=verdict.code, field=where, detail=verdict.detail
                )
            elif verdict.id is not None:
                self.ledger_ids[draft.key] = verdict.id


@dataclass(frozen=True)
class Known:
    """The people and places that the batch names."""

    customers: dict[str, UUID]
    stores: dict[str, StoreRef]
    staff: dict[str, UUID]


async def lock_customers(unit: Unit, drafts: Sequence[Draft], known: Known) -> None:
    """Lock the facts of everybody whose rows the events may touch, in one go and in id order. Events of no ledger change nobody's value."""
    sales = [d.payload.sale_id for d in drafts if isinstance(d.payload, Purchase | Refunded)]
    cards = {d.payload.card_id for d in drafts if isinstance(d.payload, CardUsed | CardToppedUp | CardClosed)}
    stored = await sale_rows.owners(unit, sales) if sales else {}
    owners = {one for one in stored.values() if one is not None}
    if cards:
        owners |= {row.customer_id for _, row in (await card_rows.stored_cards(unit, cards)).values()}
    recorded = owners | {known.customers[d.payload.customer] for d in drafts if intents.ledger_kind(d) is not None}
    await lock_facts(unit, owners | {known.customers[d.payload.customer] for d in drafts}, recorded=recorded)


async def apply(unit: Unit, drafts: Sequence[Draft], known: Known) -> Applied:
    """Store the ledger rows of events whose customers are known and locked, and the events; a refused one costs the others nothing."""
    applied = Applied()
    await _sales(unit, [d for d in drafts if intents.ledger_kind(d) == "sale"], applied)
    await _record(unit, "card_entry", drafts, applied, (intents.card_of, ledger.record_cards))
    await _record(unit, "visit", drafts, applied, (intents.visit_of, ledger.record_visits))
    await _appointments(unit, [d for d in drafts if intents.ledger_kind(d) == "appointment"], applied)
    await _name_events(unit, [d for d in applied.live(drafts) if intents.ledger_kind(d) is not None], applied, known)
    await _plain(unit, [d for d in applied.live(drafts) if intents.ledger_kind(d) is None], applied, known)
    await _keep_beside(unit, drafts, applied, known)
    return applied


async def _keep_beside(unit: Unit, drafts: Sequence[Draft], applied: Applied, known: Known) -> None:
    """Store what conditions may ask of the events that were taken, and the points they moved."""
    verdicts = ((applied.verdicts[draft.key], draft) for draft in drafts if draft.fields)
    taken = [(v.id, draft) for v, draft in verdicts if v.status is Taken.ACCEPTED and v.id is not None]
    await write_fields(unit, [(one, draft.fields) for one, draft in taken])
    await record_points(
        unit,
        [
            _points(one, d, d.payload, known)
            for one, d in taken
            if isinstance(d.payload, PointsChanged) and "points" in d.fields
        ],
    )


def _points(event_id: UUID, draft: Draft, payload: PointsChanged, known: Known) -> PointsIn:
    said = (payload.points, payload.balance, payload.expires_on)
    key = f"{draft.external_id} {draft.source}"
    return PointsIn(event_id, known.customers[payload.customer], *said, draft.occurred_at, key)


async def _record(
    unit: Unit,
    kind: str,
    drafts: Sequence[Draft],
    applied: Applied,
    how: tuple[Callable[[Draft], Any], Callable[[Unit, list[Any]], Any]],
) -> None:
    """Turn the drafts of one kind into ledger inputs and record them."""
    intend, record = how
    mine, items = [], []
    for draft in drafts:
        if intents.ledger_kind(draft) == kind:
            try:
                items.append(intend(draft))
                mine.append(draft)
            except Invalid as fault:
                applied.refuse(draft, fault)
    if mine:
        applied.ledger_said(kind, mine, await record(unit, items))
        if kind == "card_entry":
            await _entry_ids(unit, applied.live(mine), applied)


async def _entry_ids(unit: Unit, drafts: Sequence[Draft], applied: Applied) -> None:
    """A card event is its entry, not the card; an entry that is stored is another card's if it says so."""
    codes = {d.key: d.payload.entry_id for d in drafts if isinstance(d.payload, CardUsed | CardToppedUp | CardClosed)}
    ids = await card_rows.ids_by(unit, "card_entry", "external_id", codes.values())
    for key, code in codes.items():
        applied.ledger_ids[key] = ids[code]


async def _sales(unit: Unit, drafts: Sequence[Draft], applied: Applied) -> None:
    """Record receipts; an event without lines leaves a receipt that is known as it is."""
    codes = {d.key: d.payload.sale_id for d in drafts if isinstance(d.payload, Purchase | Refunded)}
    known = set(await card_rows.ids_by(unit, "sale", "external_id", codes.values()))
    known |= {d.payload.sale_id for d in drafts if isinstance(d.payload, Purchase | Refunded) and d.payload.lines}
    mine, items = [], []
    for draft in drafts:
        try:
            intents.check_total(draft)
            item = intents.sale_of(draft, known)
        except Invalid as fault:
            applied.refuse(draft, fault)
            continue
        if item is not None:
            known.add(item.external_id)
            mine.append(draft)
            items.append(item)
    if mine:
        applied.ledger_said("sale", mine, await ledger.record_sales(unit, items))
    ids = await card_rows.ids_by(unit, "sale", "external_id", codes.values())
    for draft in applied.live(drafts):
        if codes[draft.key] in ids:
            applied.ledger_ids[draft.key] = ids[codes[draft.key]]
        else:
            applied.refuse(draft, Invalid("data.saleId", "the receipt was refused"))


async def _appointments(unit: Unit, drafts: Sequence[Draft], applied: Applied) -> None:
    """Book first, then end: in one batch an appointment may be made and cancelled."""
    for booking in (True, False):
        mine = [d for d in applied.live(drafts) if (d.type not in intents.ENDED) is booking]
        if not mine:
            continue
        codes = {d.key: str(getattr(d.payload, "appointment_id", "")) for d in mine}
        known = await known_appointments(unit, sorted(set(codes.values())))
        new = [d for d in mine if codes[d.key] not in known]
        await _record(unit, "appointment", new, applied, (intents.booking_of, ledger.record_appointments))
        met = [d for d in mine if codes[d.key] in known]
        applied.ledger_ids |= {d.key: known[codes[d.key]] for d in met}
        if met and not booking:
            ends = [End(codes[d.key], intents.ENDED[d.type], d.occurred_at) for d in met]
            applied.ledger_said("appointment", met, await end_appointments(unit, ends))


async def _name_events(unit: Unit, drafts: Sequence[Draft], applied: Applied, known: Known) -> None:
    """Make the ledger's event the sender's: the first to name it gives it name and payload, the others are its echoes.

    An event whose row does not say so (a purchase of a receipt that was corrected to nothing) is kept and counts for nothing.
    """
    ids = {d.key: applied.ledger_ids[d.key] for d in drafts}
    stored = await repository.of_ledger(unit, set(ids.values()))
    adopted, echoes, odd = [], [], []
    for draft in drafts:
        found = stored.get((ids[draft.key], draft.type))
        if found is None:
            row = _row(draft, known, (intents.ledger_kind(draft), ids[draft.key]), EventState.WITHDRAWN)
            odd.append((draft, row))
            stored[ids[draft.key], draft.type] = (draft.id, draft.source)
        elif found[1] == SOURCE:
            draft.id = found[0]
            stored[ids[draft.key], draft.type] = (draft.id, draft.source)
            adopted.append(draft)
        else:
            draft.id = found[0]
            echoes.append(draft)
        applied.verdicts[draft.key] = ItemVerdict(0, Taken.ACCEPTED, id=draft.id)
    await repository.adopt(unit, adopted)
    await repository.insert(unit, odd)
    await repository.echo(unit, echoes)


async def _plain(unit: Unit, drafts: Sequence[Draft], applied: Applied, known: Known) -> None:
    """Keep events that are no ledger rows."""
    rows = [(draft, _row(draft, known, (None, None), EventState.ACCEPTED)) for draft in drafts]
    inserted = await repository.insert(unit, rows)
    for draft, row in rows:
        new = draft.id in inserted
        applied.verdicts[draft.key] = ItemVerdict(
            0, Taken.ACCEPTED if new else Taken.DUPLICATE, id=draft.id if new else None
        )
        if new and row.customer_id is not None:
            happened = Happened(draft.id, draft.type, row.customer_id, draft.occurred_at, row.store_id, row.staff_id)
            applied.happened.append(happened)


def _row(draft: Draft, known: Known, row: tuple[str | None, UUID | None], state: EventState) -> repository.Row:
    payload = draft.payload
    store = known.stores[payload.store].id if payload.store is not None else None
    staff = known.staff[payload.staff] if payload.staff is not None else None
    return repository.Row(known.customers[payload.customer], None, store, staff, *row, state)
