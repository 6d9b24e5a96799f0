"""Until which day a promise can be kept, and when it is looked at."""

from datetime import date, datetime, timedelta

import msgspec

from tasks.kernel.zones import local_instant
from tasks.people.calendar import NeverOpens, StoreCalendar, next_open_day
from tasks.promises.rules import MORNING


class Term(msgspec.Struct, frozen=True):
    """The last store-local day that keeps a promise, and the instant at which it is looked at."""

    until_on: date
    settle_at: datetime


def term_of(calendar: StoreCalendar, promised_on: date) -> Term:
    """Return the term of a promise: closed days stop its clock (engine.md, "Closures").

    A day on which the store is closed is kept by the first open day after it; what was not kept is found out on the morning of the next open day.
    """
    try:
        until = next_open_day(calendar, promised_on)
        looked = next_open_day(calendar, until + timedelta(days=1))
    except NeverOpens:
        until, looked = promised_on, promised_on + timedelta(days=1)
    opens = calendar.hours[looked.weekday()][0] if looked.weekday() in calendar.hours else MORNING
    return Term(until, local_instant(looked, min(opens, MORNING), calendar.timezone))
