"""Tables of what a merchant says customers can be: levels, sources, and attributes of its own."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, big, check, day, document, index, key, of_merchant, one_of, only, refers, text
from tasks.people.states import AttributeAbout, AttributeKind


class Level(Row, table=True):
    """A membership level; `rank` orders them, `customer.level` holds the code. `benefit` is what staff may promise (老客9折)."""

    __tablename__ = "customer_level"

    merchant_id: UUID = key()
    code: str = text(primary_key=True)
    name: str = text()
    rank: int = Field(default=0)
    benefit: str = text(default="")
    active: bool = Field(default=True)
    etag: int = big(default=1)

    __table_args__ = (of_merchant(), check("code", "code <> ''"))


class Source(Row, table=True):
    """Where customers come from (点评, 美团, 抖音, 小红书, referral, walk-in …); `customer.source` holds the code."""

    __tablename__ = "customer_source"

    merchant_id: UUID = key()
    code: str = text(primary_key=True)
    name: str = text()
    active: bool = Field(default=True)
    etag: int = big(default=1)

    __table_args__ = (of_merchant(), check("code", "code <> ''"))


class Attribute(Row, table=True):
    """A field that a merchant declares, of its customers or of one type of event. `choices` are the values a text may have; empty: any.

    A `sensitive` one (allergies, pregnancy) is shown to staff as context and goes into a text only when the merchant says so.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    about: str = text()
    event_type: str = text(default="")
    code: str = text()
    name: str = text()
    kind: str = text()
    choices: list[Any] = document(default_factory=list)
    sensitive: bool = Field(default=False)
    active: bool = Field(default=True)
    etag: int = big(default=1)

    __table_args__ = (
        of_merchant(),
        one_of("about", AttributeAbout),
        one_of("kind", AttributeKind),
        check("code", "code <> ''"),
        check("event_type", "(about = 'event') = (event_type <> '')"),
        only("attribute", "code", "about", "event_type", "merchant_id", where="code <> ''"),
    )


class CustomerAttribute(Row, table=True):
    """A customer's value of a declared attribute, in the one column of its kind; numbers are in thousandths, a flag is a number of 0 or 1000."""

    __tablename__ = "customer_attribute"

    merchant_id: UUID = key()
    customer_id: UUID = key()
    attribute_id: UUID = key()
    text_value: str | None = text(default=None)
    number_milli: int | None = big(default=None)
    day_value: date | None = day(default=None)

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("attribute_id", "attribute"),
        check("one_value", "num_nonnulls(text_value, number_milli, day_value) = 1"),
        index(
            "ix_customer_attribute_text", "attribute_id", "text_value", "customer_id", where="text_value is not null"
        ),
        index(
            "ix_customer_attribute_number",
            "attribute_id",
            "number_milli",
            "customer_id",
            where="number_milli is not null",
        ),
        index("ix_customer_attribute_day", "attribute_id", "day_value", "customer_id", where="day_value is not null"),
    )
