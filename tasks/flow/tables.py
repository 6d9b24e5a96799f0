"""The table of what the house finds when it looks at its own rows."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from tasks.kernel.columns import Row, check, day, document, index, instant, key, of_merchant, text


class SelfCheck(Row, table=True):
    """The last result of one look at a merchant's own rows: how many are not as they should be, and which (ids, at most a hundred).

    A look that goes over everything in many transactions writes its row `night` when it begins; `checked_on` is the night that was finished last.
    """

    __tablename__ = "self_check"

    merchant_id: UUID = key()
    name: str = text(primary_key=True)
    checked_at: datetime = instant()
    checked_on: date = day()
    found: int
    ids: list[Any] = document()

    __table_args__ = (
        of_merchant(),
        check("found", "found >= 0"),
        index("ix_self_check_found", "name", where="found > 0"),
    )
