"""The versions of a plan: a changed definition is a further row, and no row ever changes (engine.md, "A plan version")."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tasks.kernel.documents import document
from tasks.kernel.errors import NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.plans.definition import Definition
from tasks.plans.repository import PlanChanged, PlanRow, get_plan, insert_version
from tasks.plans.states import PlanState


class FieldChange(msgspec.Struct, frozen=True, rename="camel"):
    """One field that a version says otherwise than the one before: its JSON path, what it was (null: nothing) and what it is."""

    field: str
    was: Any
    now: Any


class VersionRow(msgspec.Struct, frozen=True, rename="camel"):
    """One version, and what it changed; the first one changed nothing. `in_force` is what new firings and passages begin with."""

    version: int
    author_id: UUID | None
    created_at: datetime
    in_force: bool
    definition: dict[str, Any]
    changes: Sequence[FieldChange]


async def add_version(
    unit: Unit, plan: PlanRow, definition: Definition, author: UUID | None, state: PlanState
) -> PlanRow:
    """Put a new version in force and return the plan, in `state`; what has begun keeps its own. Raises `PlanChanged` for the slower of two."""
    version_id = new_id()
    put = await unit.run(
        "update plan set version_id = :version, name = :name, template = :template, state = :state, etag = etag + 1, "
        "planned_until = case when planned_until is null then null else cast(:now as timestamptz) end "
        "where merchant_id = :merchant and id = :plan and etag = :etag",
        plan=plan.id, etag=plan.etag, version=version_id, name=definition.name, template=definition.template, state=state.value,
    )  # fmt: skip
    if put.rowcount != 1:
        raise PlanChanged(field="If-Match")
    # Firings that were written ahead are those of the version before; the next look writes the new ones.
    await unit.run(
        "delete from occurrence where merchant_id = :merchant and plan_id = :plan and state = 'due' and fire_at > :now",
        plan=plan.id,
    )
    await insert_version(unit, plan.id, definition, (version_id, await _last_number(unit, plan.id) + 1, author))
    return await get_plan(unit, plan.id)


async def _last_number(unit: Unit, plan_id: UUID) -> int:
    """The highest number so far; the plan's row is locked, so nobody else counts."""
    found: int = await unit.scalar(
        "select max(number) from plan_version where merchant_id = :merchant and plan_id = :plan", plan=plan_id
    )
    return found


_VERSIONS = """
select v.number as version, v.created_by as author_id, v.created_at, v.id = p.version_id as in_force, v.definition,
    (select b.definition from plan_version b where b.merchant_id = v.merchant_id and b.plan_id = v.plan_id and b.number < v.number
     order by b.number desc limit 1) as before
from plan_version v join plan p on p.merchant_id = v.merchant_id and p.id = v.plan_id
where v.merchant_id = :merchant and v.plan_id = :plan and (cast(:below as int) is null or v.number < cast(:below as int))
order by v.number desc limit :limit
"""


async def versions_of(unit: Unit, plan_id: UUID, below: int | None, limit: int) -> list[VersionRow]:
    """Return the versions of a plan below a number, newest first, at most `limit`, each with what it changed."""
    return [_version(dict(row)) for row in await unit.rows(_VERSIONS, plan=plan_id, below=below, limit=limit)]


def _version(row: dict[str, Any]) -> VersionRow:
    definition, before = document(row["definition"]), document(row.pop("before"))
    changes = list(changes_between(before, definition)) if before is not None else []
    return VersionRow(**{**row, "definition": definition, "changes": changes})


def changes_between(was: Any, now: Any, path: str = "") -> Iterator[FieldChange]:
    """Yield the fields that differ, the deepest path that says it: objects field by field, lists of one length item by item, everything else as a whole."""
    if isinstance(was, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*was, *now]):
            yield from changes_between(was.get(name), now.get(name), f"{path}.{name}" if path else name)
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for number, (old, new) in enumerate(zip(was, now, strict=True)):
            yield from changes_between(old, new, f"{path}[{number}]")
    elif was != now:
        yield FieldChange(path, was, now)


async def version_numbered(unit: Unit, plan_id: UUID, number: int) -> VersionRow:
    """Return one version; raises `NotFound`."""
    found = await versions_of(unit, plan_id, number + 1, 1)
    if not found or found[0].version != number:
        raise NotFound(what="版本/version", field="version")
    return found[0]
