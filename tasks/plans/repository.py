"""Every query over plans and the versions in force; those over the history of versions are in `versions`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from tasks.kernel.errors import FlowError, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.plans.definition import Behaviour, Definition, decode, encode
from tasks.plans.states import PlanState


class PlanChanged(FlowError):
    """Somebody edited the plan after it was read."""

    code = "plan-changed"
    status = 412
    zh = "计划已被修改，请刷新后重试"
    en = "The plan was changed meanwhile; refresh and try again"


class PlanMoved(FlowError):
    """The plan is not in a state from which this is possible."""

    code = "plan-state"
    status = 409
    zh = "计划当前状态为 {state}，不能执行此操作"
    en = "The plan is {state}; this is not possible now"


class ActivePlan(msgspec.Struct, frozen=True):
    """A plan that fires, with the version in force."""

    plan_id: UUID
    version_id: UUID
    activated_at: datetime
    planned_until: datetime | None
    definition: Definition


class PlanRow(msgspec.Struct, frozen=True, rename="camel"):
    """A plan as a list shows it.

    `author_id` wrote the version in force. `note` is why it was last paused, ended or sent back; beside stand who asked for it and who agreed.
    """

    id: UUID
    name: str
    template: str | None
    state: PlanState
    etag: int
    version: int
    activated_at: datetime | None
    created_at: datetime
    definition: Definition
    author_id: UUID | None = None
    note: str | None = None
    submitted_by: UUID | None = None
    submitted_at: datetime | None = None
    approved_by: UUID | None = None
    approved_at: datetime | None = None


async def insert_plan(unit: Unit, definition: Definition, author: UUID | None) -> UUID:
    """Store a draft plan with its first version; returns the plan's id."""
    plan_id, version_id = new_id(), new_id()
    await unit.run(
        "insert into plan (merchant_id, id, name, template, state, version_id, created_at) values (:merchant, :id, :name, :template, 'draft', :version, :now)",
        id=plan_id, name=definition.name, template=definition.template, version=version_id,
    )  # fmt: skip
    await insert_version(unit, plan_id, definition, (version_id, 1, author))
    return plan_id


async def insert_version(
    unit: Unit, plan_id: UUID, definition: Definition, stamp: tuple[UUID, int, UUID | None]
) -> None:
    """Store a version for ever; `stamp` is its id, its number and who wrote it."""
    version_id, number, author = stamp
    await unit.run(
        "insert into plan_version (merchant_id, id, plan_id, number, purpose, definition, created_by, created_at) "
        "values (:merchant, :id, :plan, :number, :purpose, cast(:definition as jsonb), :author, :now)",
        id=version_id, plan=plan_id, number=number, purpose=definition.purpose, author=author,
        definition=msgspec.json.encode(encode(definition)).decode(),
    )  # fmt: skip


_PLANS = """
select p.id, p.name, p.template, p.state, p.etag, v.number as version, p.activated_at, p.created_at, v.definition, v.created_by as author_id,
    p.note, p.submitted_by, p.submitted_at, p.approved_by, p.approved_at
from plan p join plan_version v on v.merchant_id = p.merchant_id and v.id = p.version_id
where p.merchant_id = :merchant {where} order by p.created_at, p.id {limit}
"""


async def list_plans(unit: Unit) -> list[PlanRow]:
    """Return every plan, oldest first."""
    return [_plan_row(dict(row)) for row in await unit.rows(_PLANS.format(where="", limit=""))]


async def page_of_plans(
    unit: Unit, after: tuple[datetime, UUID] | None, limit: int, state: PlanState | None = None
) -> list[PlanRow]:
    """Return the plans after a key (`created_at`, id), oldest first, at most `limit`; of one state if it is given."""
    where = (
        "and (cast(:state as text) is null or p.state = :state) "
        "and (cast(:at as timestamptz) is null or (p.created_at, p.id) > (cast(:at as timestamptz), cast(:id as uuid)))"
    )
    at, plan_id = after or (None, None)
    rows = await unit.rows(
        _PLANS.format(where=where, limit="limit :limit"), at=at, id=plan_id, state=state, limit=limit
    )
    return [_plan_row(dict(row)) for row in rows]


