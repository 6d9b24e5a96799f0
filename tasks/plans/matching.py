"""Which events start a behaviour plan, and whose passage they start: the one SQL that entering, backfill, expectation and preview share."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from tasks.audience.binds import Binds
from tasks.audience.conditions.happenings import filters_sql
from tasks.people.followed import FOLLOWABLE
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.states import Scope
from tasks.plans.triggers import Offset

STARTS_AT: Final = "startsAt"
"""The date of an event that is an appointment's beginning."""
EXPIRES_ON: Final = "expiresOn"
"""The date of an event that is the last day of its card."""

COUNTS: Final = "e.state not in ('withdrawn', 'unmatched')"
"""What a corrected receipt took back, and what belongs to nobody yet, has not happened."""
ZONE: Final = "coalesce(es.timezone, m.timezone)"
"""The zone of the store where it happened, else the merchant's."""

FIRST_VISIT: Final = """not exists (select from visit before where before.merchant_id = e.merchant_id and before.customer_id = e.customer_id
    and before.visited_on < (select v.visited_on from visit v where v.merchant_id = e.merchant_id and v.id = e.ledger_id and e.ledger_kind = 'visit'))"""

_CARD: Final = """
cross join lateral (
    select x.card_id from card_entry x where x.merchant_id = e.merchant_id and x.id = e.ledger_id
    union select x.card_id from card_entry x where x.merchant_id = e.merchant_id and x.sale_id = e.ledger_id and x.kind = 'open' and e.type = 'purchase') oc
join card k on k.merchant_id = e.merchant_id and k.id = oc.card_id
"""
"""The card of a card's event, and every card that a paid receipt opened."""
_OF_ENTRY: Final = (
    "(select x.card_id from card_entry x where x.merchant_id = e.merchant_id and x.id = e.ledger_id limit 1)"
)

_MATCHING: Final = """
from event e join merchant m on m.merchant_id = e.merchant_id {card}
join customer cu on cu.merchant_id = e.merchant_id and cu.id = {whose} and {followable}
left join store es on es.merchant_id = e.merchant_id and es.id = e.store_id
where e.merchant_id = :merchant and e.type = any(cast(:types as text[])) and {counts} and {about} and {first} and {filters}
"""

_SCOPE_IDS: Final = {
    Scope.CUSTOMER: "cu.id",
    Scope.CARD: "oc.card_id",
    Scope.VISIT: "e.ledger_id",
    Scope.APPOINTMENT: "e.ledger_id",
}
_ABOUT: Final = {Scope.VISIT: "e.ledger_kind = 'visit'", Scope.APPOINTMENT: "e.ledger_kind = 'appointment'"}


@dataclass(frozen=True)
class Matching:
    """The events that start a plan, as `sql` from FROM to the last AND: alias `e` is the event, `cu` whom the passage is about.

    `dates` are further columns: `date_<number>` for each offset.

    Card plans are about the card's owner of today; what is about a visit or a person is about whom the event names.
    """

    sql: str
    scope_id: str
    card_id: str
    dates: str
    values: dict[str, Any]


def matching(definition: Definition) -> Matching:
    """Return what starts the plan; TypeError for a plan of the calendar."""
    trigger, scope = behaviour_of(definition), definition.entry.scope
    binds = Binds(date.min, "w")
    card = scope is Scope.CARD
    sql = _MATCHING.format(
        card=_CARD if card else "",
        whose="k.customer_id" if card else "e.customer_id",
        followable=FOLLOWABLE,
        counts=COUNTS,
        about=_ABOUT.get(scope, "true"),
        first=FIRST_VISIT if trigger.first_visit else "true",
        filters=filters_sql(trigger.where, binds),
    )
    values = binds.values | date_values(trigger) | {"types": list(trigger.events)}
    dates = "".join(
        f", {date_of(offset, number, 'oc.card_id' if card else None)} as date_{number}"
        for number, offset in enumerate(trigger.offsets)
    )
    return Matching(sql, _SCOPE_IDS[scope], "oc.card_id" if card else "cast(null as uuid)", dates, values)


def behaviour_of(definition: Definition) -> Behaviour:
    """Return the trigger of a behaviour plan; TypeError for one of the calendar."""
    if not isinstance(definition.trigger, Behaviour):
        raise TypeError("only a behaviour plan fires on events")
    return definition.trigger


def date_of(offset: Offset, number: int, card: str | None = None) -> str:
    """Return the SQL of the event's own date that the offset counts back from, null without one: an instant, or a day. Binds `:before_<number>`.

    `card` is the SQL of the card the passage is about; without it an expiry is that of the event's own card.
    """
    if offset.before is None:
        return "cast(null as timestamptz)"
    if offset.before == STARTS_AT:
        return "(select a.starts_at from appointment a where a.merchant_id = e.merchant_id and a.id = e.ledger_id)"
    field = f"""(select ef.day_value from event_field ef where ef.merchant_id = e.merchant_id and ef.event_id = e.id
        and ef.name = cast(:before_{number} as text))"""
    if offset.before != EXPIRES_ON:
        return field
    return f"""coalesce((select kf.expires_on from card_facts kf where kf.merchant_id = e.merchant_id
        and kf.card_id = {card or _OF_ENTRY}), {field})"""


def dated_within(definition: Definition, number: int) -> str:
    """Return the SQL that the event's date of an offset lies about between :from_at and :until_at: days at both ends may be too many."""
    offset = behaviour_of(definition).offsets[number]
    if offset.before == STARTS_AT:
        return """e.ledger_id in (select a.id from appointment a where a.merchant_id = :merchant and a.starts_at >= :from_at and a.starts_at < :until_at
            and a.starts_on between cast(cast(:from_at as timestamptz) as date) - 1 and cast(cast(:until_at as timestamptz) as date) + 1)"""
    card = "oc.card_id" if definition.entry.scope is Scope.CARD else None
    return f"""{date_of(offset, number, card)} between cast(cast(:from_at as timestamptz) as date) - 1
        and cast(cast(:until_at as timestamptz) as date) + 1"""


def date_values(trigger: Behaviour) -> dict[str, Any]:
    """Return the binds of `date_of` for every offset."""
    return {f"before_{number}": offset.before for number, offset in enumerate(trigger.offsets)}
