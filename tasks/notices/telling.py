"""Telling staff: a notice each, once by its key, and a push row for every device that can be pushed.

In the app a notice is there at once, night or day; a push waits for the morning. What is told twice (same key) is told once.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.notices.quiet import STAFF_ZONE, TONIGHT, awake
from tasks.notices.rules import KEPT, collapse_key
from tasks.notices.states import NoticeKind

DAILY: Final = (NoticeKind.DIGEST, NoticeKind.NEW_TASKS)
"""Kinds that say nothing any more once the day is over."""


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell one staff member. `key` is what makes it one; `facts` are counts."""

    staff_id: UUID
    kind: NoticeKind
    key: str
    facts: Mapping[str, int] = {}
    task_id: UUID | None = None


class Noticed(msgspec.Struct, frozen=True):
    """After commit: these staff members have new notices, and there may be pushes to send. None of them when only robots have."""

    staff_ids: Sequence[UUID]


_NOTICES: Final = """
insert into notice (merchant_id, id, staff_id, kind, key, task_id, facts, created_at)
select :merchant, u.id, u.staff_id, u.kind, u.key, u.task_id, u.facts, :now
from unnest(cast(:ids as uuid[]), cast(:staff as uuid[]), cast(:kinds as text[]), cast(:keys as text[]), cast(:tasks as uuid[]), cast(:facts as jsonb[]))
    as u(id, staff_id, kind, key, task_id, facts)
join staff s on s.merchant_id = :merchant and s.id = u.staff_id and s.status = 'active'
on conflict (key, merchant_id) do nothing
returning id, staff_id
"""
ATTACHED: Final = """
join staff s on s.merchant_id = d.merchant_id and s.id = d.staff_id and s.status = 'active'
join refresh_family f on f.merchant_id = d.merchant_id and f.id = d.family_id and f.revoked_at is null
join address_holder h on h.address = d.address_index and h.device_id = d.id
"""
"""A device `d` that may be pushed: its person works here, its log-in stands, and nobody has taken its address over."""
_TARGETS: Final = f"""
from notice n
join device d on d.merchant_id = n.merchant_id and d.staff_id = n.staff_id and d.provider <> 'inapp' {ATTACHED}
join unnest(cast(:ids as uuid[]), cast(:collapse as text[])) as u(id, collapse_key) on u.id = n.id
where n.merchant_id = :merchant and n.id = any(cast(:ids as uuid[]))
"""
_REPLACED: Final = f"""
update push p set state = 'dropped', dropped = 'superseded', settled_at = :now
from (select d.id, u.collapse_key {_TARGETS}) t
where p.merchant_id = :merchant and p.device_id = t.id and p.collapse_key = t.collapse_key and p.state = 'queued'
"""
_PUSHES: Final = f"""
insert into push (merchant_id, id, staff_id, device_id, notice_id, task_id, provider, kind, facts, collapse_key, next_at, stale_at, created_at)
select :merchant, new_uuid7(), t.staff_id, t.device_id, t.notice_id, t.task_id, t.provider, t.kind, t.facts, t.collapse_key, t.next_at,
    case when t.kind = any(cast(:daily as text[])) then {TONIGHT.format(at="t.next_at", zone="t.zone")} else t.next_at + cast(:kept as interval) end, :now
from (select z.*, {awake("cast(:now as timestamptz)", "z.zone")} as next_at
      from (select n.staff_id, d.id as device_id, n.id as notice_id, n.task_id, d.provider, n.kind, n.facts, u.collapse_key,
                   {STAFF_ZONE.format(staff="n.staff_id")} as zone {_TARGETS}) z) t
"""


async def tell_staff(unit: Unit, tellings: Sequence[Telling]) -> int:
    """Write the notices that are not written yet, and queue a push of each to every device of its person; returns how many notices are new.

    A push of the same matter that still waits is replaced.
    """
    if not tellings:
        return 0
    ids = new_ids(len(tellings))
    made = await unit.rows(
        _NOTICES,
        ids=ids,
        staff=[one.staff_id for one in tellings],
        kinds=[one.kind.value for one in tellings],
        keys=[one.key for one in tellings],
        tasks=[one.task_id for one in tellings],
        facts=[msgspec.json.encode(one.facts).decode() for one in tellings],
    )
    if not made:
        return 0
    keys = {one: collapse_key(told.kind, told.task_id) for one, told in zip(ids, tellings, strict=True)}
    await _push(unit, {row["id"]: keys[row["id"]] for row in made})
    unit.after_commit(Noticed(sorted({row["staff_id"] for row in made})))
    return len(made)


async def _push(unit: Unit, collapse: Mapping[UUID, str]) -> None:
    values = {"ids": list(collapse), "collapse": list(collapse.values())}
    await unit.run(_REPLACED, **values)
    await unit.run(_PUSHES, **values, daily=list(DAILY), kept=KEPT)
