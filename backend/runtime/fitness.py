"""Whether a database may be served from: reachable, at the newest schema, as a role row-level security binds."""

from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.db.roles import APP

LEAST_POSTGRES: Final = 150_000
MOST_POSTGRES: Final = 190_000
"""`server_version_num` from 15 to 18."""
STILL: Final = timedelta(milliseconds=1)

_IDENTITY = text("""
    select current_user::text as name, r.rolsuper as superuser, r.rolbypassrls as bypasses,
           exists (select from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p')
                   and c.relpersistence <> 't') as owns
    from pg_roles r where r.rolname = current_user
""")
_MADE = text("select to_regclass('public.alembic_version') is not null")
_REVISION = text("select version_num from alembic_version")
_OFFSET = text("select offset_us from clock_setting")


class Unfit(Exception):
    """The deployment cannot be served from; the message says why and what to do."""


class Identity(msgspec.Struct, frozen=True):
    """Who a connection is after it took its role, and what that role could do to row-level security."""

    name: str
    superuser: bool
    bypasses: bool
    owns: bool

    @property
    def bound(self) -> bool:
        """True when row-level security binds it."""
        return self.name == APP and not (self.superuser or self.bypasses or self.owns)


async def identity(connection: AsyncConnection) -> Identity:
    """Ask the server who we are."""
    return Identity(**(await connection.execute(_IDENTITY)).mappings().one())


async def revision(connection: AsyncConnection) -> str | None:
    """Ask which revision the schema is at; None when there is no schema."""
    made = (await connection.execute(_MADE)).scalar()
    return (await connection.execute(_REVISION)).scalar() if made else None


async def offset(connection: AsyncConnection) -> timedelta:
    """Ask how far business time is from the database clock."""
    return timedelta(microseconds=(await connection.execute(_OFFSET)).scalar_one())


def unreachable(fault: BaseException) -> str:
    """Say what a failed connection means, without the address, which may hold a password."""
    cause = getattr(fault, "orig", None) or fault
    words = str(cause).lower()
    if f'"{APP}"' in words and ("permission denied to set role" in words or "does not exist" in words):
        return f"this database login cannot act as {APP}: run `huifang migrate`, and log in as {APP} or grant it"
    if "invalid value for parameter" in words and "role" in words:
        return f"the role {APP} does not exist or is not granted to this login: run `huifang migrate`"
    if "permission denied for database" in words:
        return f"this login may not connect to the database of HUIFANG_DATABASE_URL: log in as {APP}"
    if "password authentication failed" in words:
        return "PostgreSQL refused the password of HUIFANG_DATABASE_URL"
    return f"PostgreSQL does not answer at HUIFANG_DATABASE_URL ({type(cause).__name__})"
