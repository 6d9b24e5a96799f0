"""Plans from the command line: preview, back-test, turn on, list."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import msgspec

from backend.cli.edge import Refused, show
from backend.cli.merchants import find_merchant
from backend.runtime import Runtime, open_runtime
from backend.settings import Settings
from tasks.flow.back_test import BackTest, Period
from tasks.flow.back_test import back_test as run_back
from tasks.flow.draft_plans import drafted, fit, list_templates
from tasks.flow.manage_plans import activate as turn_on
from tasks.flow.manage_plans import create_plan, list_plans
from tasks.flow.preview import preview as look
from tasks.kernel.unit import Unit
from tasks.plans.definition import Definition
from tasks.plans.repository import PlanRow
from tasks.plans.states import PlanState


class PlanSeen(msgspec.Struct, frozen=True, rename="camel"):
    """A plan as the list shows it."""

    plan_id: UUID
    name: str
    template: str | None
    state: str


async def preview(settings: Settings, merchant: str | None, wanted: tuple[str, str], *, as_json: bool) -> None:
    """Show what a template with its defaults would do on a day; writes nothing."""
    name, on = wanted[0], day(wanted[1])
    async with open_runtime(settings) as runtime:
        merchant_id = await find_merchant(runtime.units, merchant)
        definition = await _fitted(runtime, merchant_id, name)
        found = await look(runtime.units, merchant_id, definition, on)
    hint = [f"  {found.leads.sentence}"] if found.leads and found.leads.sentence else []
    lines = [
        f"{definition.name} on {on}: {found.matched} customers matched",
        f"  {found.tasks} tasks, {found.merged} merged into tasks that are there",
        *(f"  {count} {reason}" for reason, count in found.by_reason.items()),
        *hint,
        *(f"  note: {warning}" for warning in found.warnings),
    ]
    show(found, lines, as_json=as_json)


async def _fitted(runtime: Runtime, merchant_id: UUID, name: str) -> Definition:
    """A template with its defaults, for this merchant."""
    definition = drafted(name)
    async with runtime.units.glance(merchant_id) as unit:
        return await fit(unit, definition)


async def back_test(settings: Settings, merchant: str | None, wanted: tuple[str, str, str], *, as_json: bool) -> None:
    """Show what a template with its defaults would have done from one day to another; writes nothing."""
    period = Period(day(wanted[1]), day(wanted[2]))
    async with open_runtime(settings) as runtime:
        merchant_id = await find_merchant(runtime.units, merchant)
        definition = await _fitted(runtime, merchant_id, wanted[0])
        found = await run_back(runtime.units, merchant_id, definition, period)
    show(found, list(_told(definition.name, found)), as_json=as_json)


def _told(name: str, found: BackTest) -> Iterator[str]:
    """The answer in lines."""
    yield f"{name} from {found.from_on} to {found.to_on}: {found.matched} matched, {found.tasks} tasks, {found.merged} merged"
    if found.sampled:
        yield f"  a sample: {found.sampled.taken} of {found.sampled.customers} customers"
    yield from (f"  {count} {reason}" for reason, count in found.by_reason.items())
    if found.days:
        fullest = max(found.days, key=lambda one: one.tasks)
        yield f"  on {len(found.days)} days, {fullest.tasks} tasks on {fullest.day_on}"
    for one in found.employees:
        yield f"  {one.tasks} for {one.name or 'the pool'}, at most {one.most} a day ({one.fullest_on})"
    came = found.came_anyway
    yield f"  {came.came} of {came.tasks} came within {came.days} days without any contact; of everybody, {came.everybody_came} of {came.everybody}"
    yield from (f"  {one.tasks} tasks within a week of one of {one.name}" for one in found.overlaps)
    yield from (f"  note: {one}" for one in found.warnings)
    yield f"  today's value used: {', '.join(found.todays_value_used)}"


def day(words: str) -> date:
    """The calendar day; raises `Refused`."""
    try:
        return date.fromisoformat(words)
    except ValueError as fault:
        raise Refused("expected a day such as 2026-03-01", 2) from fault


async def activate(settings: Settings, merchant: str | None, name: str, *, as_json: bool) -> None:
    """Turn a template on."""
    async with open_runtime(settings) as runtime:
        merchant_id = await find_merchant(runtime.units, merchant)
        row = await turn_on_template(runtime, merchant_id, name)
    seen = PlanSeen(row.id, row.name, row.template, row.state)
    show(seen, [f"{seen.plan_id}  {seen.name}  {seen.state}"], as_json=as_json)


async def turn_on_template(runtime: Runtime, merchant_id: UUID, name: str) -> PlanRow:
    """The merchant's plan of this template, active: the one that is there, or a new one with the defaults."""
    async with runtime.units.open(merchant_id) as unit:
        row = await _plan_of(unit, name) or await create_plan(unit, name)
        return row if row.state == PlanState.ACTIVE else await turn_on(unit, row.id)


async def _plan_of(unit: Unit, name: str) -> PlanRow | None:
    there = [row for row in await list_plans(unit) if row.template == name and row.state != PlanState.ENDED]
    return there[0] if there else None


async def list_all(settings: Settings, merchant: str | None, *, as_json: bool) -> None:
    """Show a merchant's plans."""
    async with open_runtime(settings) as runtime:
        merchant_id = await find_merchant(runtime.units, merchant)
        async with runtime.units.open(merchant_id) as unit:
            rows = await list_plans(unit)
    found = [PlanSeen(row.id, row.name, row.template, row.state) for row in rows]
    lines = [f"{one.plan_id}  {one.state:<8}  {one.name} ({one.template})" for one in found]
    show(found, lines or ["no plans: `huifang plan activate --template second_visit`"], as_json=as_json)


def templates(*, as_json: bool) -> None:
    """Show the templates there are."""
    found = list_templates("en")
    show(found, [f"{one.template:<20} {one.definition.name}  {one.name}" for one in found], as_json=as_json)
