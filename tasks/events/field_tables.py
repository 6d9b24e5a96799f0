"""The table of event fields that conditions may ask for; the whole payload stays sealed."""

from datetime import date
from uuid import UUID

from tasks.kernel.columns import Row, big, check, day, key, refers, text


class EventField(Row, table=True):
    """One field of one event, in the column of its kind; numbers are in thousandths, a flag is a number of 0 or 1000.

    Only fields on the list of their type, and those a merchant declared, stand here: free words never do.
    """

    __tablename__ = "event_field"

    merchant_id: UUID = key()
    event_id: UUID = key()
    name: str = text(primary_key=True)
    text_value: str | None = text(default=None)
    number_milli: int | None = big(default=None)
    day_value: date | None = day(default=None)

    __table_args__ = (
        refers("event_id", "event", cascade=True),
        check("one_value", "num_nonnulls(text_value, number_milli, day_value) = 1"),
    )
