"""Conditions of appointments."""

from typing import Final

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Days
from tasks.audience.rates import Rate, Shares
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words

_STANDS: Final = "a.status <> 'cancelled'"
_STOOD: Final = (
    "(a.status <> 'cancelled' or a.cancelled_at > {until}) and (a.booked_at is null or a.booked_at <= {until})"
)
"""Of a past day: what was called off since stood, and what was booked since was not there."""


class FutureAppointmentParams(Params, frozen=True):
    """There is an appointment today or later, neither called off nor over, within the next days if a number is given; or there is none.

    The same as the suppression `appointment` of plans.
    """

    exists: bool = True
    within_days: Days | None = None


def _future_appointment(params: FutureAppointmentParams, binds: Binds) -> Asked:
    soon = (
        "true" if params.within_days is None else f"a.starts_on <= {{today}} + {binds.add(params.within_days, 'int')}"
    )
    stands = _STOOD if binds.past else _STANDS
    return Some(
        source="appointment a",
        who="a.customer_id",
        merchant="a.merchant_id",
        where=f"a.starts_on >= {{today}} and {soon} and {stands} and not (a.status in ('arrived', 'missed') and a.starts_at <= {{at}})",
        none=not params.exists,
        seen="min(a.starts_on)::text",
    )


def _future_appointment_words(params: FutureAppointmentParams, words: Words) -> str:
    when = "" if params.within_days is None else words.say("{} 天内", " within {} days", params.within_days)
    if params.exists:
        return words.say("{}有预约", "has an appointment{}", when)
    return words.say("{}没有预约", "has no appointment{}", when)


register(
    Condition(
        name="future_appointment",
        group=Group.CONTACT,
        params=FutureAppointmentParams,
        zh="有未到的预约",
        en="Future appointment",
        ask=_future_appointment,
        words=_future_appointment_words,
        example={"exists": False},
        seen=Seen.DAY,
    )
)


class UnconfirmedAppointmentParams(Params, frozen=True):
    """There is an appointment still to come, within the next days, that she has not said yes to: booked, and nothing else since."""

    within_days: Days


def _unconfirmed_appointment(params: UnconfirmedAppointmentParams, binds: Binds) -> Asked:
    known = "(a.booked_at is null or a.booked_at <= {until})" if binds.past else "true"
    soon = f"a.starts_on >= {{today}} and a.starts_on <= {{today}} + {binds.add(params.within_days, 'int')}"
    return Some(
        source="appointment a",
        who="a.customer_id",
        merchant="a.merchant_id",
        where=f"{soon} and a.starts_at > {{at}} and a.status = 'booked' and {known}",
        seen="min(a.starts_on)::text",
    )


def _unconfirmed_appointment_words(params: UnconfirmedAppointmentParams, words: Words) -> str:
    return words.say(
        "{} 天内有未确认的预约", "has an appointment within {} days that is not confirmed", params.within_days
    )


register(
    Condition(
        name="unconfirmed_appointment",
        group=Group.CONTACT,
        params=UnconfirmedAppointmentParams,
        zh="有未确认的预约",
        en="Unconfirmed appointment",
        ask=_unconfirmed_appointment,
        words=_unconfirmed_appointment_words,
        example={"withinDays": 1},
        seen=Seen.DAY,
        todays=True,
    )
)


class NoShowRateParams(Shares, frozen=True):
    """In how many of a hundred appointments that are over she did not come, of all or of the last days; what was called off does not count.

    Whoever had none has no rate.
    """


def _no_show_rate(params: NoShowRateParams, binds: Binds) -> Asked:
    rate = Rate("count(*) filter (where a.status = 'missed')", "count(*)")
    window = "true" if params.within_days is None else f"a.starts_on >= {binds.days_ago(params.within_days)}"
    return Some(
        source="appointment a",
        who="a.customer_id",
        merchant="a.merchant_id",
        where=f"a.starts_at <= {{at}} and a.status in ('arrived', 'missed') and {window}",
        holds=rate.holds(params, binds),
        seen=rate.seen,
    )


def _no_show_rate_words(params: NoShowRateParams, words: Words) -> str:
    bounds = words.bounds(params, suffix=("%", "%"))
    if params.within_days is None:
        return words.say("预约爽约率{}", "no-show rate {}", bounds)
    return words.say("近 {} 天预约爽约率{}", "no-show rate in the last {} days {}", params.within_days, bounds)


register(
    Condition(
        name="no_show_rate",
        group=Group.CONTACT,
        params=NoShowRateParams,
        zh="爽约率",
        en="No-show rate",
        ask=_no_show_rate,
        words=_no_show_rate_words,
        example={"withinDays": 365, "atLeast": 30},
        seen=Seen.PERCENT,
    )
)
