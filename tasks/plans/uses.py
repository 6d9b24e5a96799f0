"""Which plans use a segment or a tag."""

from uuid import UUID

from tasks.audience.references import Named
from tasks.audience.tree import mentioned, parse
from tasks.kernel.unit import Unit
from tasks.plans.repository import list_plans
from tasks.plans.states import PlanState
from tasks.plans.trees import trees_of


async def plans_naming(unit: Unit, kind: Named, thing_id: UUID) -> list[str]:
    """Return the names of the plans whose version in force names the thing, oldest first; ended plans never fire again and use nothing."""
    return [
        plan.name
        for plan in await list_plans(unit)
        if plan.state is not PlanState.ENDED
        and any(
            one.kind is kind and one.id == thing_id
            for path, tree in trees_of(plan.definition)
            for one in mentioned(parse(tree, path))
        )
    ]
