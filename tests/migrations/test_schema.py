"""The schema as the database has it: tenancy (X2), the definer list, and migrations that add up to the tables."""

import re
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import embedded
from backend.db.definers import FUNCTIONS
from backend.db.engine import driver_url, open_engine
from backend.db.schema import statements, tenant_tables
from backend.embedded.programs import POSTGRES_BIN

NOT_TENANT = {"address_holder", "alembic_version", "clock_setting", "heartbeat", "login_throttle"}


@pytest.fixture(scope="module")
async def owner(servers: embedded.Servers) -> AsyncIterator[AsyncConnection]:
    engine = open_engine(servers.migration_url, as_app=False)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def fetch(connection: AsyncConnection, sql: str, **values: Any) -> list[Any]:
    return list((await connection.execute(text(sql), values)).all())


async def test_every_table_is_a_tenant_table_or_named_as_none(owner: AsyncConnection) -> None:
    found = {row.tablename for row in await fetch(owner, "select tablename from pg_tables where schemaname = 'public'")}
    assert found - NOT_TENANT == {table.name for table in tenant_tables()}


async def test_row_level_security_is_forced_with_the_one_policy(owner: AsyncConnection) -> None:
    rows = await fetch(
        owner,
        "select c.relname, c.relrowsecurity, c.relforcerowsecurity, "
        "(select count(*) from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant' and p.polcmd = '*' and p.polwithcheck is not null) as policies "
        "from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'",
    )
    wrong = [
        row.relname
        for row in rows
        if row.relname not in NOT_TENANT and not (row.relrowsecurity and row.relforcerowsecurity and row.policies == 1)
    ]
    assert wrong == []


async def test_every_key_contains_the_merchant(owner: AsyncConnection) -> None:
    rows = await fetch(
        owner,
        "select c.conrelid::regclass::text as tab, c.conname, "
        "exists (select from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any(c.conkey) and a.attname = 'merchant_id') as here, "
        "c.contype <> 'f' or exists (select from pg_attribute a "
        "where a.attrelid = c.confrelid and a.attnum = any(c.confkey) and a.attname = 'merchant_id') as there "
        "from pg_constraint c where c.connamespace = 'public'::regnamespace and c.contype in ('p', 'u', 'f')",
    )
    assert [(row.tab, row.conname) for row in rows if row.tab not in NOT_TENANT and not (row.here and row.there)] == []


async def test_unique_indexes_contain_the_merchant_and_no_secondary_index_begins_with_it(
    owner: AsyncConnection,
) -> None:
    rows = await fetch(
        owner,
        "select i.indrelid::regclass::text as tab, i.indexrelid::regclass::text as name, i.indisprimary, i.indisunique, "
        "array(select a.attname::text from unnest(i.indkey) with ordinality k(attnum, nth) "
        "join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by nth) as columns "
        "from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace",
    )
    secondary = [row for row in rows if row.tab not in NOT_TENANT and not row.indisprimary]
    assert [row.name for row in secondary if row.columns[0] == "merchant_id"] == []
    assert [row.name for row in secondary if row.indisunique and "merchant_id" not in row.columns] == []


async def test_only_the_primary_key_of_a_referenced_table_can_serve_a_foreign_key_check(owner: AsyncConnection) -> None:
    """Every other index with `id` or `merchant_id` in it is partial: PostgreSQL 18 would skip over its leading columns (test_traps)."""
    rows = await fetch(
        owner,
        "select distinct i.indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indrelid "
        "join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) and a.attname in ('id', 'merchant_id') "
        "where c.relnamespace = 'public'::regnamespace and not i.indisprimary and i.indpred is null "
        "and exists (select from pg_constraint f where f.contype = 'f' and f.confrelid = i.indrelid)",
    )
    assert [row.name for row in rows] == []


async def test_filterable_columns_have_leakproof_comparisons(owner: AsyncConnection) -> None:
    """No enum, array, range or numeric column stands in an index: under row-level security its operators would not use it."""
    rows = await fetch(
        owner,
        "select distinct i.indrelid::regclass::text || '.' || a.attname as col, t.typname from pg_index i join pg_class c on c.oid = i.indrelid "
        "join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) join pg_type t on t.oid = a.atttypid "
        "where c.relnamespace = 'public'::regnamespace",
    )
    allowed = {"uuid", "int8", "int4", "text", "date", "timestamptz", "bool"}
    assert [row.col for row in rows if row.typname not in allowed and not row.col.startswith("alembic_version")] == []


async def test_the_definer_list_is_complete(owner: AsyncConnection) -> None:
    rows = await fetch(
        owner,
        "select p.proname, r.rolname, r.rolcanlogin, r.rolsuper or r.rolbypassrls as above from pg_proc p join pg_roles r on r.oid = p.proowner "
        "where p.pronamespace = 'public'::regnamespace and p.prosecdef",
    )
    listed = {signature[: signature.index("(")] for signature in FUNCTIONS} | {"refresh_stats"}
    assert {row.proname for row in rows} == listed
    by_definer = [row for row in rows if row.proname != "refresh_stats"]
    assert {(row.rolname, row.rolcanlogin, row.above) for row in by_definer} == {("huifang_definer", False, False)}


async def test_the_app_role_owns_nothing(owner: AsyncConnection) -> None:
    assert (
        await fetch(
            owner, "select relname from pg_class where relowner = 'huifang_app'::regrole and relpersistence <> 't'"
        )
        == []
    )
    (role,) = await fetch(
        owner, "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = 'huifang_app'"
    )
    assert tuple(role) == (False, False, False, False)


def dump(url: str) -> list[str]:
    """A database's schema, without comments, settings and the migration table, as sorted statements."""
    parsed = driver_url(url)
    command = [
        str(POSTGRES_BIN / "pg_dump"),
        "--schema-only",
        "-h",
        str(parsed.query["host"]),
        "-U",
        str(parsed.username),
        str(parsed.database),
    ]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own wheel's program
    out = re.sub(r"^(--.*|SET .*|SELECT pg_catalog.*|\\.*)$", "", out, flags=re.MULTILINE)
    statements = [" ".join(one.split()) for one in re.split(r";\n", out)]
    return sorted(one for one in statements if one and "alembic_version" not in one)


async def test_migrations_add_up_to_the_tables(stack: embedded.Handle, servers: embedded.Servers) -> None:
    fresh = stack.create_database("fresh_build")
    engine = open_engine(fresh.migration_url, as_app=False)
    async with engine.begin() as connection:
        for statement in statements():
            await connection.exec_driver_sql(statement)
    await engine.dispose()
    try:
        assert dump(servers.migration_url) == dump(fresh.migration_url)
    finally:
        stack.drop_database("fresh_build")
