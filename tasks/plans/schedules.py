"""What the calendar makes fire, as plans say it (engine.md, "A plan version"): one-off, and every recurring kind with its offset in days.

The offset moves the day, not the rule: monthly on the 18th with −1 fires on the 17th, on the 1st with −1 on the last day of the month before.
"""

from datetime import datetime, time
from typing import Annotated

import msgspec

from tasks.plans.calendars.names import ShortMonth, Term, Weekday
from tasks.plans.calendars.yearly import LunarMonthDay, Month, MonthDay
from tasks.plans.shapes import Struct, WallTime

OffsetDays = Annotated[int, msgspec.Meta(ge=-60, le=60)]
FestivalName = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class OneOff(Struct, frozen=True, kw_only=True, tag_field="kind", tag="one_off"):
    """Fires once, at this civil date and time in each store's zone."""

    at: Annotated[datetime, msgspec.Meta(tz=False)]


class Recurring(Struct, frozen=True, kw_only=True):
    """Fires at `at` in each store's zone, so many days after (or before) the days of its rule."""

    at: WallTime
    offset_days: OffsetDays = 0


class Daily(Recurring, frozen=True, kw_only=True, tag_field="kind", tag="daily"):
    """Every day; an offset changes nothing."""


class Weekly(Recurring, frozen=True, kw_only=True, tag_field="kind", tag="weekly"):
    """Chosen weekdays of the store's local date."""

    weekdays: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1, max_length=7)]


class Monthly(Recurring, frozen=True, kw_only=True, tag_field="kind", tag="monthly"):
    """Chosen days of the month; `short_month` says what becomes of the 29th to 31st where there is none. Two days that clamp to one fire once."""

    days: Annotated[tuple[MonthDay, ...], msgspec.Meta(min_length=1, max_length=31)]
    short_month: ShortMonth = ShortMonth.CLAMP


class MonthEnd(Recurring, frozen=True, kw_only=True, tag_field="kind", tag="month_end"):
    """The last day of every month."""


class Yearly(Recurring, frozen=True, kw_only=True, tag_field="kind", tag="yearly"):
    """A day of the year; 29 February is 28 February in a common year."""

    month: Month
    day: MonthDay


class SolarTerm(Recurring, frozen=True, kw_only=True, tag_field="kind", tag="solar_term"):
    """The day of a solar term (节气), by Beijing's date."""

    term: Term


class Lunar(Recurring, frozen=True, kw_only=True, tag_field="kind", tag="lunar"):
    """A day of the Chinese calendar; a leap month does not repeat it, and the 30th of a month of 29 days is its 29th."""

    month: Month
    day: LunarMonthDay


class Festival(Recurring, frozen=True, kw_only=True, tag_field="kind", tag="festival"):
    """A festival: the code of a built-in one, or the name of one of the merchant's own."""

    name: FestivalName


Schedule = OneOff | Daily | Weekly | Monthly | MonthEnd | Yearly | SolarTerm | Lunar | Festival
"""Everything that fires by the calendar."""


def wall_of(schedule: Schedule) -> time:
    """Return the wall time at which it fires on each of its days."""
    return schedule.at.time() if isinstance(schedule, OneOff) else schedule.at
