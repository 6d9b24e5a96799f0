"""The working table of a chunk: one row per candidate, from matched to decided. A temporary table, so looking at it (a preview) writes nothing that stays."""

from tasks.kernel.unit import Unit

CREATE = """
create temporary table if not exists chunk (
    no bigint generated always as identity,
    scope_id uuid not null,
    entry_key text not null,
    guard text,
    enrolment_id uuid,
    customer_id uuid not null,
    card_id uuid,
    event_id uuid,
    event_store_id uuid,
    store_id uuid,
    value_cents bigint not null default 0,
    step int not null default 0,
    anchor_on date,
    ahead_on date,
    passed_over boolean not null default false,
    goes_on boolean not null default false,
    first_on date,
    until_on date,
    until_at timestamptz,
    due_at timestamptz,
    decided text,
    reason text,
    task_id uuid,
    first_of_customer boolean not null default true,
    consultant_id uuid,
    technician_id uuid,
    last_served_id uuid,
    most_served_id uuid,
    event_staff_id uuid,
    booked_staff_id uuid,
    named_id uuid,
    escalated boolean not null default false,
    assignee_id uuid,
    opens_on date
) on commit delete rows
"""

BENCH = """
create temporary table if not exists bench (
    staff_id uuid not null,
    store_id uuid not null,
    day_on date not null,
    deals boolean not null,
    load int not null,
    room int not null,
    primary key (day_on, staff_id, store_id)
) on commit delete rows
"""

DAYS = """
create temporary table if not exists chunk_day (
    store_id uuid not null,
    day_on date not null,
    day_no int not null,
    opens_at timestamptz not null,
    contact_from timestamptz not null,
    due_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (store_id, day_on)
) on commit delete rows
"""


THERE = "select to_regclass('pg_temp.chunk_day') is not null"
"""The last of the three to be made: where it is, all are."""

EMPTY = "with one as (delete from chunk), two as (delete from bench) delete from chunk_day"
"""Rows of a commit are gone with it: only a plan before this one in the same transaction left any, and to delete none costs nothing."""


async def open_chunk(unit: Unit) -> None:
    """Make sure the working tables exist on this connection and are empty."""
    if await unit.scalar(THERE):
        await unit.run(EMPTY)
        return
    for statement in (CREATE, BENCH, DAYS):
        await unit.run(statement)


async def count_chunk(unit: Unit) -> int:
    """Return how many candidates are in, and tell the planner."""
    await unit.run("analyze chunk")
    found: int = await unit.scalar("select count(*) from chunk")
    return found
