"""Candidates that events brought to a plan: let in by the entry rule, each with its passage, or told why not."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.ground import Ground
from tasks.kernel.errors import FlowError
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.contact_state import lock_contact_state
from tasks.plans.admission import Admission, admission, replaced, replacing
from tasks.plans.ending import end_waiting
from tasks.plans.repository import ActivePlan
from tasks.plans.states import EntryMode

RACES: Final = 5
"""Whoever loses so often against other transactions gives up; the events are shown again later."""


class EntryBusy(FlowError):
    """Other transactions keep letting the same scopes in."""

    code = "entry-busy"
    status = 409
    zh = "同一客户正被其他进程处理，请稍后重试"
    en = "Others are at the same customers; try again soon"


class Arrival(msgspec.Struct, frozen=True):
    """One event, one scope, one offset: the passage `id` that it would become. `fits` says that its time has not passed."""

    id: UUID
    event_id: UUID
    offset_no: int
    scope_id: UUID
    customer_id: UUID
    card_id: UUID | None
    store_id: UUID | None
    timezone: str
    occurred_at: datetime
    fire_at: datetime
    fires_on: date
    historic: bool
    fits: bool

    @property
    def entry(self) -> tuple[UUID, UUID]:
        """Scope and event: its offsets are one entry."""
        return self.scope_id, self.event_id

    @property
    def entry_key(self) -> str:
        """The passage's key: the event and its offset."""
        return f"{self.event_id}:{self.offset_no}"


_COLUMNS: Final = {
    "id": "uuid",
    "event_id": "uuid",
    "offset_no": "int",
    "scope_id": "uuid",
    "customer_id": "uuid",
    "card_id": "uuid",
    "store_id": "uuid",
    "timezone": "text",
    "occurred_at": "timestamptz",
    "fire_at": "timestamptz",
    "fires_on": "date",
}
_ROWS: Final = (
    "unnest("
    + ", ".join(f"cast(:a_{name} as {kind}[])" for name, kind in _COLUMNS.items())
    + f") as a({', '.join(_COLUMNS)})"
)

_ENTER: Final = """
with fresh as materialized (
    select a.* from {rows} where not exists (select from enrolment was where was.merchant_id = :merchant and was.plan_id = :plan
        and was.scope_id = a.scope_id and was.entry_key <> '' and was.entry_key = a.event_id || ':' || a.offset_no)
),
first as (
    select distinct on (scope_id, event_id) *, (occurred_at at time zone timezone)::date as on_day from fresh order by scope_id, event_id, offset_no
),
head as materialized (
    select {each} c.*, case when not exists (select from enrolment e where e.merchant_id = :merchant and e.plan_id = :plan and e.scope_id = c.scope_id
        and e.entry_key <> '' and e.event_id = c.event_id) then {guard} end as guard
    from first c {joins} where not ({blocked}) order by c.scope_id, c.occurred_at, c.event_id
),
entered as (
    insert into enrolment ({columns}, guard) select {values}, h.guard from head h order by h.scope_id, h.event_id
    on conflict do nothing returning id, scope_id, event_id
),
others as (
    insert into enrolment ({columns}) select {values} from fresh h join entered n on n.scope_id = h.scope_id and n.event_id = h.event_id and n.id <> h.id
    order by h.scope_id, h.event_id, h.offset_no on conflict do nothing returning id
)
select id, false as lost from entered union all select id, false from others
union all select h.id, true from head h where h.id not in (select id from entered)
"""
"""The event's first offset carries the guard; the others come in with it. That keys are not empty is said for the index that finds a scope."""
_INTO: Final = """merchant_id, id, plan_id, version_id, scope_id, entry_key, customer_id, card_id, event_id, store_id,
    step, fire_at, fires_on, anchor_on, created_at"""
_VALUES: Final = """:merchant, h.id, cast(:plan as uuid), cast(:version as uuid), h.scope_id, h.event_id || ':' || h.offset_no, h.customer_id, h.card_id,
    h.event_id, h.store_id, 0, h.fire_at, h.fires_on, h.fires_on, :now"""


async def let_in(unit: Unit, plan: ActivePlan, arrivals: Sequence[Arrival]) -> list[UUID]:
    """Enter whom the plan's entry rule lets in, in the order of their events, and decide about the others; returns the passages that are new.

    Raises `EntryBusy` when other transactions were always first.
    """
    late = [one for one in arrivals if not one.fits]
    coming, old = _newest(plan, [one for one in arrivals if one.fits])
    if plan.definition.entry.mode is EntryMode.RESTART:
        # Passages of other visits have no key in common: whoever is at the customer takes turns.
        await lock_contact_state(unit, [one.customer_id for one in coming])
    rule = admission(plan.definition.entry, Ground(local_day(unit.now, "UTC")), "c.timezone")
    entered = await _enter(unit, plan, rule, coming)
    if entered and plan.definition.entry.mode is EntryMode.RESTART:
        await replace(unit, plan, [one for one in coming if one.id in entered])
    kept = {one.entry for one in coming if one.id in entered}
    blocked = [one for one in coming if one.entry not in kept]
    await _decide(unit, plan, [(late, "too_late", None), (blocked, "entry", None), (old, "exited", "restarted")])
    return [one.id for one in coming if one.id in entered]


