"""What each outcome needs, typed: the fields of a callback, checked for sense and refused with the field named. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import Invalid
from tasks.kernel.zones import local_day, local_instant
from tasks.people.contact_state import RefusalScope

MAX_AHEAD: Final = timedelta(days=180)
"""No appointment or call-back is further ahead than this: past it a year was mistyped."""


MAX_AMOUNT: Final = 100_000_000
"""Nobody pays a million yuan in a salon (分)."""


class HalfDay(StrEnum):
    """As exactly as some customers say it."""

    MORNING = "morning"
    """上午"""
    AFTERNOON = "afternoon"
    """下午"""


HALF_DAY_STARTS: Final = {HalfDay.MORNING: time(9), HalfDay.AFTERNOON: time(14)}
"""The wall time that stands for a half-day in `starts_at`."""


class Fields(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What an outcome needs; none unless a subclass says so."""

    def check(self, at: datetime, zone: str) -> None:
        """Raise `Invalid` when the values, each of the right type, make no sense together for a contact at `at`."""


class NoFields(Fields, frozen=True):
    """Nothing more is to be said."""


class BookedFields(Fields, frozen=True):
    """An exact time, or a store-local day and half-day; a service by code or name, and who will serve, when it was said."""

    starts_at: datetime | None = None
    starts_on: date | None = None
    half_day: HalfDay | None = None
    service: str | None = None
    staff_id: UUID | None = None

    def check(self, at: datetime, zone: str) -> None:
        """Raise `Invalid` unless there is one time, from the day of the contact on."""
        if self.starts_at is not None:
            if self.starts_on is not None or self.half_day is not None:
                raise Invalid("fields.startsAt", "either an exact time or a day with a half-day")
            check_ahead("fields.startsAt", self.starts_at, local_instant(local_day(at, zone), time(0), zone))
            return
        if self.starts_on is None:
            raise Invalid("fields.startsAt", "is needed, or startsOn with halfDay")
        if self.half_day is None:
            raise Invalid("fields.halfDay", "is needed with startsOn")
        if not local_day(at, zone) <= self.starts_on <= local_day(at + MAX_AHEAD, zone):
            raise Invalid("fields.startsOn", "must be a day from the contact on, within 180 days")

    def instant(self, zone: str) -> datetime:
        """Return the instant that stands for what was said."""
        if self.starts_at is not None or self.starts_on is None or self.half_day is None:
            return self.starts_at  # type: ignore[return-value]  # `check` was called before
        return local_instant(self.starts_on, HALF_DAY_STARTS[self.half_day], zone)


class WillComeFields(Fields, frozen=True):
    """The store-local day she promised to come, and the half of it when she said."""

    promised_on: date
    half_day: HalfDay | None = None

    def check(self, at: datetime, zone: str) -> None:
        """Raise `Invalid` unless the day is the contact's or later."""
        if not local_day(at, zone) <= self.promised_on <= local_day(at + MAX_AHEAD, zone):
            raise Invalid("fields.promisedOn", "must be a day from the contact on, within 180 days")


class PaidFields(Fields, frozen=True):
    """What she paid (分), when the employee knows; the sale itself comes with the books."""

    amount_cents: int | None = None

    def check(self, at: datetime, zone: str) -> None:  # noqa: ARG002  # an amount needs no clock
        """Raise `Invalid` unless the amount is above zero and no slip of the finger."""
        if self.amount_cents is not None and not 1 <= self.amount_cents <= MAX_AMOUNT:
            raise Invalid("fields.amountCents", f"is not between 1 and {MAX_AMOUNT}")


class InterestedLaterFields(Fields, frozen=True):
    """When to contact her again."""

    contact_at: datetime

    def check(self, at: datetime, zone: str) -> None:  # noqa: ARG002  # an instant needs no zone
        """Raise `Invalid` unless the time is after the contact."""
        check_ahead("fields.contactAt", self.contact_at, at + timedelta(microseconds=1))


class CallbackRequestedFields(Fields, frozen=True):
    """The exact time she asked to be called at."""

    callback_at: datetime

    def check(self, at: datetime, zone: str) -> None:  # noqa: ARG002  # an instant needs no zone
        """Raise `Invalid` unless the time is after the contact."""
        check_ahead("fields.callbackAt", self.callback_at, at + timedelta(microseconds=1))


class WrongNumberFields(Fields, frozen=True):
    """Which of her numbers is wrong; without it the one that is dialled first."""

    contact_point_id: UUID | None = None


class NotInterestedFields(Fields, frozen=True):
    """Why not, by the code of a reason."""

    reason: str


class RefusedContactFields(Fields, frozen=True):
    """What she does not want: calls, messages, or any contact."""

    scope: RefusalScope


class ComplaintFields(Fields, frozen=True):
    """What the complaint is about, by the code of a category."""

    category: str


class SkippedFields(Fields, frozen=True):
    """Why she was not contacted, by the code of a reason."""

    reason: str


def check_ahead(field: str, value: datetime, first: datetime) -> None:
    """Raise `Invalid` unless `value` is an instant from `first` on and not absurdly far away."""
    if value.tzinfo is None:
        raise Invalid(field, "needs a time zone")
    if not first <= value <= first + MAX_AHEAD:
        raise Invalid(field, "must be in the future, within 180 days")


def parse(shape: type[Fields], raw: Mapping[str, Any]) -> Fields:
    """Return the typed fields; raises `Invalid` naming the one that is missing, unknown or of the wrong type."""
    try:
        return msgspec.convert(dict(raw), shape)
    except msgspec.ValidationError as fault:
        raise Invalid(_blamed(str(fault)), str(fault).partition(" - at ")[0]) from fault


def _blamed(fault: str) -> str:
    why, _, path = fault.partition(" - at `$")
    named = why.partition("field `")[2].partition("`")[0]
    return f"fields{path.rstrip('`')}{'.' + named if named else ''}"
