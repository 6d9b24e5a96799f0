"""Every query over plans and their versions."""

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
    """A plan as a list shows it."""

    id: UUID
    name: str
    template: str | None
    state: PlanState
    etag: int
    version: int
    activated_at: datetime | None
    created_at: datetime
    definition: Definition


async def insert_plan(unit: Unit, definition: Definition, author: UUID | None) -> UUID:
    """Store a draft plan with its first version; returns the plan's id."""
    plan_id, version_id = new_id(), new_id()
    await unit.run(
        "insert into plan (merchant_id, id, name, template, state, version_id, created_at) values (:merchant, :id, :name, :template, 'draft', :version, :now)",
        id=plan_id, name=definition.name, template=definition.template, version=version_id,
    )  # fmt: skip
    await unit.run(
        "insert into plan_version (merchant_id, id, plan_id, number, purpose, definition, created_by, created_at) "
        "values (:merchant, :id, :plan, 1, :purpose, cast(:definition as jsonb), :author, :now)",
        id=version_id, plan=plan_id, purpose=definition.purpose, author=author,
        definition=msgspec.json.encode(encode(definition)).decode(),
    )  # fmt: skip
    return plan_id


_PLANS = """
select p.id, p.name, p.template, p.state, p.etag, v.number as version, p.activated_at, p.created_at, v.definition
from plan p join plan_version v on v.merchant_id = p.merchant_id and v.id = p.version_id
where p.merchant_id = :merchant {where} order by p.created_at, p.id
"""


async def list_plans(unit: Unit) -> list[PlanRow]:
    """Return every plan, oldest first."""
    return [_plan_row(dict(row)) for row in await unit.rows(_PLANS.format(where=""))]


async def get_plan(unit: Unit, plan_id: UUID) -> PlanRow:
    """Return one plan; raises `NotFound`."""
    row = await unit.row(_PLANS.format(where="and p.id = :plan"), plan=plan_id)
    if row is None:
        raise NotFound(what="计划/plan")
    return _plan_row(dict(row))


def _plan_row(row: dict[str, object]) -> PlanRow:
    row["definition"] = decode(row["definition"])  # type: ignore[arg-type]  # jsonb arrives as text
    row["state"] = PlanState(str(row["state"]))
    return PlanRow(**row)  # type: ignore[arg-type]  # the query names the fields


async def move_plan(unit: Unit, plan_id: UUID, allowed: Sequence[PlanState], to: PlanState, etag: int | None) -> None:
    """Compare-and-set the plan's state; raises `NotFound`, `PlanChanged` or `PlanMoved`."""
    found = await get_plan(unit, plan_id)
    if etag is not None and found.etag != etag:
        raise PlanChanged(field="If-Match")
    if found.state not in allowed:
        raise PlanMoved(state=found.state.value)
    moved = await unit.run(
        "update plan set state = :to, etag = etag + 1, "
        "activated_at = case when :to = 'active' and activated_at is null then cast(:now as timestamptz) else activated_at end "
        "where merchant_id = :merchant and id = :plan and etag = :etag",
        plan=plan_id, to=to.value, etag=found.etag,
    )  # fmt: skip
    if moved.rowcount != 1:
        raise PlanChanged(field="If-Match")


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
