"""Everything that runs with more rights than the app role, in one place.

Before a merchant is known (log-in, sweeps) row-level security shows nothing. These functions look, and return ids only. They belong to
`huifang_definer`, a role that cannot log in and that may read exactly the columns granted here; `refresh_stats` belongs to the owner, because only
an owner may ANALYZE.
"""

from collections.abc import Iterator

from tasks.flow.invariants import NIGHT_DUE
from tasks.flow.watch_books import WATCH_DUE
from tasks.flow.watchdogs import everywhere
from tasks.insight.due import A_NEW_DAY, MARKED
from tasks.notices.due import PUSH_DUE

READS = {
    "staff": ("merchant_id", "id", "login_index", "status"),
    "merchant": ("merchant_id", "stopped_at", "timezone"),
    "plan": ("merchant_id", "id", "state", "planned_until"),
    "occurrence": (
        *("merchant_id", "id", "plan_id", "state", "fire_at", "lease_until"),
        *("epoch", "progress_at", "finished_at"),
    ),
    "enrolment": ("merchant_id", "id", "plan_id", "state", "fire_at"),
    "task": ("merchant_id", "status", "opens_at", "wait_until", "expires_at", "claimed_until"),
    "promise": ("merchant_id", "state", "settle_at"),
    "callback": ("merchant_id", "claim", "claim_checked_at", "void_at", "occurred_at"),
    "event": ("merchant_id", "id", "state", "received_at"),
    "insight_due": ("merchant_id", "reason", "marked_at"),
    "insight_run": ("merchant_id", "computed_on"),
    "tag": ("merchant_id", "pace", "evaluated_at"),
    "segment_count": ("merchant_id", "counted_on"),
    "self_check": ("merchant_id", "name", "checked_at", "checked_on", "found"),
    "push": ("merchant_id", "id", "state", "next_at", "lease_until"),
    "push_look": ("merchant_id", "revs", "due_at", "looked_at"),
    "store_revision": ("merchant_id", "rev"),
}
"""What `huifang_definer` may read."""

FUNCTIONS = {
    "login_candidates(wanted uuid)": (
        "table (merchant_id uuid, staff_id uuid)",
        "select s.merchant_id, s.id from staff s where s.login_index = wanted and s.status = 'active' order by s.merchant_id",
    ),
    "all_merchants()": (
        "table (merchant_id uuid)",
        "select m.merchant_id from merchant m order by m.merchant_id",
    ),
    "merchants_to_plan(until timestamptz)": (
        "table (merchant_id uuid)",
        "select distinct p.merchant_id from plan p where p.state = 'active' and (p.planned_until is null or p.planned_until < until)",
    ),
    "merchants_due(business timestamptz)": (
        "table (merchant_id uuid)",
        """select o.merchant_id from occurrence o
           where o.state in ('due', 'running') and o.fire_at <= business and (o.state = 'due' or o.lease_until < clock_timestamp())
           union select e.merchant_id from enrolment e where e.state = 'waiting' and e.fire_at <= business
           union select e.merchant_id from event e where e.state = 'set_aside'
           union select t.merchant_id from task t where t.status = 'queued' and t.opens_at <= business
           union select t.merchant_id from task t where t.status = 'waiting' and t.wait_until <= business
           union select t.merchant_id from task t where t.claimed_until <= business
           union select p.merchant_id from promise p where p.state = 'open' and p.settle_at <= business
           union select c.merchant_id from callback c
             where c.claim = 'pending' and c.void_at is null and (c.claim_checked_at is null or c.occurred_at <= business - interval '5 days')
           union select t.merchant_id from task t
             where t.status in ('queued', 'open', 'in_progress', 'waiting') and t.expires_at <= business""",
    ),
    "merchants_to_tend(business timestamptz)": (
        "table (merchant_id uuid)",
        f"""{MARKED.format(now="business")}
           union {A_NEW_DAY.format(now="business")}
           union select t.merchant_id from tag t where t.pace is not null and (t.evaluated_at is null or t.evaluated_at <= business - interval '30 minutes')
           union select m.merchant_id from merchant m where not exists (
             select from segment_count c
             where c.merchant_id = m.merchant_id and c.counted_on >= (business at time zone m.timezone - interval '3 hours')::date)
           union {NIGHT_DUE.format(now="business")}""",
    ),
    "merchants_to_watch(business timestamptz)": ("table (merchant_id uuid)", WATCH_DUE.format(now="business")),
    "merchants_to_push(business timestamptz)": ("table (merchant_id uuid)", PUSH_DUE.format(now="business")),
    "things_late(business timestamptz)": ("table (kind text, merchant_id uuid, id uuid)", everywhere("business")),
}
"""Signature → (result, body). Bodies return ids only, and what kind of thing they are of."""


def definer_statements() -> Iterator[str]:
    """Yield the grants, policies and functions."""
    yield "grant usage on schema public to huifang_definer"
    for table, columns in READS.items():
        yield f"grant select ({', '.join(columns)}) on {table} to huifang_definer"
        yield f"create policy definer on {table} for select to huifang_definer using (true)"
    yield "grant create on schema public to huifang_definer"
    for signature, (result, body) in FUNCTIONS.items():
        name = signature[: signature.index("(")]
        yield (
            f"create function {signature} returns {result} language sql stable security definer "
            f"set search_path = public, pg_temp as $body$ {body} $body$"
        )
        yield f"alter function {name} owner to huifang_definer"
        yield f"revoke all on function {name} from public"
        yield f"grant execute on function {name} to huifang_app"
    yield "revoke create on schema public from huifang_definer"
    yield from _owner_functions()


def _owner_functions() -> Iterator[str]:
    """Yield `refresh_stats`, which belongs to the owner, and `new_uuid7`, which needs no rights."""
    yield (
        "create function refresh_stats(wanted text[]) returns void language plpgsql security definer set search_path = public, pg_temp as $body$ "
        "declare one text; begin foreach one in array wanted loop "
        "if exists (select from pg_tables where schemaname = 'public' and tablename = one) then execute format('analyze %I', one); end if; "
        "end loop; end $body$"
    )
    yield "revoke all on function refresh_stats from public"
    yield "grant execute on function refresh_stats to huifang_app"
    # RFC 9562 §5.7 from a random v4: the first 48 bits become milliseconds, the version nibble 0100 becomes 0111. uuidv7() exists from PostgreSQL 18 only.
    yield (
        "create function new_uuid7() returns uuid language sql volatile parallel safe as $body$ "
        "select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing "
        "substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid $body$"
    )