def _newest(plan: ActivePlan, arrivals: Sequence[Arrival]) -> tuple[list[Arrival], list[Arrival]]:
    """A plan that restarts lets in the newest event of each card, appointment or customer only; return those, and what they replaced before it began."""
    entry = plan.definition.entry
    if entry.mode is not EntryMode.RESTART:
        return list(arrivals), []
    newest: dict[UUID, tuple[datetime, UUID]] = {}
    for one in arrivals:
        key = replacing(entry.scope, one.scope_id, one.customer_id)
        newest[key] = max(newest.get(key, (one.occurred_at, one.event_id)), (one.occurred_at, one.event_id))
    stays = {event for _, event in newest.values()}
    return [one for one in arrivals if one.event_id in stays], [one for one in arrivals if one.event_id not in stays]


async def _enter(unit: Unit, plan: ActivePlan, rule: Admission, arrivals: Sequence[Arrival]) -> set[UUID]:
    """Round by round: the earliest event of a scope that may enter does, and the rule is asked again for those after it."""
    sql = _ENTER.format(
        rows=_ROWS, each="distinct on (c.scope_id)" if rule.each else "", guard=rule.guard, joins=rule.joins, blocked=rule.blocked,
        columns=_INTO, values=_VALUES,
    )  # fmt: skip
    entered: set[UUID] = set()
    remaining, races = list(arrivals), 0
    while remaining:
        rows = await unit.rows(
            sql, plan=plan.plan_id, version=plan.version_id, at=unit.now, until=unit.now + timedelta(days=1), **rule.values, **_arrays(remaining)
        )  # fmt: skip
        done = {row["id"] for row in rows if not row["lost"]}
        entered |= done
        if not rows:
            break
        races += not done
        if races > RACES:
            raise EntryBusy
        kept = {one.entry for one in remaining if one.id in done}
        remaining = [one for one in remaining if one.entry not in kept]
    return entered


def _arrays(arrivals: Sequence[Arrival]) -> Mapping[str, list[Any]]:
    return {f"a_{name}": [getattr(one, name) for one in arrivals] for name in _COLUMNS}


_REPLACE: Final = """
with old as (
    select e.id from enrolment e join event x on x.merchant_id = e.merchant_id and x.id = e.event_id
    join {rows} on {same} and (x.occurred_at, x.id) < (a.occurred_at, a.event_id)
    where e.merchant_id = :merchant and e.plan_id = :plan and e.state = 'waiting'
    order by e.id for update of e
)
select distinct id from old order by id
"""


async def replace(unit: Unit, plan: ActivePlan, arrivals: Sequence[Arrival]) -> None:
    """End the waiting passages that newer events take the place of; a task that is out stays, and gets no further step (tasks.plans.advancing)."""
    sql = _REPLACE.format(rows=_ROWS, same=replaced(plan.definition.entry.scope, "a"))
    rows = await unit.rows(sql, plan=plan.plan_id, **_arrays(arrivals))
    await end_waiting(unit, [(row["id"], "exited", "restarted") for row in rows])


Verdict = tuple[Sequence[Arrival], str, str | None]
"""Arrivals that all got the same decision, and its reason."""
_DECIDE: Final = """
insert into decision (merchant_id, id, plan_id, version_id, scope_id, entry_key, customer_id, decided, reason, decided_at)
select :merchant, new_uuid7(), :plan, :version, u.scope_id, u.entry_key, u.customer_id, u.decided, u.reason, :now
from unnest(cast(:scopes as uuid[]), cast(:keys as text[]), cast(:customers as uuid[]), cast(:what as text[]), cast(:whys as text[]))
    as u(scope_id, entry_key, customer_id, decided, reason)
where not exists (select from enrolment was where was.merchant_id = :merchant and was.plan_id = :plan and was.scope_id = u.scope_id
    and was.entry_key <> '' and was.entry_key = u.entry_key)
order by u.scope_id, u.entry_key
on conflict do nothing
"""


async def _decide(unit: Unit, plan: ActivePlan, verdicts: Sequence[Verdict]) -> None:
    """Say why there is no passage. Books of the past are not told about; neither is what has its passage from before."""
    told = [(one, what, why) for some, what, why in verdicts for one in some if not one.historic]
    if told:
        await unit.run(
            _DECIDE, plan=plan.plan_id, version=plan.version_id,
            scopes=[one.scope_id for one, _, _ in told], keys=[one.entry_key for one, _, _ in told],
            customers=[one.customer_id for one, _, _ in told], what=[what for _, what, _ in told], whys=[why for _, _, why in told],
        )  # fmt: skip
