"""What crosses the edge when owners look at and keep the calendar."""

from typing import Annotated, Any

import msgspec

from backend.http.owner.schemas import Name
from tasks.flow.keep_calendar import HolidayIn
from tasks.flow.plan_calendar import FIRINGS
from tasks.kernel.paging import MAX_LIMIT
from tasks.plans.calendars.repository import FestivalRow


class DraftFiringsIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A draft that is not stored, and how many of its firings one wants to see."""

    template: Name
    changes: dict[str, Any] = {}
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)] = FIRINGS


class FestivalsOut(msgspec.Struct, frozen=True, rename="camel"):
    """The merchant's own festivals, at most a hundred, by name."""

    items: list[FestivalRow]


class HolidaysIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Every declared day of a year; days that are not named are ordinary, and no day at all makes the year unknown."""

    items: Annotated[tuple[HolidayIn, ...], msgspec.Meta(max_length=100)]
