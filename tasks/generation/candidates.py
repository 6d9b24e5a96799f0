"""Who matched: fills the chunk's working table from the books, by the plan's one predicate."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tasks.audience.ground import Ground
from tasks.audience.resolving import predicate_of
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.followed import FOLLOWABLE
from tasks.people.lookups import merchant_zone
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.entries import FIRST_VISIT
from tasks.plans.states import Scope


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
left join store hs on hs.merchant_id = cu.merchant_id and hs.id = cu.home_store_id
where cu.merchant_id = :merchant and {followable} and coalesce(hs.timezone, :merchant_zone) = :zone
  and (cast(:after as uuid) is null or cu.id > cast(:after as uuid)) and {predicate}
"""

_CARDS = """
from card k
join {card_facts} kf on kf.merchant_id = k.merchant_id and kf.card_id = k.id
join card_product cp on cp.merchant_id = k.merchant_id and cp.id = k.card_product_id
join customer cu on cu.merchant_id = k.merchant_id and cu.id = k.customer_id {facts}
left join store hs on hs.merchant_id = cu.merchant_id and hs.id = cu.home_store_id
where k.merchant_id = :merchant and {followable} and coalesce(hs.timezone, :merchant_zone) = :zone
  and (cast(:after as uuid) is null or k.id > cast(:after as uuid)) and not kf.frozen and {predicate}
"""

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
    matching, values = await _matching(unit, definition, moment, part.after)
    await unit.run(
        f"{_INTO[scope]} {matching} order by {_ORDER[scope]} limit :limit",
        entry_key=part.entry_key,
        limit=part.limit,
        **values,
    )


async def count_in_books(unit: Unit, definition: Definition, moment: Moment) -> int:
    """Return how many match a recurring plan: the audience its hold-out is decided by."""
    matching, values = await _matching(unit, definition, moment, None)
    found: int = await unit.scalar(f"select count(*) {matching}", **values)
    return found


async def _matching(
    unit: Unit, definition: Definition, moment: Moment, after: UUID | None
) -> tuple[str, dict[str, Any]]:
    card = definition.entry.scope is Scope.CARD
    predicate = await predicate_of(unit, definition.audience, moment.ground, card=card)
    sql = (_CARDS if card else _CUSTOMERS).format(
        facts=moment.ground.facts_join,
        followable=FOLLOWABLE,
        predicate=predicate.sql,
        card_facts=moment.ground.card_facts,
    )
    values = predicate.values | moment.values | {"after": after, "merchant_zone": await merchant_zone(unit)}
    return sql, values


_EVENTS = """
insert into chunk (scope_id, entry_key, customer_id, event_id, event_store_id, value_cents)
select distinct on (cu.id) cu.id, e.id::text || ':' || :offset_no, cu.id, e.id, e.store_id, 0
from event e
join customer cu on cu.merchant_id = e.merchant_id and cu.id = e.customer_id
left join store es on es.merchant_id = e.merchant_id and es.id = e.store_id
left join visit v on v.merchant_id = e.merchant_id and v.id = e.ledger_id and e.ledger_kind = 'visit'
where e.merchant_id = :merchant and e.type = any(cast(:types as text[])) and e.state <> 'withdrawn' and {followable}
  and e.occurred_at >= :from_at and e.occurred_at < :until_at and coalesce(es.timezone, :merchant_zone) = :zone and {filters}
order by cu.id, e.occurred_at, e.id
"""


async def fill_from_events(
    unit: Unit, definition: Definition, moment: Moment, window: tuple[datetime, datetime], offset_no: int
) -> None:
    """Put the customers whose events of a window make a behaviour plan fire into the chunk, one row each; what a preview looks at."""
    trigger = definition.trigger
    if not isinstance(trigger, Behaviour):
        raise TypeError("only a behaviour plan fires on events")
    await unit.run(
        _EVENTS.format(followable=FOLLOWABLE, filters=FIRST_VISIT if trigger.first_visit else "true"),
        types=list(trigger.events), from_at=window[0], until_at=window[1], offset_no=str(offset_no),
        merchant_zone=await merchant_zone(unit), zone=moment.timezone,
    )  # fmt: skip


_ENROLMENTS = """
insert into chunk (scope_id, entry_key, guard, enrolment_id, customer_id, card_id, event_id, event_store_id, step, anchor_on)
select e.scope_id, e.entry_key, e.guard, e.id, e.customer_id, e.card_id, e.event_id, e.store_id, e.step, e.anchor_on
from enrolment e where e.merchant_id = :merchant and e.id = any(cast(:ids as uuid[]))
order by e.id
"""


async def fill_from_enrolments(unit: Unit, enrolment_ids: list[UUID]) -> None:
    """Put passages that are due, and locked by the caller, into the chunk."""
    await unit.run(_ENROLMENTS, ids=enrolment_ids)
