"""Who matched: fills the chunk's working table from the books, by the plan's one predicate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tasks.audience.ground import Ground
from tasks.audience.resolving import predicate_of
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.followed import FOLLOWABLE
from tasks.people.lookups import merchant_zone, zones_of_merchant
from tasks.plans.definition import Definition
from tasks.plans.entries import Matched, matched, window_of
from tasks.plans.matching import ZONE, behaviour_of, dated_within
from tasks.plans.moments import firing_of
from tasks.plans.states import EntryMode, Scope


@dataclass(frozen=True)
class Moment:
    """When and for which zone a plan is judged.

    Attributes:
        at: the instant of judging; facts are read as of it when `past`.
        fires_at: when the plan meant to fire; tasks open then.
        today: the store-local day.
        timezone: stores of this zone only.
        past: the books are read as they stood at `at` (preview, back-test) instead of as they are.
    """

    at: datetime
    fires_at: datetime
    today: date
    timezone: str
    past: bool = False

    @property
    def fires_on(self) -> date:
        """The local day it meant to fire on; the day it is judged on may be the next."""
        return local_day(self.fires_at, self.timezone)

    @property
    def ground(self) -> Ground:
        """What predicates are evaluated against."""
        return Ground(self.today, past=self.past, zone=self.timezone)

    @property
    def until(self) -> datetime:
        """Up to when our own rows count. Of now, all of them: what committed while we waited for a lock may have begun after us."""
        return self.at if self.past else self.at + timedelta(days=1)

    @property
    def values(self) -> dict[str, Any]:
        """The binds every statement of a chunk may use."""
        return {"at": self.at, "until": self.until, "today": self.today, "zone": self.timezone}


@dataclass(frozen=True)
class Slice:
    """Which part of the audience: scope ids above `after`, at most `limit` of them."""

    entry_key: str
    after: UUID | None = None
    limit: int = 10_000


_CUSTOMERS = """
from customer cu {facts}
{of_zone}
where cu.merchant_id = :merchant and {followable} and {in_zone}
  and (cast(:after as uuid) is null or cu.id > cast(:after as uuid)) and {predicate}
"""

_CARDS = """
from card k
join {card_facts} kf on kf.merchant_id = k.merchant_id and kf.card_id = k.id
join card_product cp on cp.merchant_id = k.merchant_id and cp.id = k.card_product_id
join customer cu on cu.merchant_id = k.merchant_id and cu.id = k.customer_id {facts}
{of_zone}
where k.merchant_id = :merchant and {followable} and {in_zone}
  and (cast(:after as uuid) is null or k.id > cast(:after as uuid)) and not kf.frozen and {predicate}
"""

_OF_ZONE = "left join store hs on hs.merchant_id = cu.merchant_id and hs.id = cu.home_store_id"
_IN_ZONE = "coalesce(hs.timezone, :merchant_zone) = :zone"

_INTO = {
    Scope.CUSTOMER: (
        "insert into chunk (scope_id, entry_key, customer_id, value_cents) "
        "select cu.id, :entry_key, cu.id, coalesce(f.card_principal_cents + f.card_gift_cents, 0)"
    ),
    Scope.CARD: (
        "insert into chunk (scope_id, entry_key, customer_id, card_id, event_store_id, value_cents) "
        "select k.id, :entry_key, cu.id, k.id, k.store_id, kf.balance_cents"
    ),
}
_ORDER = {Scope.CUSTOMER: "cu.id", Scope.CARD: "k.id"}


async def fill_from_books(unit: Unit, definition: Definition, moment: Moment, part: Slice) -> None:
    """Put the next customers or cards that match a recurring plan into the chunk, in id order."""
    scope = definition.entry.scope
    found_by, values = await matching(unit, definition, moment, part.after)
    await unit.run(
        f"{_INTO[scope]} {found_by} order by {_ORDER[scope]} limit :limit",
        entry_key=part.entry_key,
        limit=part.limit,
        **values,
    )


async def count_in_books(unit: Unit, definition: Definition, moment: Moment) -> int:
    """Return how many match a recurring plan."""
    found_by, values = await matching(unit, definition, moment, None)
    found: int = await unit.scalar(f"select count(*) {found_by}", **values)
    return found


async def enough_in_books(unit: Unit, definition: Definition, moment: Moment, enough: int) -> bool:
    """Whether at least so many match a recurring plan; nobody past them is looked at."""
    found_by, values = await matching(unit, definition, moment, None)
    found: int = await unit.scalar(
        f"select count(*) from (select {found_by} limit :enough) as first", enough=enough, **values
    )
    return found >= enough


async def matching(
    unit: Unit, definition: Definition, moment: Moment, after: UUID | None
) -> tuple[str, dict[str, Any]]:
    """Return FROM and WHERE of whom a plan of the calendar means, and its binds; scope ids above `after` only."""
    card = definition.entry.scope is Scope.CARD
    predicate = await predicate_of(unit, definition.audience, moment.ground, card=card)
    # Of one zone, everybody is in it: the planner takes a condition on each one's store for a rare one, and then asks one by one.
    only = await zones_of_merchant(unit) == [moment.timezone]
    sql = (_CARDS if card else _CUSTOMERS).format(
        of_zone="" if only else _OF_ZONE,
        in_zone="true" if only else _IN_ZONE,
        facts=moment.ground.facts_join,
        followable=FOLLOWABLE,
        predicate=predicate.sql,
        card_facts=moment.ground.card_facts,
    )
    values = predicate.values | moment.values | {"after": after, "merchant_zone": await merchant_zone(unit)}
    return sql, values


_ARRIVED = """
insert into chunk (scope_id, entry_key, customer_id, card_id, event_id, event_store_id, anchor_on, decided, reason)
select u.scope_id, u.event_id || ':' || :offset_no, u.customer_id, u.card_id, u.event_id, u.store_id, :today, u.decided, u.reason
from unnest(cast(:scopes as uuid[]), cast(:events as uuid[]), cast(:customers as uuid[]), cast(:cards as uuid[]), cast(:stores as uuid[]),
    cast(:what as text[]), cast(:whys as text[])) as u(scope_id, event_id, customer_id, card_id, store_id, decided, reason)
