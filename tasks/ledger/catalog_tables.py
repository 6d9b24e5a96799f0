"""The table of categories of services and goods."""

from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, big, check, key, of_merchant, text


class Category(Row, table=True):
    """A category of the catalogue; `product.category` holds the code. `usual_gap_days` is after how many days customers usually come back for it."""

    merchant_id: UUID = key()
    code: str = text(primary_key=True)
    name: str = text()
    usual_gap_days: int | None = Field(default=None)
    active: bool = Field(default=True)
    etag: int = big(default=1)

    __table_args__ = (
        of_merchant(),
        check("code", "code <> ''"),
        check("usual_gap_days", "usual_gap_days between 1 and 3660"),
    )
