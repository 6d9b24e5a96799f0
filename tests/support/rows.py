"""Tasks as the engine would have made them, without waiting for a plan to fire."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.plans.definition import Definition
from tasks.plans.repository import insert_plan
from tasks.plans.templates import template
from tests.support.world import World

T = TypeVar("T")


def doing(act: Callable[..., Awaitable[T]], *values: object) -> Callable[[Unit], Awaitable[T]]:
    """`act(unit, *values)` as work for `World.do`."""
    return lambda unit: act(unit, *values)


@dataclass(frozen=True)
class Made:
    """A task with its one reason."""

    task_id: UUID
    plan_id: UUID
    version_id: UUID
    enrolment_id: UUID
    reason_id: UUID
    customer_id: UUID


@dataclass(frozen=True)
class Ask:
    """What a task should be like; `who` None puts it into the pool, `opens` is hours from now."""

    customer: str = "C1"
    who: str | None = "E1"
    store: str = "S1"
    template: str = "second_visit"
    status: str = "open"
    opens: float = -1
    due: float = 24
    expires: float = 24 * 7
    priority: int = 500
    value: int = 0
    origin: str = "plan"
    event_id: UUID | None = None
    card_id: UUID | None = None

    def but(self, **changes: object) -> "Ask":
        return replace(self, **changes)  # type: ignore[arg-type]  # untyped on purpose: a test row


_TASK = """
insert into task (merchant_id, id, store_id, customer_id, assignee_id, origin, status, priority, value_cents, opens_at, opens_on, contact_from,
                  due_at, expires_at, created_at)
values (:merchant, :id, :store, :customer, :who, :origin, :status, :priority, :value, :opens, (:opens at time zone 'Asia/Shanghai')::date, :opens,
        :due, :expires, least(:opens, :now))
"""
_ENROLMENT = """
insert into enrolment (merchant_id, id, plan_id, version_id, scope_id, entry_key, customer_id, card_id, event_id, state, fire_at, fires_on, created_at)
values (:merchant, :id, :plan, :version, :customer, cast(:entry as text), :customer, :card, :event, :state, :fires,
        (:fires at time zone 'Asia/Shanghai')::date, least(:fires, :now))
"""
_REASON = """
insert into task_reason (merchant_id, id, task_id, plan_id, version_id, enrolment_id, priority, card_id, event_id, created_at)
values (:merchant, :id, :task, :plan, :version, :enrolment, :priority, :card, :event, :at)
"""


async def make_plan(world: World, name: str = "second_visit", **changes: object) -> tuple[UUID, UUID]:
    """A plan of a template, not activated; returns plan and version."""
    definition: Definition = msgspec.structs.replace(template(name), **changes) if changes else template(name)

    async def work(unit: Unit) -> tuple[UUID, UUID]:
        plan_id = await insert_plan(unit, definition, None)
        return plan_id, await unit.scalar(
            "select version_id from plan where merchant_id = :merchant and id = :plan", plan=plan_id
        )

    return await world.do(work)


async def make_enrolment(world: World, plan: tuple[UUID, UUID], ask: Ask, state: str = "waiting") -> UUID:
    """A passage that fires at the ask's opening."""
    enrolment_id = new_id()
    async with world.units.open(world.merchant_id) as unit:
        await unit.run(
            _ENROLMENT, id=enrolment_id, entry=f"{enrolment_id}:0", plan=plan[0], version=plan[1], customer=world.customers[ask.customer], card=ask.card_id,
            event=ask.event_id, state=state, fires=unit.now + timedelta(hours=ask.opens),
        )  # fmt: skip
    return enrolment_id


async def make_task(world: World, ask: Ask = Ask(), plan: tuple[UUID, UUID] | None = None) -> Made:
    """A task with one live reason of a plan."""
    plan = plan or await make_plan(world, ask.template)
    enrolment_id = await make_enrolment(world, plan, ask, "active")
    task_id, customer_id = new_id(), world.customers[ask.customer]
    async with world.units.open(world.merchant_id) as unit:

        def at(hours: float) -> datetime:
            return unit.now + timedelta(hours=hours)

        await unit.run(
            _TASK, id=task_id, store=world.stores[ask.store], customer=customer_id, who=world.staff[ask.who] if ask.who else None,
            origin=ask.origin, status=ask.status, priority=ask.priority, value=ask.value, opens=at(ask.opens), due=at(ask.due),
            expires=at(ask.expires),
        )  # fmt: skip
    made = Made(task_id, plan[0], plan[1], enrolment_id, new_id(), customer_id)
    await add_reason(world, made, ask)
    return made


async def add_reason(world: World, made: Made, ask: Ask) -> None:
    """The reason row of `made`."""
    async with world.units.open(world.merchant_id) as unit:
        await unit.run(
            _REASON, id=made.reason_id, task=made.task_id, plan=made.plan_id, version=made.version_id, enrolment=made.enrolment_id,
            priority=ask.priority, card=ask.card_id, event=ask.event_id, at=unit.now,
        )  # fmt: skip


async def task_row(world: World, task_id: UUID) -> dict[str, object]:
    """The task as it is stored."""
    async with world.units.glance(world.merchant_id) as unit:
        row = await unit.row("select * from task where merchant_id = :merchant and id = :task", task=task_id)
        assert row is not None
        return dict(row)


async def rows_of(world: World, statement: str, **values: object) -> list[dict[str, object]]:
    """What a query finds."""
    async with world.units.glance(world.merchant_id) as unit:
        return [dict(row) for row in await unit.rows(statement, **values)]
