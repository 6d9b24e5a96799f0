"""What is told without anybody asking: a digest at the start of the shift, what came since, promised times, and what went wrong.

Everything is found by one look at a merchant; each thing is told once, by its key, however often one looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.notices.robots import Saying, say
from tasks.notices.rules import AT_ONCE_WITHIN, NEWS_EVERY
from tasks.notices.shifts import Shift
from tasks.notices.states import NoticeKind
from tasks.notices.telling import Telling, tell_staff
from tasks.worklist.buckets import OVERDUE, PROMISED, READY, TODAY
from tasks.worklist.states import TaskCause

BROKEN: Final[Mapping[str, NoticeKind]] = {
    TaskCause.BROKEN_PROMISE: NoticeKind.PROMISE_BROKEN,
    TaskCause.COMPLAINT: NoticeKind.ALERT,
    TaskCause.BAD_REVIEW: NoticeKind.ALERT,
}
"""Causes of tasks that are told by themselves, at once."""
PROMISED_FOR: Final = timedelta(hours=2)
"""A promised time that is past for longer is in the digest and pushed no more."""

_LIVE: Final = "t.status in ('queued', 'open', 'in_progress', 'waiting')"
_COUNTS: Final = f"""
select {{by}} as who, count(*) filter (where {READY}) as open, count(*) filter (where {OVERDUE}) as overdue,
       count(*) filter (where {PROMISED} and (t.wait_until at time zone s.timezone)::date = {TODAY}) as callbacks
from task t join store s on s.merchant_id = t.merchant_id and s.id = t.store_id
where t.merchant_id = :merchant and {_LIVE} and {{which}} group by 1
"""
_OF_STAFF: Final = _COUNTS.format(by="t.assignee_id", which="t.assignee_id = any(cast(:who as uuid[]))")
_OF_STORES: Final = _COUNTS.format(by="t.store_id", which="t.store_id = any(cast(:who as uuid[]))")
_POOL: Final = f"""
select m.staff_id as who, count(*) as pool
from task t join store s on s.merchant_id = t.merchant_id and s.id = t.store_id
join membership m on m.merchant_id = t.merchant_id and m.store_id = t.store_id
where t.merchant_id = :merchant and t.assignee_id is null and {READY} and m.staff_id = any(cast(:who as uuid[])) group by 1
"""
_MEET: Final = """
insert into staff_pace (merchant_id, staff_id, told_at)
select s.merchant_id, s.id, :now from staff s where s.merchant_id = :merchant and s.status = 'active'
on conflict (merchant_id, staff_id) do nothing
"""
_PACES: Final = "select staff_id, digest_on, pushed_at from staff_pace where merchant_id = :merchant"
_TOLD: Final = """
update staff_pace p set told_at = :now, digest_on = coalesce(u.day_on, p.digest_on),
    pushed_at = case when u.pushed then cast(:now as timestamptz) else p.pushed_at end
from unnest(cast(:staff as uuid[]), cast(:days as date[]), cast(:pushed as bool[])) as u(staff_id, day_on, pushed)
where p.merchant_id = :merchant and p.staff_id = u.staff_id
"""
_NEWS: Final = """
select p.staff_id, p.told_at, p.pushed_at, count(*) as new, count(*) filter (where t.due_at <= cast(:now as timestamptz) + cast(:soon as interval)) as soon
from staff_pace p join task t on t.merchant_id = p.merchant_id and t.assignee_id = p.staff_id and t.status = 'open'
where p.merchant_id = :merchant and p.staff_id = any(cast(:staff as uuid[])) and greatest(t.created_at, t.opens_at) > p.told_at
  and t.origin in ('plan', 'recovery') and (t.cause is null or t.cause <> all(cast(:broken as text[])))
group by 1, 2, 3 order by 1
"""
_PROMISED_NOW: Final = """
select t.id, t.assignee_id, extract(epoch from t.wait_until)::bigint as at from task t
where t.merchant_id = :merchant and t.wait_kind = 'callback' and t.closed_at is null and t.assignee_id is not null
  and t.wait_until <= :now and t.wait_until > cast(:now as timestamptz) - cast(:past as interval)
