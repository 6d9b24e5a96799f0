"""Conditions of contacts with a customer."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any, Final

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Count, Percent, When, bounded, check_bounds, dates, holds_at_zero, when, when_words
from tasks.audience.rates import Rate, check_percents
from tasks.audience.references import MOST_NAMED, StaffId
from tasks.audience.registry import Condition, register
from tasks.audience.states import Group
from tasks.audience.windows import Window, about_window, check_window, in_window, window_words
from tasks.audience.wording import Seen, Words
from tasks.worklist.states import Channel

Channels = Annotated[tuple[Channel, ...], msgspec.Meta(max_length=len(Channel))]
Staff = Annotated[tuple[StaffId, ...], msgspec.Meta(max_length=MOST_NAMED)]
CHANNELS: Final = {
    Channel.PHONE: ("电话", "phone"),
    Channel.WECHAT: ("微信", "WeChat"),
    Channel.IN_STORE: ("到店当面", "face to face"),
    Channel.SMS: ("短信", "text message"),
}
"""A channel in words."""


def _of(params: Any, binds: Binds) -> str:
    """Return which contacts are meant: of these channels, by these staff, that have happened."""
    parts = ["o.contacted_at <= {until}"]
    if params.channels:
        parts.append(f"o.channel = any({binds.add([one.value for one in params.channels], 'text[]')})")
    if params.staff:
        parts.append(f"o.staff_id = any({binds.add(list(params.staff), 'uuid[]')})")
    return " and ".join(parts)


def _by(params: Any, words: Words) -> str:
    """Return channels and staff in words, to stand before the verb."""
    by = words.say("由{}", " by {}", words.named(params.staff)) if params.staff else ""
    how = words.either(words.say(*CHANNELS[one]) for one in params.channels)
    return by + (words.say("通过{}", " by way of {}", how) if how else "")


class LastContactedParams(When, frozen=True):
    """When somebody last contacted her, by whatever way and whoever it was, or only by these channels or staff."""

    channels: Channels = ()
    staff: Staff = ()


def _last_contacted(params: LastContactedParams, binds: Binds) -> Asked:
    """The lower bounds of the newest contact's day choose the rows, so that an index serves; the upper ones are asked of the newest among them."""
    asked = Some("contact o", "o.customer_id", "o.merchant_id", _of(params, binds), seen="max(o.contacted_on)::text")
    far = params.not_within_days
    if far is not None and params.within_days is None and params.from_on is None and params.to_on is None:
        return replace(asked, where=f"{asked.where} and {_since(binds, far, None)}", none=True)
    near = replace(asked, where=f"{asked.where} and {_since(binds, params.within_days, params.from_on)}")
    if far is None and params.to_on is None:
        return near
    return replace(near, holds=when("max(o.contacted_on)", params, dates(binds)))


def _since(binds: Binds, within_days: int | None, from_on: date | None) -> str:
    """Return the SQL of contacts since the later of two days."""
    days = [] if within_days is None else [binds.day - timedelta(days=within_days)]
    days += [] if from_on is None else [from_on]
    return _between(Window(from_on=max(days)), binds) if days else "true"


def _between(window: Any, binds: Binds) -> str:
    """A contact keeps its day in the task's store; the index is on its instant."""
    return f"{in_window('o.contacted_on', window, binds)} and {about_window('o.contacted_at', window, binds)}"


def _last_contacted_words(params: LastContactedParams, words: Words) -> str:
    by = _by(params, words)
    return when_words(params, words, (f"{by}联系过", f"contacted{by}"), (f"没有{by}联系过", f"not contacted{by}"))


register(
    Condition(
        name="last_contacted",
        group=Group.CONTACT,
        params=LastContactedParams,
        zh="最近联系",
        en="Last contacted",
        ask=_last_contacted,
        words=_last_contacted_words,
        example={"notWithinDays": 30},
        seen=Seen.DAY,
    )
)


class ContactsInPeriodParams(Window, frozen=True):
    """How often she was contacted in a window of days; `replied`: only contacts in which she was reached. None is 0."""

    equals: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None
    above: Count | None = None
    below: Count | None = None
    channels: Channels = ()
    staff: Staff = ()
    replied: bool = False

    def __post_init__(self) -> None:
        """Refuse a window or bounds that say nothing."""
        check_window(self)
        check_bounds(self)


def _contacts_in_period(params: ContactsInPeriodParams, binds: Binds) -> Asked:
    reached = "o.reached" if params.replied else "true"
    return Some(
        source="contact o",
        who="o.customer_id",
        merchant="o.merchant_id",
        where=f"{_of(params, binds)} and {_between(params, binds)} and {reached}",
        holds=bounded("count(*)", params, binds),
        empty=holds_at_zero(params),
    )


def _contacts_in_period_words(params: ContactsInPeriodParams, words: Words) -> str:
    what = (
        words.say("有回应的联系次数", "number of contacts with a reply")
        if params.replied
        else words.say("联系次数", "number of contacts")
    )
    bounds = words.bounds(params, suffix=(" 次", ""))
    return words.say("{}{}{}{}", "{2}{1} {0} {3}", window_words(params, words), _by(params, words), what, bounds)


register(
    Condition(
        name="contacts_in_period",
        group=Group.CONTACT,
        params=ContactsInPeriodParams,
        zh="一段时间内的联系次数",
        en="Contacts in a period",
        ask=_contacts_in_period,
        words=_contacts_in_period_words,
        example={"withinDays": 30, "atMost": 3},
    )
)


class ReplyRateParams(Window, frozen=True):
    """In how many of a hundred contacts in a window of days she was reached; whoever was not contacted has no rate."""

    equals: Percent | None = None
    at_least: Percent | None = None
    at_most: Percent | None = None
    above: Percent | None = None
    below: Percent | None = None
    channels: Channels = ()
    staff: Staff = ()

    def __post_init__(self) -> None:
        """Refuse a window or bounds that say nothing."""
        check_window(self)
        check_percents(self)


def _reply_rate(params: ReplyRateParams, binds: Binds) -> Asked:
    rate = Rate("count(*) filter (where o.reached)", "count(*)")
    return Some(
        source="contact o",
        who="o.customer_id",
        merchant="o.merchant_id",
        where=f"{_of(params, binds)} and {_between(params, binds)}",
        holds=rate.holds(params, binds),
        seen=rate.seen,
    )


def _reply_rate_words(params: ReplyRateParams, words: Words) -> str:
    bounds = words.bounds(params, suffix=("%", "%"))
    return words.say(
        "{}{}联系回应率{}", "reply rate of contacts{1} {0} {2}", window_words(params, words), _by(params, words), bounds
    )


register(
    Condition(
        name="reply_rate",
        group=Group.CONTACT,
        params=ReplyRateParams,
        zh="联系回应率",
        en="Reply rate",
        ask=_reply_rate,
        words=_reply_rate_words,
        example={"withinDays": 180, "below": 30},
        seen=Seen.PERCENT,
    )
)
