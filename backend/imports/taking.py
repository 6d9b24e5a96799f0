"""One chunk into the flow, in one unit of work, and the flow's verdicts back as rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from backend.imports.dealing import Chunk, Draft
from backend.imports.kinds import ImportKind
from backend.imports.mapping import Mapping
from backend.imports.naming import code_of
from backend.imports.reasons import REASONS, Refusal
from backend.imports.repository import with_stored
from tasks.flow.record_books import record_books
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.kernel.zones import local_day
from tasks.people.lookups import staff_ids
from tasks.people.service import upsert_staff

FIELD_OF = {
    "externalId": "external_id",
    "startsAt": "starts_at",
    "bookedAt": "booked_at",
    "cancelledAt": "cancelled_at",
    "depositCents": "deposit",
    "priceCents": "price",
    "birthdayOn": "birthday_on",
    "customerSinceOn": "customer_since_on",
    "homeStore": "home_store",
    "soldBy": "sold_by",
    "openedOn": "opened_on",
    "usualGapDays": "usual_gap_days",
    "eventType": "event_type",
}
"""The flow's JSON names → the mapping's fields, where they differ by more than case."""


@dataclass
class Tally:
    """What became of rows so far."""

    read: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    created: Counter[str] = field(default_factory=Counter)
    firsts: dict[str, datetime] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Take in what became of a chunk that has committed."""
        self.read += other.read
        self.taken.update(other.taken)
        self.skipped.update(other.skipped)
        self.created.update(other.created)
        for zone, at in other.firsts.items():
            self.see(at, zone)

    def see(self, at: datetime | None, zone: str) -> None:
        """Remember the earliest instant of a zone."""
        if at is not None and (zone not in self.firsts or at < self.firsts[zone]):
            self.firsts[zone] = at

    @property
    def first_day(self) -> date | None:
        """The earliest store-local day seen, None when rows have none."""
        return min((local_day(at, zone) for zone, at in self.firsts.items()), default=None)


@dataclass(frozen=True)
class Taker:
    """Hands items of one kind to the flow."""

    kind: ImportKind
    mapping: Mapping
    master: MasterKey

    async def take(self, unit: Unit, chunk: Chunk) -> tuple[Tally, list[Refusal]]:
        """Record a chunk; returns what became of its rows, and the refused ones with reasons."""
        items = [draft.item for draft in chunk.drafts]
        verdicts = await self._record(unit, items) if items else []
        tally = Tally(read=chunk.rows, skipped=Counter(chunk.skipped))
        refusals = list(chunk.refusals)
        for verdict, draft in zip(verdicts, chunk.drafts, strict=True):
            if verdict.status is Taken.REJECTED:
                refusals += self._refusals(verdict, draft)
                continue
            tally.taken[verdict.status] += len(draft.rows)
            tally.see(draft.at, draft.zone)
        tally.taken[Taken.REJECTED] = len(refusals)
        return tally, refusals

    async def create(self, unit: Unit, chunk: Chunk) -> Counter[str]:
        """Create what the chunk names and the mapping says to create, unless it is there; returns the new ones."""
        created: Counter[str] = Counter()
        new = chunk.newcomers
        if new.staff:
            known = await staff_ids(unit, [one.external_id for one in new.staff])
            fresh = [one for one in new.staff if one.external_id not in known]
            created["staff"] = _accepted(await upsert_staff(unit, self.master, fresh)) if fresh else 0
        if new.products:
            created["products"] = _accepted(await record_books(unit, "products", new.products, historic=True))
        if new.customers:
            created["customers"] = _accepted(await record_books(unit, "customers", new.customers))
        return created

    async def _record(self, unit: Unit, items: Sequence[Any]) -> list[ItemVerdict]:
        if self.kind is ImportKind.STAFF:
            return await upsert_staff(unit, self.master, items)
        if self.kind is ImportKind.APPOINTMENTS:
            items = await with_stored(unit, items, self.mapping.keep)
        return await record_books(unit, self.kind.value.replace("-", "_"), items, historic=True)

    def _refusals(self, verdict: ItemVerdict, draft: Draft) -> list[Refusal]:
        code, column = self._reason(verdict)
        detail = verdict.detail or "" if code not in REASONS else ""
        return [Refusal(number, column, code, detail, tuple(cells)) for number, cells in draft.rows]

    def _reason(self, verdict: ItemVerdict) -> tuple[str, str]:
        """Return the reason code and the file's column for the flow's own code and JSON path."""
        leaf = (verdict.field or "").rpartition(".")[2].partition("[")[0]
        name = verdict.field if verdict.field and code_of(verdict.field) else FIELD_OF.get(leaf, leaf)
        column = self.mapping.column(name)
        shown = name if column is None else column.column or " + ".join(column.columns) or column.template or name
        code = verdict.code or "refused"
        special = {
            "consultant": "unknown-staff",
            "technician": "unknown-staff",
            "sold_by": "unknown-staff",
            "service": "unknown-product",
        }
        known = special.get(name, f"unknown-{name}")
        return (known if code == "unknown" and known in REASONS else code), shown


def _accepted(verdicts: Sequence[ItemVerdict]) -> int:
    return sum(verdict.status is Taken.ACCEPTED for verdict in verdicts)
