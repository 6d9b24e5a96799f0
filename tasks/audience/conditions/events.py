"""Conditions of events: how many of a type, or what a field of theirs adds up to."""

from types import SimpleNamespace
from typing import Annotated, Any, Final

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import SIGNS, Count, bounded, check_bounds, holds_at_zero
from tasks.audience.conditions.happenings import (
    FieldFilter,
    Name,
    Number,
    check_event,
    check_fields,
    event_words,
    filters_sql,
    filters_words,
    milli,
    place_of,
)
from tasks.audience.registry import Condition, register
from tasks.audience.states import Group
from tasks.audience.windows import Window, at_in_window, check_window, window_words
from tasks.audience.wording import Words

EventType = Annotated[str, msgspec.Meta(max_length=80)]
Filters = Annotated[tuple[FieldFilter, ...], msgspec.Meta(max_length=10)]
_COUNTS: Final = "e.state not in ('withdrawn', 'unmatched')"
"""What a corrected receipt took back, and what belongs to nobody yet, has not happened."""


def _which(params: Any, binds: Binds) -> str:
    window = at_in_window("e.occurred_at", params, binds)
    return (
        f"e.type = {binds.add(params.event, 'text')} and {window} and e.occurred_at <= {{until}} and {_COUNTS} "
        f"and {filters_sql(params.filters, binds)}"
    )


class EventCountParams(Window, frozen=True, kw_only=True):
    """How many events of a type (or `custom.<name>`) she had, in her life or in a window of days, of those that keep every filter; none is 0."""

    event: EventType
    filters: Filters = ()
    equals: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None
    above: Count | None = None
    below: Count | None = None

    def __post_init__(self) -> None:
        """Refuse a type there is not, two windows in one, and bounds that say nothing."""
        check_event(self.event)
        check_fields(self.event, (one.field for one in self.filters))
        check_window(self, needed=False)
        check_bounds(self)


def _event_count(params: EventCountParams, binds: Binds) -> Asked:
    place = place_of(params.event)
    return Some(
        source=place.source,
        finding=place.finding,
        who=place.who,
        merchant="e.merchant_id",
        where=f"{place.where} and {_which(params, binds)}",
        holds=bounded("count(*)", params, binds),
        empty=holds_at_zero(params),
    )


def _event_count_words(params: EventCountParams, words: Words) -> str:
    what = event_words(params.event, words) + filters_words(params.filters, words)
    bounds = words.bounds(params, suffix=(" 次", ""))
    return words.say("{}{}次数{}", "number of {1} {0} {2}", window_words(params, words), what, bounds)


register(
    Condition(
        name="event_count",
        group=Group.CONSUMPTION,
        params=EventCountParams,
        zh="事件次数",
        en="Number of events",
        ask=_event_count,
        words=_event_count_words,
        example={
            "event": "voucher_redeemed",
            "withinDays": 90,
            "filters": [{"field": "platform", "value": "meituan"}],
            "atLeast": 2,
        },
    )
)


class EventSumParams(Window, frozen=True, kw_only=True):
    """What a field with numbers adds up to over the events of a type (or `custom.<name>`) in a window of days that keep every filter; of none it is 0."""

    event: EventType
    field: Name
    filters: Filters = ()
    equals: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None

    def __post_init__(self) -> None:
        """Refuse a type there is not, and a window or bounds that say nothing."""
        check_event(self.event)
        check_fields(self.event, (one.field for one in self.filters))
        check_fields(self.event, [self.field], numbers=True)
        check_window(self)
        check_bounds(_milli(self))


def _milli(params: EventSumParams) -> SimpleNamespace:
    """Return the bounds in thousandths."""
    said = {name: getattr(params, name) for name in SIGNS}
    return SimpleNamespace(**{name: None if value is None else milli(value) for name, value in said.items()})


def _event_sum(params: EventSumParams, binds: Binds) -> Asked:
    place, bounds = place_of(params.event), _milli(params)
    field = (
        f" join event_field sf on sf.merchant_id = e.merchant_id and sf.event_id = e.id and sf.name = {binds.add(params.field, 'text')} "
        "and sf.number_milli is not null"
    )
    total = "coalesce(sum(sf.number_milli), 0)"
    return Some(
        source=place.source + field,
        finding=place.finding + field,
        who=place.who,
        merchant="e.merchant_id",
        where=f"{place.where} and {_which(params, binds)}",
        holds=bounded(total, bounds, binds),
        empty=holds_at_zero(bounds),
        seen=f"trim_scale({total} / 1000.0)::text",
    )


def _event_sum_words(params: EventSumParams, words: Words) -> str:
    what = event_words(params.event, words) + filters_words(params.filters, words)
    bounds = words.bounds(params)
    return words.say(
        "{}{}的 {} 合计{}", "{2} of {1} {0} adds up to {3}", window_words(params, words), what, params.field, bounds
    )


register(
    Condition(
        name="event_sum",
        group=Group.CONSUMPTION,
        params=EventSumParams,
        zh="事件数值合计",
        en="Sum of a field of events",
        ask=_event_sum,
        words=_event_sum_words,
        example={"event": "points_changed", "field": "points", "withinDays": 365, "atLeast": 500},
    )
)
