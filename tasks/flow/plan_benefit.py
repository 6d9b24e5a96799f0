"""A benefit gets a plan: tasks some days before its days, so that customers hear of them."""

from collections.abc import Sequence
from datetime import time
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.references import MOST_NAMED
from tasks.benefits.days import DatesDays, offset, said
from tasks.benefits.repository import BenefitRow, set_plan
from tasks.benefits.shapes import BenefitIn
from tasks.benefits.wording import words_of
from tasks.flow.manage_benefits import held
from tasks.flow.manage_plans import create_plan, drafted, get_plan
from tasks.kernel.errors import Conflict, Invalid
from tasks.kernel.unit import Unit
from tasks.plans.benefits import PercentOff, Points
from tasks.plans.repository import PlanRow
from tasks.plans.states import PlanState

TEMPLATE: Final = "member_day"
AT: Final = time(10)
"""When tasks come, as the template has it."""
LONGEST: Final = 60
"""Characters of an offer in a plan's own words."""


async def plan_benefit(
    unit: Unit, seen: tuple[UUID, int | None], lead_days: int, author: UUID | None = None
) -> PlanRow:
    """Store the draft of a plan that fires so many days before each of the benefit's days, for whom it is given, and let the benefit name it.

    Days in a row are told of once, before the first. Raises `NotFound`, `BenefitChanged`, `BenefitMoved`; `Conflict` when it names a plan that has not
    ended; `Invalid` when no plan can fire by its days.
    """
    benefit = await held(unit, seen)
    if benefit.said.plan_id is not None and (await get_plan(unit, benefit.said.plan_id)).state is not PlanState.ENDED:
        raise Conflict(field="planId")
    changes = {
        "name": benefit.said.name,
        "trigger": _trigger(benefit.said, lead_days),
        "audience": await _audience(unit, benefit),
        "benefit": _offered(benefit),
    }
    plan = await create_plan(unit, TEMPLATE, changes, author)
    await set_plan(unit, benefit.id, plan.id)
    return plan


def _trigger(benefit: BenefitIn, lead: int) -> dict[str, Any]:
    """A plan's scripts speak of the day its schedule is about, so the benefit's day must be that day."""
    if isinstance(benefit.days, DatesDays) or offset(benefit.days):
        raise Invalid(
            "days", "no plan speaks of plain dates or moved days; make them a festival of your own and name it"
        )
    return said(benefit.days, AT, lead)


def _offered(benefit: BenefitRow) -> dict[str, Any]:
    """What the plan's own scripts offer: the number where that says all of it, else the words."""
    gain = benefit.said.gain
    if isinstance(gain, Points | PercentOff) and not benefit.items and not benefit.said.min_spend_cents:
        offered: dict[str, Any] = msgspec.to_builtins(gain)
        return offered
    return {"kind": "gift", "text": words_of(benefit, "zh-CN")[:LONGEST]}


async def _audience(unit: Unit, benefit: BenefitRow) -> dict[str, Any]:
    """The template's own audience, those of whom the benefit is for."""
    levels = list(benefit.said.levels)
    trees = [drafted(TEMPLATE).audience, {"condition": "level", "isOneOf": levels} if levels else None]
    stores = await _store_ids(unit, benefit.said.stores)
    parts = [
        {"condition": "home_store", "stores": stores[start : start + MOST_NAMED]}
        for start in range(0, len(stores), MOST_NAMED)
    ]
    named = [tree for tree in (*trees, _one("any", parts)) if tree]
    return _one("all", named) or {}


def _one(word: str, trees: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the trees under a word; one alone needs none."""
    return trees[0] if len(trees) == 1 else {word: trees} if trees else None


async def _store_ids(unit: Unit, codes: Sequence[str]) -> list[str]:
    rows = await unit.rows(
        "select id from store where merchant_id = :merchant and code = any(cast(:codes as text[])) order by id",
        codes=list(codes),
    )
    return [str(row["id"]) for row in rows]
