"""The whole schema as statements, from the tables: what a fresh database gets, and what the migrations must add up to."""

from collections.abc import Iterator

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.schema import CreateIndex, CreateTable, DefaultClause, MetaData
from sqlalchemy.sql import text

import backend.auth.tables
import backend.imports.tables
import backend.observability.tables
import tasks.actions.tables
import tasks.attribution.tables
import tasks.audience.tables
import tasks.benefits.tables
import tasks.callbacks.tables
import tasks.desk.tables
import tasks.events.field_tables
import tasks.events.tables
import tasks.files.tables
import tasks.flow.tables
import tasks.generation.tables
import tasks.insight.tables
import tasks.ledger.card_tables
import tasks.ledger.catalog_tables
import tasks.ledger.point_tables
import tasks.ledger.tables
import tasks.notices.tables
import tasks.people.customer_tables
import tasks.people.tables
import tasks.people.tag_tables
import tasks.people.trait_tables
import tasks.plans.calendar_tables
import tasks.plans.tables
import tasks.promises.tables
import tasks.scripting.tables
import tasks.worklist.tables
from backend.db.definers import definer_statements
from backend.db.references import reference_statements
from tasks.kernel.columns import schema

_LOADED = (
    backend.auth.tables,
    backend.imports.tables,
    backend.observability.tables,
    tasks.actions.tables,
    tasks.attribution.tables,
    tasks.audience.tables,
    tasks.benefits.tables,
    tasks.callbacks.tables,
    tasks.desk.tables,
    tasks.events.field_tables,
    tasks.events.tables,
    tasks.files.tables,
    tasks.flow.tables,
    tasks.generation.tables,
    tasks.insight.tables,
    tasks.ledger.card_tables,
    tasks.ledger.catalog_tables,
    tasks.ledger.point_tables,
    tasks.ledger.tables,
    tasks.notices.tables,
    tasks.people.customer_tables,
    tasks.people.tables,
    tasks.people.tag_tables,
    tasks.people.trait_tables,
    tasks.plans.calendar_tables,
    tasks.plans.tables,
    tasks.promises.tables,
    tasks.scripting.tables,
    tasks.worklist.tables,
)
"""Importing a table module is what puts its tables into the schema."""

TENANT = "(merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))"
"""The one policy: a bare cast of the setting fails on a connection that was used before (architecture.md)."""


def tables() -> list[Table]:
    """Return every table, referenced ones first."""
    metadata = schema()
    _server_defaults(metadata)
    return metadata.sorted_tables


def tenant_tables() -> list[Table]:
    """Return the tables that belong to a merchant."""
    return [table for table in tables() if "merchant_id" in table.c]


def _server_defaults(metadata: MetaData) -> None:
    """Give plain Python defaults to the database too, so that set-based inserts may leave columns out."""
    for table in metadata.tables.values():
        for column in table.columns:
            value = getattr(column.default, "arg", None)
            if column.server_default is None and isinstance(value, str | int | bool):
                literal = (
                    str(value).lower()
                    if isinstance(value, bool)
                    else f"'{value}'"
                    if isinstance(value, str)
                    else str(value)
                )
                column.server_default = DefaultClause(text(literal))


def statements() -> Iterator[str]:
    """Yield every statement that builds the schema in an empty database, in order, as the owner."""
    dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy types its dialects loosely
    for table in tables():
        yield str(CreateTable(table).compile(dialect=dialect)).strip()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect)).strip()
    for table in tenant_tables():
        yield f"alter table {table.name} enable row level security"
        yield f"alter table {table.name} force row level security"
        yield f"create policy tenant on {table.name} to huifang_app using {TENANT} with check {TENANT}"
    yield "grant usage on schema public to huifang_app"
    yield "grant select, insert, update, delete on all tables in schema public to huifang_app"
    yield from reference_statements()
    yield from definer_statements()
    yield "insert into clock_setting (id, offset_us) values (1, 0)"
