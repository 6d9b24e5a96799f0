"""`/v1/owner/plans…firings`, `/calendar`, `/festivals`, `/holidays`: when plans fire, and what the merchant adds to the calendar."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, PathParameter

from backend.http.etags import IfMatch, etag, seen
from backend.http.owner.schedule_schemas import DraftFiringsIn, FestivalsOut, HolidaysIn
from backend.http.paging import Limit
from backend.http.problems.transport import PreconditionRequired
from backend.http.session import InLocale, InUnit
from backend.http.shown import shown
from tasks.flow.keep_calendar import (
    Calendar,
    FestivalChanged,
    FestivalIn,
    FestivalUsed,
    Holidays,
    add_festival,
    calendar,
    change_festival,
    holidays,
    remove_festival,
    set_holidays,
)
from tasks.flow.manage_plans import drafted, get_plan
from tasks.flow.plan_calendar import FIRINGS, Firings, check_calendar, plan_firings
from tasks.kernel.errors import Conflict, Invalid, NotFound
from tasks.plans.calendars.repository import FestivalRow, list_festivals

DRAFT: Final = {
    "template": "card_balance_low",
    "changes": {"trigger": {"kind": "monthly", "days": [18], "offsetDays": -1, "at": "10:00"}},
    "limit": 3,
}
FESTIVAL: Final = {"name": "店庆", "days": {"kind": "day", "month": 9, "day": 1}}
HOLIDAYS: Final = {
    "items": [
        {"dayOn": "2026-01-01", "kind": "holiday", "name": "元旦"},
        {"dayOn": "2026-01-04", "kind": "workday", "name": "元旦"},
    ]
}
Year = Annotated[int, PathParameter(ge=2000, le=2100, description="A civil year.")]


@get("/plans/{plan_id:uuid}/firings", operation_id="ListFirings", summary="When a plan fires next", opt=shown(NotFound))
async def firings(plan_id: FromPath[UUID], unit: InUnit, limit: Limit = FIRINGS) -> Firings:
    """Return its next firings: local day, wall time, and the instant in each zone; whatever its state, as if it were on."""
    return await plan_firings(unit, (await get_plan(unit, plan_id)).definition, limit)


@post(
    "/plans:firings",
    operation_id="ListDraftFirings",
    summary="When a draft would fire",
    status_code=200,
    opt=shown(NotFound, Invalid, request=DRAFT),
)
async def draft_firings(data: JSONBody[DraftFiringsIn], unit: InUnit) -> Firings:
    """Return the next firings of a definition that is not stored."""
    definition = drafted(data.template, data.changes)
    await check_calendar(unit, definition)
    return await plan_firings(unit, definition, data.limit)


@get("/calendar", operation_id="GetCalendar", summary="Festivals and solar terms that plans can name", opt=shown())
async def whole_calendar(unit: InUnit, locale: InLocale) -> Calendar:
    """Return them in the order they come, with labels in the caller's language, and the merchant's own ones."""
    return await calendar(unit, locale)


@get("/festivals", operation_id="ListFestivals", summary="The merchant's own festivals", opt=shown())
async def festivals(unit: InUnit) -> FestivalsOut:
    """Return all of them by name; `etag` of each is what `If-Match` takes."""
    return FestivalsOut(await list_festivals(unit))


@post(
    "/festivals",
    operation_id="CreateFestival",
    summary="Add a festival of one's own",
    opt=shown(Invalid, Conflict, request=FESTIVAL),
)
async def create_festival(data: JSONBody[FestivalIn], unit: InUnit) -> Response[FestivalRow]:
    """Add it; plans name it by its name."""
    return _festival(await add_festival(unit, data), 201)


@put(
    "/festivals/{festival_id:uuid}",
    operation_id="ReplaceFestival",
    summary="Change an own festival",
    opt=shown(Invalid, Conflict, FestivalChanged, FestivalUsed, PreconditionRequired, request=FESTIVAL),
)
async def replace_festival(
    festival_id: FromPath[UUID], data: JSONBody[FestivalIn], unit: InUnit, if_match: IfMatch = None
) -> Response[FestivalRow]:
    """Replace it; plans by it fire on the new days, and a name that plans say cannot change."""
    return _festival(await change_festival(unit, festival_id, data, seen(if_match)))


@delete(
    "/festivals/{festival_id:uuid}",
    operation_id="DeleteFestival",
    summary="Delete an own festival",
    opt=shown(FestivalChanged, FestivalUsed, PreconditionRequired),
)
async def delete_festival(festival_id: FromPath[UUID], unit: InUnit, if_match: IfMatch = None) -> None:
    """Delete one that no plan names."""
    await remove_festival(unit, festival_id, seen(if_match))


@get("/holidays/{year:int}", operation_id="GetHolidays", summary="Public holidays of a year", opt=shown())
async def get_holidays(year: Year, unit: InUnit) -> Holidays:
    """Return the declared days; `known` says whether anybody entered the year."""
    return await holidays(unit, year)


@put(
    "/holidays/{year:int}",
    operation_id="ReplaceHolidays",
    summary="Enter the public holidays of a year",
    opt=shown(Invalid, request=HOLIDAYS),
)
async def put_holidays(year: Year, data: JSONBody[HolidaysIn], unit: InUnit) -> Holidays:
    """Replace the whole year: holidays and the working days in exchange. They are shown beside firings and move none."""
    return await set_holidays(unit, year, data.items)


def _festival(row: FestivalRow, status: int = 200) -> Response[FestivalRow]:
    return Response(row, status_code=status, headers=etag(row.etag))


HANDLERS: Final = (
    firings, draft_firings, whole_calendar, festivals, create_festival, replace_festival, delete_festival, get_holidays,
    put_holidays,
)  # fmt: skip
