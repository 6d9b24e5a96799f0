"""What an app needs after log-in, in one answer: who I am, where I work, what I can log, and when customers may be contacted."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.flow.log_contact import OUTCOMES_WITHOUT_TASK
from tasks.flow.outcome_catalogue import OutcomeEntry, outcome_catalogue
from tasks.flow.replay_actions import MOST as MOST_ACTIONS
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.persons import StaffPerson, open_staff
from tasks.people.reveals import DAILY_BUDGET
from tasks.worklist.merchant_window import merchant_window

__all__ = ["Bootstrap", "Started", "bootstrap"]

CLOSURES_AHEAD: Final = timedelta(days=90)
FEATURES: Final = (
    "actions", "attachments", "customers", "events", "front_desk", "notifications", "own_tasks", "scripts", "stream", "sync",
)  # fmt: skip
"""What this server can do, for an app that knows of more or of less."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The shape of every part: camelCase outside."""


class MeView(Shown, frozen=True):
    """The caller; `role` is what they may do in all of their stores."""

    id: UUID
    name: str
    role: Role


class MerchantView(Shown, frozen=True):
    """The salon brand."""

    id: UUID
    name: str
    timezone: str


class HoursView(Shown, frozen=True):
    """A weekday (0 = Monday) on which the store is open, in wall times of its zone."""

    weekday: int
    opens: time
    closes: time


class ClosureView(Shown, frozen=True):
    """Store-local days on which the store is closed, the first and the last one included."""

    from_on: date
    to_on: date
    reason: str


class ColleagueView(Shown, frozen=True):
    """Somebody who works in the store; what `servedBy` and `staffId` take."""

    id: UUID
    name: str


class StoreView(Shown, frozen=True):
    """A store one works in, `role` what one is there; `pool`: tasks of nobody can be claimed. `closures` are those of the next ninety days."""

    id: UUID
    code: str
    name: str
    timezone: str
    role: Role
    pool: bool
    hours: Sequence[HoursView]
    closures: Sequence[ClosureView]
    colleagues: Sequence[ColleagueView]


class SourceView(Shown, frozen=True):
    """Where a new customer can come from."""

    code: str
    name: str


class LimitsView(Shown, frozen=True):
    """How much one may: numbers shown a day, actions in one call."""

    reveals_a_day: int
    actions_a_call: int


class Bootstrap(Shown, frozen=True):
    """Everything at once. `outcomesWithoutTask` are the codes (behaviours) that `POST /customers/{id}/contacts` takes.

    `contactWindow` is when customers may be contacted, in wall times of the store; an app older than `minimumAppVersion` should ask to be updated.
    """

    me: MeView
    merchant: MerchantView
    stores: Sequence[StoreView]
    outcomes: Sequence[OutcomeEntry]
    outcomes_without_task: Sequence[str]
    contact_window: Sequence[HoursView]
    sources: Sequence[SourceView]
    limits: LimitsView
    features: Sequence[str]
    minimum_app_version: str
    server_time: datetime


class Started(msgspec.Struct, frozen=True):
    """The answer and its mark, which stays the same as long as everything but the time does."""

    answer: Bootstrap
    tag: str


_STORES: Final = """
select s.id, s.code, s.name, s.timezone, s.pool, m.role from store s
left join membership m on m.merchant_id = :merchant and m.store_id = s.id and m.staff_id = :me
where s.merchant_id = :merchant and s.id = any(cast(:stores as uuid[])) order by s.code, s.id
"""
_SOURCES: Final = "select code, name from customer_source where merchant_id = :merchant and active order by code"
_HOURS: Final = """
select store_id, weekday, opens, closes from store_hours
where merchant_id = :merchant and store_id = any(cast(:stores as uuid[])) order by store_id, weekday
"""
_CLOSURES: Final = """
select store_id, from_on, to_on, reason from store_closure
where merchant_id = :merchant and store_id = any(cast(:stores as uuid[])) and to_on >= :first and from_on <= :last order by from_on, id
"""
_COLLEAGUES: Final = """
select m.store_id, m.staff_id from membership m join staff s on s.merchant_id = :merchant and s.id = m.staff_id and s.status = 'active'
where m.merchant_id = :merchant and m.store_id = any(cast(:stores as uuid[])) order by m.store_id, m.staff_id
"""


async def bootstrap(unit: Unit, scope: StaffScope, locale: Locale, minimum_app_version: str) -> Started:
    """Return what the caller's app needs now."""
    merchant = await unit.row("select name, timezone from merchant where merchant_id = :merchant")
    assert merchant is not None  # noqa: S101  # the unit is this merchant's
    window = await merchant_window(unit)
    stores, me = await _stores(unit, scope, local_day(unit.now, merchant["timezone"]))
    answer = Bootstrap(
        me=MeView(id=scope.staff_id, name=me.name, role=scope.role),
        merchant=MerchantView(id=scope.merchant_id, name=merchant["name"], timezone=merchant["timezone"]),
        stores=stores,
        outcomes=(await outcome_catalogue(unit, locale)).outcomes,
        outcomes_without_task=OUTCOMES_WITHOUT_TASK,
        contact_window=[HoursView(weekday=n, opens=a, closes=b) for n, (a, b) in enumerate(window.days)],
        sources=await unit.structs(SourceView, _SOURCES),
        limits=LimitsView(reveals_a_day=DAILY_BUDGET, actions_a_call=MOST_ACTIONS),
        features=FEATURES,
        minimum_app_version=minimum_app_version,
        server_time=unit.now,
    )
    return Started(answer, tag_of(answer))


def tag_of(answer: Bootstrap) -> str:
    """Return the mark of an answer: of everything in it but the time."""
    said = {name: getattr(answer, name) for name in answer.__struct_fields__ if name != "server_time"}
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]


async def _stores(unit: Unit, scope: StaffScope, today: date) -> tuple[list[StoreView], StaffPerson]:
    """Return the stores with everything about them, and the caller."""
    binds = {"stores": list(scope.store_ids)}
    rows = await unit.rows(_STORES, me=scope.staff_id, **binds)
    hours = _by_store(await unit.rows(_HOURS, **binds), HoursView)
    # A day more each way: a store's own day may be another than the merchant's.
    first, last = today - timedelta(days=1), today + CLOSURES_AHEAD
    closures = _by_store(await unit.rows(_CLOSURES, first=first, last=last, **binds), ClosureView)
    working = await unit.rows(_COLLEAGUES, **binds)
    people = await open_staff(unit, sorted({row["staff_id"] for row in working} | {scope.staff_id}))
    found = [
        StoreView(
            **{name: row[name] for name in ("id", "code", "name", "timezone", "pool")},
            role=Role.OWNER if scope.role is Role.OWNER else Role(row["role"] or Role.EMPLOYEE),
            hours=hours.get(row["id"], ()),
            closures=closures.get(row["id"], ()),
            colleagues=[
                ColleagueView(id=one["staff_id"], name=people[one["staff_id"]].name)
                for one in working
                if one["store_id"] == row["id"]
            ],
        )
        for row in rows
    ]
    return found, people[scope.staff_id]


def _by_store(rows: Sequence[Any], shape: type[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row["store_id"], []).append(shape(**{name: row[name] for name in shape.__struct_fields__}))
    return found
