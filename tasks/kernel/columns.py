"""Column and constraint words for the tables, so that each table reads as what it promises."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_1_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name that a migration can say again."""

SQLModel.metadata.naming_convention = NAMES


class Row(SQLModel):
    """The base of every table; `metadata` is the schema."""


def schema() -> MetaData:
    """Return the metadata that all imported tables are part of."""
    return SQLModel.metadata


def key() -> Any:
    """A primary-key column; put `merchant_id` first."""
    return Field(primary_key=True)


def text(**options: Any) -> Any:
    """Text without a length: limits are checks at the edges."""
    return Field(sa_type=Text, **options)


def instant(**options: Any) -> Any:
    """A UTC instant, `timestamptz`."""
    return Field(sa_type=DateTime(timezone=True), **options)


def day(**options: Any) -> Any:
    """A store-local calendar day."""
    return Field(sa_type=Date, **options)


def big(**options: Any) -> Any:
    """A bigint: money in 分, revisions, counts that may grow."""
    return Field(sa_type=BigInteger, **options)


def blob(**options: Any) -> Any:
    """Bytes, sealed unless the column's docstring says otherwise."""
    return Field(sa_type=LargeBinary, **options)


def ids(**options: Any) -> Any:
    """A list of ids."""
    return Field(sa_type=ARRAY(Uuid), **options)


def document(**options: Any) -> Any:
    """A JSON document that nothing filters on."""
    return Field(sa_type=JSONB, **options)


def refers(column: str, table: str, *, cascade: bool = False) -> ForeignKeyConstraint:
    """A reference that contains `merchant_id`, so that it cannot cross merchants."""
    return ForeignKeyConstraint(
        ["merchant_id", column],
        [f"{table}.merchant_id", f"{table}.id"],
        ondelete="CASCADE" if cascade else None,
    )


def of_merchant() -> ForeignKeyConstraint:
    """The reference to the merchant, for tables that have no other tenant reference."""
    return ForeignKeyConstraint(["merchant_id"], ["merchant.merchant_id"], name="fk_merchant")


def one_of(column: str, values: type[StrEnum] | Iterable[str]) -> CheckConstraint:
    """`text` + CHECK: an enum type has no leakproof equality under row-level security."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({allowed})", name=column)


def check(name: str, condition: str) -> CheckConstraint:
    """A named rule that every row keeps."""
    return CheckConstraint(condition, name=name)


def unique(*columns: str) -> UniqueConstraint:
    """A unique key; the selective column leads and `merchant_id` is among them."""
    return UniqueConstraint(*columns)


def only(table: str, *columns: str, where: str) -> Index:
    """A unique key of a table that others refer to. It is partial by a condition that holds for every row it is for and that no foreign-key check states.

    While statistics are young the planner takes any index with `merchant_id` or `id` in it for such a check (PostgreSQL 18 skips over leading columns),
    and 20,000 rows take minutes; a partial one it cannot take (ADR 5, tests/migrations/test_traps.py).
    """
    return Index(f"uq_{table}_{columns[0]}", *columns, unique=True, postgresql_where=sql(where))


def index(
    name: str, *columns: str, where: str | None = None, is_unique: bool = False, beside: tuple[str, ...] = ()
) -> Index:
    """A secondary index; it leads with the selective column, never with `merchant_id` (architecture.md, measured trap).

    `beside` are columns that stand in it without being searched by, so that a pass over everybody need not touch the table; `merchant_id` must be one of
    them, since row-level security asks for it.
    """
    return Index(
        name,
        *columns,
        unique=is_unique,
        postgresql_where=sql(where) if where else None,
        postgresql_include=list(beside) or None,
    )
