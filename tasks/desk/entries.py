"""Every query about what was typed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.desk.states import DeskKind
from tasks.kernel.errors import NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was typed in, and the ledger rows it is."""

    id: UUID
    kind: DeskKind
    store_id: UUID
    customer_id: UUID | None
    staff_id: UUID
    occurred_at: datetime
    made: bool = True
    visit_id: UUID | None = None
    sale_id: UUID | None = None
    card_entry_id: UUID | None = None
    appointment_id: UUID | None = None


class Entry(NewEntry, frozen=True, kw_only=True):
    """Something that was typed in, as it is stored."""

    recorded_at: datetime
    voided_at: datetime | None
    voided_by: UUID | None
    timezone: str


_NAMES: Final = NewEntry.__struct_fields__
_INSERT: Final = (
    f"insert into desk_entry (merchant_id, {', '.join(_NAMES)}, recorded_at) "
    f"values (:merchant, {', '.join(f':{name}' for name in _NAMES)}, :now)"
)
_READ: Final = f"""
select {", ".join(f"e.{name}" for name in _NAMES)}, e.recorded_at, e.voided_at, e.voided_by, s.timezone
from desk_entry e join store s on s.merchant_id = :merchant and s.id = e.store_id
where e.merchant_id = :merchant and e.store_id = any(cast(:stores as uuid[]))
"""


async def insert_entry(unit: Unit, entry: NewEntry) -> None:
    """Say who typed something in."""
    await unit.run(_INSERT, **(msgspec.structs.asdict(entry) | {"kind": entry.kind.value}))


async def lock_entry(unit: Unit, scope: StaffScope, entry_id: UUID) -> Entry:
    """Return an entry of the own stores and hold it; raises `NotFound` for any other."""
    row = await unit.row(f"{_READ} and e.id = :entry for update of e", entry=entry_id, stores=list(scope.store_ids))
    if row is None:
        raise NotFound(what="记录/entry")
    return _entry(row)


async def mark_voided(unit: Unit, entry_id: UUID, staff_id: UUID) -> None:
    """The entry counts no longer."""
    await unit.run(
        "update desk_entry set voided_at = :now, voided_by = :staff where merchant_id = :merchant and id = :entry",
        entry=entry_id, staff=staff_id,
    )  # fmt: skip


_INHERIT: Final = """
update desk_entry set made = true where merchant_id = :merchant and id = (
    select e.id from desk_entry e where e.merchant_id = :merchant and e.visit_id = :visit and e.visit_id is not null and e.id <> :entry
      and e.voided_at is null order by e.recorded_at, e.id limit 1 for update)
returning id
"""


async def pass_on_visit(unit: Unit, entry_id: UUID, visit_id: UUID) -> bool:
    """Let another arrival of the same visit speak for it; False when there is none."""
    return await unit.scalar(_INHERIT, entry=entry_id, visit=visit_id) is not None


async def read_entries(
    unit: Unit, scope: StaffScope, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Entry]:
    """Return what was typed in at the own stores, newest first; employees see what they typed in themselves."""
    at, last = before or (None, None)
    rows = await unit.rows(
        f"""{_READ} and (:leads or e.staff_id = :me)
            and (cast(:at as timestamptz) is null or (e.recorded_at, e.id) < (cast(:at as timestamptz), cast(:last as uuid)))
            order by e.recorded_at desc, e.id desc limit :limit""",
        stores=list(scope.store_ids), leads=scope.leads, me=scope.staff_id, at=at, last=last, limit=limit,
    )  # fmt: skip
    return [_entry(row) for row in rows]


def _entry(row: Any) -> Entry:
    return Entry(**{**row, "kind": DeskKind(row["kind"])})
