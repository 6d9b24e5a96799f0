"""Plans from the command line: preview, turn on, list."""

from datetime import date
from uuid import UUID

import msgspec

from backend.cli.edge import Refused, show
from backend.cli.merchants import find_merchant
from backend.runtime import Runtime, open_runtime
from backend.settings import Settings
from tasks.flow.manage_plans import activate as turn_on
from tasks.flow.manage_plans import create_plan, drafted, list_plans, list_templates
from tasks.flow.preview import preview as look
from tasks.kernel.unit import Unit
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
    definition = drafted(name)
    async with open_runtime(settings) as runtime:
        merchant_id = await find_merchant(runtime.units, merchant)
        found = await look(runtime.units, merchant_id, definition, on)
    lines = [
        f"{definition.name} on {on}: {found.matched} customers matched",
        f"  {found.tasks} tasks, {found.merged} merged into tasks that are there",
        *(f"  {count} {reason}" for reason, count in found.by_reason.items()),
        *(f"  note: {warning}" for warning in found.warnings),
    ]
    show(found, lines, as_json=as_json)


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
