"""PostgreSQL: reachable, of a supported version, durable, at head, and with every wall between merchants up."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.cli.doctor.finding import Finding, fail, ok, warn
from backend.db.migrate import head
from backend.db.roles import APP
from backend.db.schema import tenant_tables
from backend.observability.late import SILENT_S
from backend.runtime.fitness import LEAST_POSTGRES, MOST_POSTGRES, STILL, identity, offset, revision
from backend.settings import Environment

DURABLE: Final = ("fsync", "full_page_writes", "synchronous_commit")
Check = Callable[[AsyncConnection], Awaitable[Finding]]

_SETTINGS = text(
    "select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')"
)
_WALLS = text("""
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
           exists (select from pg_policy p where p.polrelid = c.oid) as ruled
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p')
""")
_SEEN = text("select clock_timestamp() - max(seen_at) as ago from heartbeat where loop = 'sweep'")


async def examine_database(connection: AsyncConnection, env: Environment) -> AsyncIterator[Finding]:
    """Look at everything one connection can see."""
    checks: dict[str, Check] = {"postgresql": version, "role": role, "durability": durability, "schema": at_head}
    for name, check in checks.items():
        yield await guarded(name, check, connection)
    if await revision(connection) is None:
        return
    yield await guarded("tenancy", tenancy, connection)
    yield await guarded("clock", lambda this: clock(this, env), connection)
    yield await guarded("worker", worker, connection)


async def guarded(name: str, check: Check, connection: AsyncConnection) -> Finding:
    """The finding; a check that fails by itself is a finding too."""
    try:
        async with connection.begin_nested():
            return await check(connection)
    except DBAPIError as fault:
        kind = type(fault.orig).__name__ if fault.orig else type(fault).__name__
        return fail(name, f"could not be looked at ({kind})", "see the server's log")


async def version(connection: AsyncConnection) -> Finding:
    """The server is one we are tested with."""
    number = int((await connection.execute(text("show server_version_num"))).scalar_one())
    seen = f"{number // 10_000}.{number % 10_000}"
    if LEAST_POSTGRES <= number < MOST_POSTGRES:
        return ok("postgresql", seen)
    return fail("postgresql", seen, "use PostgreSQL 15, 16, 17 or 18")


async def role(connection: AsyncConnection) -> Finding:
    """Row-level security binds whoever serves."""
    who = await identity(connection)
    faults = [
        words
        for words, found in (
            (f"acts as {who.name}", who.name != APP),
            ("is a superuser", who.superuser),
            ("bypasses row-level security", who.bypasses),
            ("owns tables", who.owns),
        )
        if found
    ]
    if faults:
        return fail("role", ", ".join(faults), f"HUIFANG_DATABASE_URL must log in as {APP}, which owns nothing")
    return ok("role", f"{who.name}, bound by row-level security")


async def durability(connection: AsyncConnection) -> Finding:
    """What was acknowledged survives a crash."""
    found = {row.name: row.setting for row in await connection.execute(_SETTINGS)}
    off = [f"{name}={found.get(name)}" for name in DURABLE if found.get(name) != "on"]
    if off:
        return fail("durability", ", ".join(off), "turn them on: an acknowledged write could be lost in a crash")
    return ok("durability", ", ".join(f"{name}=on" for name in DURABLE))


async def at_head(connection: AsyncConnection) -> Finding:
    """The schema is this version's."""
    found, wanted = await revision(connection), head()
    if found == wanted:
        return ok("schema", wanted)
    return fail("schema", f"at {found or 'nothing'}, needed {wanted}", "run `huifang migrate`")


async def tenancy(connection: AsyncConnection) -> Finding:
    """Row-level security is forced on every tenant table, with a policy."""
    walls = {row.name: row.forced and row.ruled for row in await connection.execute(_WALLS)}
    open_ones = sorted(table.name for table in tenant_tables() if not walls.get(table.name))
    if open_ones:
        shown = ", ".join(open_ones[:5])
        return fail(
            "tenancy", f"{len(open_ones)} tables without forced policies: {shown}", "restore them from a migration"
        )
    return ok("tenancy", f"row-level security forced on {len(tenant_tables())} tables")


async def clock(connection: AsyncConnection, env: Environment) -> Finding:
    """Business time is the database clock, but for a desk."""
    moved = await offset(connection)
    if abs(moved) < STILL:
        return ok("clock", "business time is the database clock")
    if env is Environment.PRODUCTION:
        return fail("clock", f"moved by {moved}", "run `huifang clock reset`")
    return warn("clock", f"moved by {moved}", "fine at a desk; `huifang clock reset` undoes it")


async def worker(connection: AsyncConnection) -> Finding:
    """A worker had an answer to its look within the last minute; it looks every two seconds, and beats every quarter of a minute."""
    ago = (await connection.execute(_SEEN)).scalar_one()
    if ago is None:
        return warn("worker", "none is there", "run `huifang worker` (or `huifang up`): nothing due is done without")
    if ago > timedelta(seconds=SILENT_S):
        return warn("worker", f"last heard {ago.total_seconds():.0f} s ago", "look at its log")
    return ok("worker", f"heard {max(ago.total_seconds(), 0):.0f} s ago")