async def get_plan(unit: Unit, plan_id: UUID) -> PlanRow:
    """Return one plan; raises `NotFound`."""
    row = await unit.row(_PLANS.format(where="and p.id = :plan", limit=""), plan=plan_id)
    if row is None:
        raise NotFound(what="计划/plan")
    return _plan_row(dict(row))


def _plan_row(row: dict[str, object]) -> PlanRow:
    row["definition"] = decode(row["definition"])  # type: ignore[arg-type]  # jsonb arrives as text
    row["state"] = PlanState(str(row["state"]))
    return PlanRow(**row)  # type: ignore[arg-type]  # the query names the fields


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a plan's state: from which states, to which; the version of the plan that the caller saw (None: whichever), who does it, and why."""

    allowed: Sequence[PlanState]
    to: PlanState
    etag: int | None = None
    by: UUID | None = None
    note: str | None = None


_MOVE = """
update plan set state = :to, etag = etag + 1, note = :note,
    activated_at = case when :to = 'active' and activated_at is null then cast(:now as timestamptz) else activated_at end,
    submitted_by = case when :to = 'pending_approval' then :by else submitted_by end,
    submitted_at = case when :to = 'pending_approval' then cast(:now as timestamptz) else submitted_at end,
    approved_by = case when :to = 'active' and state = 'pending_approval' then :by else approved_by end,
    approved_at = case when :to = 'active' and state = 'pending_approval' then cast(:now as timestamptz) else approved_at end
where merchant_id = :merchant and id = :plan and etag = :etag
"""


async def move_plan(unit: Unit, plan_id: UUID, move: Move) -> PlanRow:
    """Compare-and-set the plan's state and return the plan; raises `NotFound`, `PlanChanged` or `PlanMoved`."""
    found = await seen_plan(unit, plan_id, move.etag, move.allowed)
    moved = await unit.run(_MOVE, plan=plan_id, to=move.to.value, etag=found.etag, by=move.by, note=move.note)
    if moved.rowcount != 1:
        raise PlanChanged(field="If-Match")
    return await get_plan(unit, plan_id)


async def seen_plan(unit: Unit, plan_id: UUID, etag: int | None, allowed: Sequence[PlanState]) -> PlanRow:
    """Return the plan as the caller saw it; raises `NotFound`, `PlanChanged` or `PlanMoved`."""
    found = await get_plan(unit, plan_id)
    if etag is not None and found.etag != etag:
        raise PlanChanged(field="If-Match")
    if found.state not in allowed:
        raise PlanMoved(state=found.state.value)
    return found


_ACTIVE = """
select p.id as plan_id, p.version_id, p.activated_at, p.planned_until, v.definition
from plan p join plan_version v on v.merchant_id = p.merchant_id and v.id = p.version_id
join merchant m on m.merchant_id = p.merchant_id and m.stopped_at is null
where p.merchant_id = :merchant and p.state = 'active' order by p.id
"""


async def active_plans(unit: Unit) -> list[ActivePlan]:
    """Return the plans that fire; none while the merchant has stopped everything."""
    return [ActivePlan(**{**row, "definition": decode(row["definition"])}) for row in await unit.rows(_ACTIVE)]


async def active_behaviours(unit: Unit) -> list[ActivePlan]:
    """Return the active plans that events make fire."""
    return [plan for plan in await active_plans(unit) if isinstance(plan.definition.trigger, Behaviour)]


async def active_recurring(unit: Unit) -> list[ActivePlan]:
    """Return the active plans that the calendar makes fire, one-off ones too."""
    return [plan for plan in await active_plans(unit) if not isinstance(plan.definition.trigger, Behaviour)]


async def definitions(unit: Unit, version_ids: Sequence[UUID]) -> dict[UUID, Definition]:
    """Return the definitions of versions, whatever has become of their plans."""
    rows = await unit.rows(
        "select id, definition from plan_version where merchant_id = :merchant and id = any(cast(:ids as uuid[]))",
        ids=list(set(version_ids)),
    )
    return {row["id"]: decode(row["definition"]) for row in rows}
