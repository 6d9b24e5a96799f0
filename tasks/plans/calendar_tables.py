"""Tables of the merchant's own festivals and of public holidays."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, big, check, document, instant, key, of_merchant, one_of, text, unique
from tasks.plans.calendars.holidays import HolidayKind


class OwnFestival(Row, table=True):
    """A festival of the merchant's own (店庆, 闺蜜节): `days` says when it is (tasks.plans.calendars.yearly). Plans name it by its name."""

    __tablename__ = "festival"

    merchant_id: UUID = key()
    id: UUID = key()
    name: str = text()
    days: dict[str, Any] = document()
    etag: int = big(default=1)
    created_at: datetime = instant()
    changed_at: datetime = instant()

    __table_args__ = (of_merchant(), check("name", "name <> ''"), unique("name", "merchant_id"))


class PublicHoliday(Row, table=True):
    """A day that the state declared a holiday, or a working day in exchange for one (调休). A year without any row is unknown."""

    __tablename__ = "public_holiday"

    merchant_id: UUID = key()
    day_on: date = Field(primary_key=True)
    kind: str = text()
    name: str = text()

    __table_args__ = (of_merchant(), one_of("kind", HolidayKind), check("name", "name <> ''"))
