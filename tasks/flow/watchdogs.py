"""What is late, by name: firings, runs, passages and events that should have moved on, and what was missed or failed since yesterday.

Each kind is one question over an index of open rows, asked of one merchant here and of everybody by `things_late` (backend/db/definers.py), which answers
ids only. What has no such index (stores without fresh books, plans that made nothing) is looked at by the worker now and then and kept (watch_books.py).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit

_ACTIVE: Final = """join plan p on p.merchant_id = {row}.merchant_id and p.id = {row}.plan_id and p.state = 'active'
    join merchant m on m.merchant_id = {row}.merchant_id and m.stopped_at is null"""
"""What is paused or stopped waits because somebody wanted it to."""

LATE: Final[Mapping[str, str]] = {
    "occurrence": f"""select o.merchant_id, o.id from occurrence o {_ACTIVE.format(row="o")}
        where o.state = 'due' and o.fire_at < {{now}} - interval '5 minutes'""",
    "run": """select o.merchant_id, o.id from occurrence o
        where o.state = 'running' and coalesce(o.progress_at, o.fire_at) < {now} - interval '5 minutes'""",
    "lease": "select o.merchant_id, o.id from occurrence o where o.state = 'running' and o.epoch > 2",
    "missed": "select o.merchant_id, o.id from occurrence o where o.state = 'missed' and o.finished_at > {now} - interval '1 day'",
    "failed": "select o.merchant_id, o.id from occurrence o where o.state = 'failed' and o.finished_at > {now} - interval '1 day'",
    "passage": f"""select w.merchant_id, w.id from (select e.merchant_id, e.id from enrolment e {_ACTIVE.format(row="e")}
        where e.state = 'waiting' and e.fire_at < {{now}} - interval '5 minutes' order by e.fire_at limit 1000) w""",
    "unmatched": "select e.merchant_id, e.id from event e where e.state = 'unmatched' and e.received_at < {now} - interval '36 hours'",
    "set_aside": "select e.merchant_id, e.id from event e where e.state = 'set_aside' and e.received_at < {now} - interval '5 minutes'",
    "push": """select p.merchant_id, p.id from push p join merchant m on m.merchant_id = p.merchant_id and m.stopped_at is null
        where p.state = 'queued' and p.next_at < {now} - interval '10 minutes'
        union all select p.merchant_id, p.id from push p where p.state = 'sending' and p.lease_until < {now} - interval '10 minutes'""",
}
"""Kind → who and what, `{now}` being business time.

- occurrence: due for five minutes and not begun; run: begun and without progress for five minutes; lease: taken over twice;
- missed, failed: since this time yesterday, a firing that came too late, or that was given up;
- passage: should have fired five minutes ago (of very many, the oldest thousand);
- unmatched: an event whose customer should have come with a nightly import since; set_aside: one that a plan fails on again and again;
- push: should have been sent ten minutes ago (one that waits for the morning, or for a provider that asked to wait, is not due).
"""

_PLAN: Final = "join plan n on n.merchant_id = :merchant and n.id = {row}.plan_id"
_FIRING: Final = f"""select x.id, n.name, {{since}} as since, {{detail}} as detail, 1 as count
from ({{late}}) l join occurrence x on x.merchant_id = :merchant and x.id = l.id {_PLAN.format(row="x")}
where l.merchant_id = :merchant order by x.fire_at, x.id limit :most"""
_PASSAGES: Final = f"""select n.id, n.name, min(x.fire_at) as since, '' as detail, count(*) as count
from ({{late}}) l join enrolment x on x.merchant_id = :merchant and x.id = l.id {_PLAN.format(row="x")}
where l.merchant_id = :merchant group by n.id, n.name order by 3, 1 limit :most"""
_EVENTS: Final = """select x.id, x.type as name, x.received_at as since, x.source as detail, count(*) over () as count
from ({late}) l join event x on x.merchant_id = :merchant and x.id = l.id where l.merchant_id = :merchant order by x.received_at, x.id limit 1"""
_PUSHES: Final = """select x.id, x.provider as name, x.next_at as since, x.kind as detail, count(*) over () as count
from ({late}) l join push x on x.merchant_id = :merchant and x.id = l.id where l.merchant_id = :merchant order by x.next_at, x.id limit 1"""
_NAMED: Final[Mapping[str, tuple[str, dict[str, str]]]] = {
    "occurrence": (_FIRING, {"since": "x.fire_at", "detail": "x.timezone"}),
    "run": (_FIRING, {"since": "x.progress_at", "detail": "x.timezone"}),
    "lease": (_FIRING, {"since": "x.started_at", "detail": "'taken over ' || x.epoch - 1 || ' times'"}),
    "missed": (_FIRING, {"since": "x.fire_at", "detail": "x.timezone"}),
    "failed": (_FIRING, {"since": "x.fire_at", "detail": "coalesce(x.fault, '')"}),
    "passage": (_PASSAGES, {}),
    "unmatched": (_EVENTS, {}),
    "set_aside": (_EVENTS, {}),
    "push": (_PUSHES, {}),
}
"""How each kind is shown. Events and pushes are many at once, so the oldest stands for all."""
MOST: Final = 20
"""Things of one kind that are named."""
_KEPT: Final = """
select c.name as kind, g.id, coalesce(g.name, c.name) as name, c.checked_at as since, case when g.id is null then c.ids ->> 0 else '' end as detail,
    case when g.id is null then c.found else 1 end as count
from self_check c left join lateral (
    select s.id, s.name from store s where s.merchant_id = :merchant and c.name like 'store%' and s.id::text in (select jsonb_array_elements_text(c.ids))
    union all
    select p.id, p.name from plan p where p.merchant_id = :merchant and c.name like 'plan%' and p.id::text in (select jsonb_array_elements_text(c.ids))
) g on true
where c.merchant_id = :merchant and c.found > 0 order by 1, 3, 2
"""


class Late(msgspec.Struct, frozen=True, rename="camel"):
    """One thing that is late: what kind, its own name (a plan's, a store's, an event's type), since when, and how many it stands for.

    `detail` is a zone, a fault or a source; nothing here is personal.
    """

    kind: str
    id: UUID | None
    name: str
    since: datetime
    detail: str = ""
    count: int = 1


async def watch(unit: Unit) -> list[Late]:
    """Return what is late at this merchant, by kind in the order of `LATE`, then what the last looks at its rows found; nothing when all is well."""
    found: list[Late] = []
    for kind, (shown, words) in _NAMED.items():
        rows = await unit.rows(question(kind, shown, words), most=MOST)
        found += [Late(kind, **row) for row in rows]
    return found + await unit.structs(Late, _KEPT)


def question(kind: str, shown: str, words: Mapping[str, str]) -> str:
    """Return the SQL that names what is late of a kind."""
    return shown.format(late=LATE[kind].format(now="cast(:now as timestamptz)"), **words)


def everywhere(now: str) -> str:
    """Return the SQL for everybody: kind, merchant_id and id of all that is late, and of each check of the house that found something."""
    parts = [
        f"select '{kind}', l.merchant_id, l.id from ({late.format(now=now)}) l"  # kinds are ours
        for kind, late in LATE.items()
    ]
    return "\nunion all ".join([*parts, "select c.name, c.merchant_id, null::uuid from self_check c where c.found > 0"])


__all__ = ["LATE", "MOST", "Late", "everywhere", "question", "watch"]