"""
_PROMISED_NEXT: Final = """
select min(t.wait_until) from task t
where t.merchant_id = :merchant and t.wait_kind = 'callback' and t.closed_at is null and t.wait_until > :now
"""
_BROKEN: Final = """
select t.id, t.assignee_id, t.cause from staff_pace p
join task t on t.merchant_id = p.merchant_id and t.assignee_id = p.staff_id and t.status = 'open'
where p.merchant_id = :merchant and t.cause = any(cast(:broken as text[])) and t.created_at > cast(:now as timestamptz) - interval '1 day'
"""
_ROBOT_TOLD: Final = "update store_robot set digest_on = :day where merchant_id = :merchant and store_id = :store"
_ROBOT_DAYS: Final = "select store_id, digest_on from store_robot where merchant_id = :merchant"


async def tell_digests(unit: Unit, shifts: Iterable[Shift]) -> int:
    """Tell everybody whose shift has begun what there is to do today, once a day, and nothing to who has nothing to do; returns how many were told."""
    await unit.run(_MEET)
    known = {row["staff_id"]: row["digest_on"] for row in await unit.rows(_PACES)}
    begun = [one for one in shifts if one.runs(unit.now) and (known[one.who] is None or known[one.who] < one.day_on)]
    if not begun:
        return 0
    counts = await _counts(unit, _OF_STAFF, [one.who for one in begun])
    for row in await unit.rows(_POOL, who=[one.who for one in begun], at=unit.now):
        counts.setdefault(row["who"], {})["pool"] = row["pool"]
    busy = [one for one in begun if _any(counts.get(one.who, {}))]
    told = await tell_staff(unit, [_digest(one, counts[one.who]) for one in busy])
    await _mark(unit, {one.who: one for one in begun}, {one.who for one in busy})
    return told


async def tell_news(unit: Unit, shifts: Iterable[Shift]) -> tuple[int, datetime | None]:
    """Tell those at work of tasks that came since they were last told, at most every quarter of an hour, or at once when one is due within the hour.

    Returns how many were told, and when the next of those who still have to wait may be.
    """
    days = {row["staff_id"]: row["digest_on"] for row in await unit.rows(_PACES)}
    at_work = [one.who for one in shifts if one.runs(unit.now) and days.get(one.who) == one.day_on]
    rows = await unit.rows(_NEWS, staff=at_work, soon=AT_ONCE_WITHIN, broken=list(BROKEN)) if at_work else []
    ready = [row for row in rows if row["soon"] or _rested(row["pushed_at"], unit.now)]
    told = await tell_staff(unit, [_news(row) for row in ready])
    await _mark(unit, {row["staff_id"]: None for row in ready}, {row["staff_id"] for row in ready})
    waiting = [row["pushed_at"] + NEWS_EVERY for row in rows if row not in ready]
    return told, min(waiting, default=None)


async def tell_promised(unit: Unit) -> tuple[int, datetime | None]:
    """Tell whoever promised to call somebody now; returns how many were told, and when the next promise is due."""
    rows = await unit.rows(_PROMISED_NOW, past=PROMISED_FOR)
    tellings = [
        Telling(
            staff_id=row["assignee_id"],
            kind=NoticeKind.CALLBACK_DUE,
            key=f"callback:{row['id']}:{row['at']}",
            task_id=row["id"],
        )
        for row in rows
    ]
    return await tell_staff(unit, tellings), await unit.scalar(_PROMISED_NEXT)


async def tell_broken(unit: Unit) -> int:
    """Tell whoever has to mend a broken promise, a complaint or a bad review; returns how many were told."""
    rows = await unit.rows(_BROKEN, broken=list(BROKEN))
    tellings = [
        Telling(
            staff_id=row["assignee_id"],
            kind=BROKEN[row["cause"]],
            key=f"{row['cause']}:{row['id']}:{row['assignee_id']}",
            task_id=row["id"],
        )
        for row in rows
    ]
    return await tell_staff(unit, tellings)


async def tell_groups(unit: Unit, shifts: Iterable[Shift]) -> int:
    """Say in the group of each store that has opened what there is to do today, once a day; returns how many messages were queued."""
    known = {row["store_id"]: row["digest_on"] for row in await unit.rows(_ROBOT_DAYS)}
    opened = [one for one in shifts if one.runs(unit.now) and (known[one.who] is None or known[one.who] < one.day_on)]
    counts = await _counts(unit, _OF_STORES, [one.who for one in opened]) if opened else {}
    for one in opened:
        await unit.run(_ROBOT_TOLD, store=one.who, day=one.day_on)
    busy = [one for one in opened if _any(counts.get(one.who, {}))]
    sayings = [Saying(store_id=one.who, kind=NoticeKind.DIGEST, facts=counts[one.who]) for one in busy]
    return len(await say(unit, sayings))


async def _counts(unit: Unit, statement: str, who: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    rows = await unit.rows(statement, who=list(who), at=unit.now)
    return {row["who"]: {name: row[name] for name in ("open", "overdue", "callbacks")} for row in rows}


async def _mark(unit: Unit, days: Mapping[UUID, Shift | None], pushed: set[UUID]) -> None:
    if days:
        await unit.run(
            _TOLD,
            staff=list(days),
            days=[shift.day_on if shift else None for shift in days.values()],
            pushed=[one in pushed for one in days],
        )


def _any(counts: Mapping[str, int]) -> bool:
    return any(counts.get(name) for name in ("open", "callbacks", "pool"))


def _digest(shift: Shift, counts: Mapping[str, int]) -> Telling:
    facts = {"open": 0, **counts}
    return Telling(staff_id=shift.who, kind=NoticeKind.DIGEST, key=f"digest:{shift.who}:{shift.day_on}", facts=facts)


def _news(row: Any) -> Telling:
    facts = {"new": row["new"], "soon": row["soon"]}
    return Telling(
        staff_id=row["staff_id"],
        kind=NoticeKind.NEW_TASKS,
        key=f"new:{row['staff_id']}:{row['told_at'].timestamp():.6f}",
        facts=facts,
    )


def _rested(pushed_at: datetime | None, now: datetime) -> bool:
    return pushed_at is None or pushed_at + NEWS_EVERY <= now
