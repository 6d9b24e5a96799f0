"""The condition of milestones: today is so many days, or so many years, after something was first."""

from calendar import isleap
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Row
from tasks.audience.binds import Binds
from tasks.audience.bounds import FIRST_DAY
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words

After = Annotated[int, msgspec.Meta(ge=1, le=36_500)]
_LEAP_DAY: Final = (2, 29)
_EVE: Final = (2, 28)


class Since(StrEnum):
    """What the days are counted from."""

    FIRST_PURCHASE = "first_purchase"
    """首次消费"""
    FIRST_VISIT = "first_visit"
    """首次到店"""


_SINCE: Final = {
    Since.FIRST_PURCHASE: ("首次消费", "the first purchase"),
    Since.FIRST_VISIT: ("首次到店", "the first visit"),
}


class MilestoneParams(Params, frozen=True):
    """Today is one of so many days after her first purchase or visit; with `yearly` also its day of the year, from the second year on.

    The first year is said in days: 365. What began on 29 February is remembered on the 28th in common years.
    """

    since: Since = Since.FIRST_PURCHASE
    days: Annotated[tuple[After, ...], msgspec.Meta(max_length=10)] = ()
    yearly: bool = False

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        if not self.days and not self.yearly:
            raise ValueError("needs one of: days, yearly")


def beginnings(params: MilestoneParams, today: date) -> list[date]:
    """Return the days on which it began for those whose milestone is today."""
    counted = {today - timedelta(days=min(days, (today - FIRST_DAY).days)) for days in params.days}
    return sorted(counted.union(_years_before(today) if params.yearly else ()))


def _years_before(today: date) -> Iterator[date]:
    leap_day = (today.month, today.day) == _LEAP_DAY
    for year in range(FIRST_DAY.year, today.year - 1):
        if not leap_day or isleap(year):
            yield today.replace(year=year)
        if (today.month, today.day) == _EVE and isleap(year) and not isleap(today.year):
            yield date(year, *_LEAP_DAY)


def _milestone(params: MilestoneParams, binds: Binds) -> Asked:
    day = "f.first_visit_on"
    if params.since is Since.FIRST_PURCHASE:
        day = f"(f.first_purchase_at at time zone {binds.add(binds.zone, 'text')})::date"
    known = f"{day} is not null and {day} = any({binds.add(beginnings(params, binds.day), 'date[]')})"
    return Row(known, f"{day}::text")


def _milestone_words(params: MilestoneParams, words: Words) -> str:
    what = words.say(*_SINCE[params.since])
    parts = [words.say("满 {} 天", "{} days after {}", days, what) for days in params.days]
    if params.yearly:
        parts.append(words.say("周年（第二年起）", "an anniversary of {} from the second on", what))
    said = words.either(parts)
    return words.say("今天是{}{}", "today is {1}", what, said)


register(
    Condition(
        name="milestone",
        group=Group.CONSUMPTION,
        params=MilestoneParams,
        zh="纪念日",
        en="Milestone",
        ask=_milestone,
        words=_milestone_words,
        example={"days": [100, 365], "yearly": True},
        seen=Seen.DAY,
    )
)
