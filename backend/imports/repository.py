"""Every query of imports that is not a use case of the flow."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.imports.books import Books, Catalogue
from backend.imports.errors import StoreUnclear
from backend.imports.fields import FIELDS
from backend.imports.kinds import ImportKind
from backend.imports.mapping import Mapping
from backend.imports.naming import code_of
from backend.imports.reasons import Refusal
from tasks.kernel.sealing import new_salt
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import AppointmentIn
from tasks.people.attributes import declared
from tasks.people.lookups import merchant_zone, store_refs
from tasks.people.states import AttributeAbout


async def read_books(unit: Unit, mapping: Mapping, kind: ImportKind) -> Books:
    """Return what the reading of a file needs to know; raises `StoreUnclear` when rows cannot be given a store."""
    stores = await store_refs(unit)
    only = next(iter(stores)) if len(stores) == 1 else None
    if only is None and "store" in FIELDS[kind] and kind is not ImportKind.CARDS and not mapping.fills("store"):
        raise StoreUnclear(field="store", count=len(stores))
    entries = await unit.rows("select code, name from product where merchant_id = :merchant order by code")
    catalogue = Catalogue.of((row["code"], row["name"]) for row in entries)
    zones = {code: ref.timezone for code, ref in stores.items()}
    made = Books(mapping, zones, only, await merchant_zone(unit), catalogue)
    if any(code_of(name) for name in (*mapping.columns, *mapping.defaults)):
        known = (await declared(unit, AttributeAbout.CUSTOMER)).values()
        made.attributes = {one.code: one.kind for one in known if one.active}
    return made


async def begin_run(unit: Unit, run_id: UUID, kind: ImportKind, digest: bytes) -> None:
    """Note that a file is being read; an earlier run of the same bytes that never ended has failed."""
    await unit.run(
        """update import_run set state = 'failed', finished_at = :now
           where merchant_id = :merchant and state = 'running' and digest = :digest and kind = :kind""",
        digest=digest,
        kind=kind.value,
    )
    await unit.run(
        """insert into import_run (merchant_id, id, kind, digest, state, counts, started_at)
           values (:merchant, :id, :kind, :digest, 'running', cast('{}' as jsonb), :now)""",
        id=run_id,
        kind=kind.value,
        digest=digest,
    )


async def end_run(unit: Unit, run_id: UUID, state: str, counts: dict[str, int]) -> None:
    """Note how a run ended."""
    await unit.run(
        """update import_run set state = :state, counts = cast(:counts as jsonb), finished_at = :now
           where merchant_id = :merchant and id = :id""",
        id=run_id,
        state=state,
        counts=msgspec.json.encode(counts).decode(),
    )


async def keep_refusals(unit: Unit, run_id: UUID, refusals: Sequence[Refusal]) -> None:
    """Store refused rows, their cells sealed under one salt per call."""
    if not refusals:
        return
    salt = new_salt()
    sealed = [unit.vault.seal(salt, run_id, msgspec.msgpack.encode(one.cells)) for one in refusals]
    await unit.run(
        """insert into import_reject (merchant_id, run_id, row_no, field, reason, sealed, salt)
           select :merchant, :run, one.row_no, one.field, one.reason, one.sealed, :salt
           from unnest(cast(:numbers as int[]), cast(:fields as text[]), cast(:reasons as text[]),
                       cast(:sealed as bytea[]))
             as one (row_no, field, reason, sealed)""",
        run=run_id,
        salt=salt,
        numbers=[one.row_no for one in refusals],
        fields=[one.column.replace("\0", "") for one in refusals],
        reasons=[one.code for one in refusals],
        sealed=sealed,
    )


_STORED = """select external_id, starts_at, precision, status, booked_at, cancelled_at from appointment
             where merchant_id = :merchant and external_id = any(cast(:ids as text[]))"""


async def with_stored(unit: Unit, items: Sequence[AppointmentIn], keep: Sequence[str]) -> list[AppointmentIn]:
    """Return the appointments with the fields in `keep` as they are stored, where an appointment of that id is."""
    if not keep:
        return list(items)
    rows = await unit.rows(_STORED, ids=list({item.external_id for item in items}))
    stored: dict[str, dict[str, Any]] = {row["external_id"]: {name: row[name] for name in keep} for row in rows}
    return [
        msgspec.structs.replace(item, **_typed(stored[item.external_id])) if item.external_id in stored else item
        for item in items
    ]


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    types = {field.name: field.type for field in msgspec.structs.fields(AppointmentIn)}
    return {name: msgspec.convert(value, types[name]) for name, value in values.items()}
