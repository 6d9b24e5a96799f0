"""What a plan decided, for everybody who matched: newest first, with the reason and the task."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.paging import Page, decode_cursor, encode_cursor
from tasks.kernel.unit import Unit
from tasks.people.persons import open_customers
from tasks.plans.repository import get_plan
from tasks.plans.states import Decided


class DecisionView(msgspec.Struct, frozen=True, rename="camel"):
    """One decision: for whom (as staff call her), by which version and firing, what and why, and the task it made or joined."""

    id: UUID
    customer_id: UUID
    version: int
    occurrence_id: UUID | None
    step: int
    decided: Decided
    reason: str | None
    task_id: UUID | None
    decided_at: datetime
    name: str | None = None


class DecisionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions of a plan: all, of one kind, or of one customer; and where the page begins."""

    decided: Decided | None = None
    customer_id: UUID | None = None
    cursor: str | None = None
    limit: int = 20


_DECISIONS: Final = """
select d.id, d.customer_id, v.number as version, d.occurrence_id, d.step, d.decided, d.reason, d.task_id, d.decided_at
from decision d join plan_version v on v.merchant_id = d.merchant_id and v.id = d.version_id
where d.merchant_id = :merchant and d.plan_id = :plan
  and (cast(:decided as text) is null or d.decided = :decided) and (cast(:customer as uuid) is null or d.customer_id = cast(:customer as uuid))
  and (cast(:at as timestamptz) is null or (d.decided_at, d.id) < (cast(:at as timestamptz), cast(:id as uuid)))
order by d.decided_at desc, d.id desc limit :limit
"""


async def list_decisions(unit: Unit, plan_id: UUID, query: DecisionQuery) -> Page[DecisionView]:
    """Return a page of a plan's decisions. Raises `NotFound`, `CursorGarbled`."""
    await get_plan(unit, plan_id)
    at, after = decode_cursor(query.cursor, tuple[datetime, UUID]) if query.cursor else (None, None)
    rows = await unit.structs(
        DecisionView, _DECISIONS, plan=plan_id, decided=query.decided, customer=query.customer_id, at=at, id=after, limit=query.limit + 1
    )  # fmt: skip
    shown = rows[: query.limit]
    people = await open_customers(unit, [one.customer_id for one in shown])
    named = [
        msgspec.structs.replace(one, name=people[one.customer_id].called) if one.customer_id in people else one
        for one in shown
    ]
    more = len(rows) > query.limit
    return Page(named, encode_cursor([shown[-1].decided_at, str(shown[-1].id)]) if more else None)
