"""X1 cells of the calendar operations."""

from typing import Any

from tasks.flow.keep_calendar import FestivalIn, add_festival
from tasks.flow.manage_plans import create_plan
from tasks.kernel.ids import new_id
from tasks.plans.calendars.yearly import OnDay
from tests.http.cell import Ask, Cell, Make, plain
from tests.http.salon import Salon


def said() -> dict[str, Any]:
    return {"name": f"店庆{new_id().hex[-8:]}", "days": {"kind": "lunar_day", "month": 8, "day": 1}}


async def a_new_festival(_salon: Salon) -> Ask:
    return "/v1/owner/festivals", said(), {}


async def of_a_plan(salon: Salon) -> Ask:
    async with salon.services.units.open(salon.merchant_id) as unit:
        plan = await create_plan(unit, "card_balance_low", {"name": f"计划 {new_id().hex[-6:]}"})
    return f"/v1/owner/plans/{plan.id}/firings?limit=3", None, {}


def on_festival(*, body: bool) -> Make:
    async def make(salon: Salon) -> Ask:
        async with salon.services.units.open(salon.merchant_id) as unit:
            row = await add_festival(unit, FestivalIn(name=said()["name"], days=OnDay(month=9, day=1)))
        # Asked twice by the one who may: the version is not what this is about.
        return f"/v1/owner/festivals/{row.id}", said() if body else None, {"if-match": "*"}

    return make


SCHEDULES = {
    "ListFirings": Cell(of_a_plan, "owner", 200, names_a_thing=True),
    "ListDraftFirings": Cell(plain("/v1/owner/plans:firings", {"template": "card_balance_low"}), "owner"),
    "GetCalendar": Cell(plain("/v1/owner/calendar"), "owner"),
    "ListFestivals": Cell(plain("/v1/owner/festivals"), "owner"),
    "CreateFestival": Cell(a_new_festival, "owner", 201),
    "ReplaceFestival": Cell(on_festival(body=True), "owner", 200, names_a_thing=True),
    "DeleteFestival": Cell(on_festival(body=False), "owner", 204, names_a_thing=True),
    "GetHolidays": Cell(plain("/v1/owner/holidays/2026"), "owner"),
    "ReplaceHolidays": Cell(
        plain("/v1/owner/holidays/2026", {"items": [{"dayOn": "2026-10-01", "kind": "holiday", "name": "国庆节"}]}),
        "owner",
    ),
}