"""


async def fill_from_events(
    unit: Unit, definition: Definition, moment: Moment, window: tuple[datetime, datetime], offset_no: int
) -> None:
    """Put whoever's passage by this offset fires on the moment's day into the chunk, one row for each event and scope; what a preview looks at.

    `window` is where to look: when the events happened, or for an offset with `before` where their dates lie (tasks.plans.moments.counted_from). It may
    be too wide. A reminder that would lie before its event is `too_late`, a passage that a newer event has taken the place of has left.
    """
    offset = behaviour_of(definition).offsets[offset_no]
    found = await matched(unit, definition, *_within(definition, offset_no, moment, window))
    hours = await window_of(unit, [offset])
    firings = [(one, firing_of(offset, offset_no, one.cause, hours)) for one in found]
    today = [(one, firing) for one, firing in firings if firing is not None and firing.on == moment.today]
    replaced = await _replaced(unit, definition, moment, [one for one, _ in today])
    told = [
        ("too_late", None)
        if not firing.in_time
        else ("exited", "restarted")
        if one.event_id in replaced
        else (None, None)
        for one, firing in today
    ]
    await unit.run(
        _ARRIVED, offset_no=str(offset_no), today=moment.today, scopes=[one.scope_id for one, _ in today], events=[one.event_id for one, _ in today],
        customers=[one.customer_id for one, _ in today], cards=[one.card_id for one, _ in today], stores=[one.store_id for one, _ in today],
        what=[what for what, _ in told], whys=[why for _, why in told],
    )  # fmt: skip


def _within(
    definition: Definition, offset_no: int, moment: Moment, window: tuple[datetime, datetime]
) -> tuple[str, dict[str, Any]]:
    """Which events to look at, as SQL with its values."""
    offset = behaviour_of(definition).offsets[offset_no]
    values = {"from_at": window[0], "until_at": window[1], "zone": moment.timezone, "until": moment.until}
    if offset.before is None:
        return f"e.occurred_at >= :from_at and e.occurred_at < :until_at and {ZONE} = :zone", values
    return f"{dated_within(definition, offset_no)} and e.occurred_at <= :until and {ZONE} = :zone", values


async def _replaced(unit: Unit, definition: Definition, moment: Moment, events: Sequence[Matched]) -> set[UUID]:
    """Of a plan that restarts: the events that have a newer one of the same card, appointment or customer by now."""
    if definition.entry.mode is not EntryMode.RESTART or not events:
        return set()
    since = min(one.cause.occurred_at for one in events)
    which = "cu.id = any(cast(:customers as uuid[])) and e.occurred_at >= :since and e.occurred_at <= :until"
    customers = sorted({one.customer_id for one in events})
    # In the order they happened: the last one of each stays.
    every = await matched(unit, definition, which, {"customers": customers, "since": since, "until": moment.until})
    newest = {one.key_of(definition.entry.scope): one.event_id for one in every}
    return {one.event_id for one in events if newest.get(one.key_of(definition.entry.scope)) != one.event_id}


_ENROLMENTS = """
insert into chunk (scope_id, entry_key, guard, enrolment_id, customer_id, card_id, event_id, event_store_id, step, anchor_on)
select e.scope_id, e.entry_key, e.guard, e.id, e.customer_id, e.card_id, e.event_id, case when e.event_id is null then k.store_id else e.store_id end,
    e.step, e.anchor_on
from enrolment e left join card k on k.merchant_id = :merchant and k.id = e.card_id
where e.merchant_id = :merchant and e.id = any(cast(:ids as uuid[])) order by e.id
"""
"""Nothing happened anywhere when the calendar fired: the store of such a passage is where its first task went, which says nothing of a later step's route."""


async def fill_from_enrolments(unit: Unit, enrolment_ids: list[UUID]) -> None:
    """Put passages that are due, and locked by the caller, into the chunk."""
    await unit.run(_ENROLMENTS, ids=enrolment_ids)
