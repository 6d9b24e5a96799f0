"""Managers write plans and submit them; beyond the merchant's limits an owner agrees, or sends the plan back with a note (engine.md, "A plan version")."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from tasks.benefits.repository import benefits_of_plan
from tasks.benefits.shapes import AmountOff, BenefitIn
from tasks.benefits.states import BudgetUnit
from tasks.flow.check_plan import refuse_faults
from tasks.flow.manage_plans import change_plan, put_plan, turn_on
from tasks.flow.plan_reach import crowd
from tasks.kernel.errors import Forbidden, Invalid
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.plans.benefits import Points
from tasks.plans.definition import Definition
from tasks.plans.limits import ApprovalLimits, LimitsChanged, approval_limits, overridden, put_approval_limits
from tasks.plans.repository import Move, PlanRow, move_plan, seen_plan
from tasks.plans.states import PlanState

__all__ = [
    "Approval",
    "ApprovalLimits",
    "LimitsChanged",
    "OverLimit",
    "approval_limits",
    "approve",
    "change_own",
    "needs_approval",
    "put_approval_limits",
    "put_own",
    "send_back",
    "submit",
]

LONGEST_NOTE = 200
"""Characters of a note."""


class OverLimit(msgspec.Struct, frozen=True, rename="camel"):
    """Why an owner must agree: what (`audience`, `benefitCents`, `overrides`, `otherStores`), how much of it, the limit, and for `overrides` which fields."""

    what: str
    found: int
    limit: int
    fields: Sequence[str] = ()


class Approval(msgspec.Struct, frozen=True):
    """Whether somebody who is no owner needs an owner's agreement to turn the plan on, and why."""

    needed: bool
    reasons: Sequence[OverLimit] = ()


async def submit(unit: Unit, who: StaffScope, plan_id: UUID, etag: int | None) -> PlanRow:
    """Turn a draft on if it stays within the limits, else lay it before the owners.

    Raises `NotFound`, `PlanChanged`, `PlanMoved`, `Forbidden` for another manager's draft, and `Invalid` on the first field that keeps it from being turned on.
    """
    plan = await seen_plan(unit, plan_id, etag, (PlanState.DRAFT,))
    if not may_write(who, plan):
        raise Forbidden
    await refuse_faults(unit, plan.definition)
    asked = await needs_approval(unit, plan, who)
    if not asked.needed:
        return await turn_on(
            unit, plan_id, Move(allowed=(PlanState.DRAFT,), to=PlanState.ACTIVE, etag=plan.etag, by=who.staff_id)
        )
    move = Move(allowed=(PlanState.DRAFT,), to=PlanState.PENDING_APPROVAL, etag=plan.etag, by=who.staff_id)
    return await move_plan(unit, plan_id, move)


async def change_own(unit: Unit, who: StaffScope, was: tuple[UUID, int | None], changes: Mapping[str, Any]) -> PlanRow:
    """Change fields of a plan of one's own that is not on yet; `was` is its id and the version one saw. Raises as `change_plan`, and `Forbidden`."""
    await _own(unit, who, *was)
    return await change_plan(unit, *was, changes, who.staff_id)


async def put_own(unit: Unit, who: StaffScope, was: tuple[UUID, int | None], definition: Mapping[str, Any]) -> PlanRow:
    """Replace the definition of a plan that somebody wrote and that is not on yet; see `change_own`."""
    await _own(unit, who, *was)
    return await put_plan(unit, *was, definition, who.staff_id)


async def _own(unit: Unit, who: StaffScope, plan_id: UUID, etag: int | None) -> None:
    """Owners change what they like; whoever else does, only before it is on: beyond that it would fire otherwise than was agreed to."""
    allowed = tuple(PlanState) if who.role is Role.OWNER else (PlanState.DRAFT, PlanState.PENDING_APPROVAL)
    plan = await seen_plan(unit, plan_id, etag, allowed)
    if not may_write(who, plan):
        raise Forbidden


async def approve(unit: Unit, owner: UUID, plan_id: UUID, etag: int | None) -> PlanRow:
    """Agree to a submitted plan as the owner saw it, and turn it on. Raises `NotFound`, `PlanChanged`, `PlanMoved`, `Invalid` for a one-off that is over."""
    move = Move(allowed=(PlanState.PENDING_APPROVAL,), to=PlanState.ACTIVE, etag=etag, by=owner)
    return await turn_on(unit, plan_id, move)


async def send_back(unit: Unit, plan_id: UUID, etag: int | None, note: str) -> PlanRow:
    """Return a submitted plan to its author as a draft; the note says why. Raises `NotFound`, `PlanChanged`, `PlanMoved`, `Invalid`."""
    move = Move(allowed=(PlanState.PENDING_APPROVAL,), to=PlanState.DRAFT, etag=etag, note=said(note))
    return await move_plan(unit, plan_id, move)


def said(note: str) -> str:
    """Return a note without blanks around it; raises `Invalid` for one that says nothing or too much."""
    text = note.strip()
    if not 1 <= len(text) <= LONGEST_NOTE:
        raise Invalid("note", f"needs 1 to {LONGEST_NOTE} characters")
    return text


def may_write(who: StaffScope, plan: PlanRow) -> bool:
    """True when somebody may change and submit a plan: owners every one, managers their own."""
    return who.role is Role.OWNER or plan.author_id == who.staff_id


async def needs_approval(unit: Unit, plan: PlanRow, author: StaffScope | None = None) -> Approval:
    """Say whether a plan goes beyond the limits, counted now; for an author who leads some stores only, also when it reaches others. Owners never need it."""
    if author is not None and author.role is Role.OWNER:
        return Approval(needed=False)
    reached = await crowd(unit, plan.definition)
    outside = {store for store in reached if store is not None} - set(author.store_ids) if author else set()
    weight = Weight(sum(reached.values()), sum(reached[store] for store in outside), plan.id)
    return await weighed(unit, plan.definition, weight)


class Weight(msgspec.Struct, frozen=True):
    """How many customers a plan means, how many of them in stores that its author does not lead, and the plan, if it is stored."""

    audience: int
    outside: int = 0
    plan_id: UUID | None = None


async def weighed(unit: Unit, definition: Definition, weight: Weight) -> Approval:
    """Say whether a plan of this weight goes beyond the merchant's limits."""
    limits, _ = await approval_limits(unit)
    left_out = overridden(definition)
    found = [
        OverLimit("audience", weight.audience, limits.audience),
        OverLimit("benefitCents", await benefit_cents(unit, weight), limits.benefit_cents),
        OverLimit("overrides", len(left_out), limits.overrides, left_out),
        OverLimit("otherStores", weight.outside, 0),
    ]
    reasons = [one for one in found if one.found > one.limit]
    return Approval(needed=bool(reasons), reasons=reasons)


async def benefit_cents(unit: Unit, weight: Weight) -> int:
    """Return what the benefits that a plan tells of may cost (分): a budget of money is what it is, an amount off counts once for each customer.

    What points, percentages and member prices cost is not known before.
    """
    if weight.plan_id is None:
        return 0
    return sum(_cost(one.said, weight.audience) for one in await benefits_of_plan(unit, weight.plan_id))


def _cost(benefit: BenefitIn, customers: int) -> int:
    if isinstance(benefit.gain, Points):
        return 0
    if benefit.budget is not None and benefit.budget.unit is BudgetUnit.CENTS:
        return benefit.budget.amount
    return benefit.gain.off_cents * customers if isinstance(benefit.gain, AmountOff) else 0
