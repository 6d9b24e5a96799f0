"""The entry rule as SQL: when the same scope may not enter a plan again, and the key that keeps two transactions from letting it in at once.

Entering by events and runs of the calendar share it. Candidate `c` has scope_id, customer_id, card_id, event_id, occurred_at and on_day, its local day;
`p` is what it passed through before. A passage that was held out counts like any other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from tasks.audience.ground import Ground
from tasks.plans.definition import Entry
from tasks.plans.states import EntryMode, Measure, Scope


@dataclass(frozen=True)
class Admission:
    """The rule of one plan. Statements bind :plan, :at and :until beside `values`.

    Attributes:
        joins: what stands after `c` in FROM; gives alias `p`.
        blocked: SQL that it may not enter.
        guard: SQL of the unique key it enters under, null for none.
        each: how many of several candidates of one scope may enter at once, None for all of them.
    """

    joins: str
    blocked: str
    guard: str
    values: dict[str, Any] = field(default_factory=dict)
    each: str | None = "1"


_ENTERED: Final = "coalesce(x.occurred_at, e.created_at)"
"""When somebody entered: with the event, else with the firing."""
_PASSED: Final = """
from enrolment e left join event x on x.merchant_id = e.merchant_id and x.id = e.event_id
where e.merchant_id = :merchant and e.scope_id = c.scope_id and e.plan_id = :plan and e.entry_key <> '' and e.created_at <= :until
  and (c.event_id is null or e.event_id is distinct from c.event_id)
"""
"""What the scope passed through before. The offsets of one event are one entry. The key is named because the index that finds the scope is partial by it."""
_PAST: Final = """
cross join lateral (
    select count(*) as times, max({entered}) as entered_at, max(({entered} at time zone {zone})::date) as entered_on,
        count(*) filter (where {live}) as live,
        count(distinct coalesce(e.event_id, e.id)) filter (where ({entered} at time zone {zone})::date > c.on_day - cast(:entry_days as int)) as recent
    {passed}) p
"""
_LIVE: Final = "e.state in ('waiting', 'active')"
_LIVE_THEN: Final = "(e.closed_at is null or e.closed_at > :at)"


def admission(entry: Entry, ground: Ground, zone: str) -> Admission:
    """Return the rule; `zone` is the SQL of the candidate's zone."""
    rule = _crossing(entry, ground) if entry.mode is EntryMode.ONCE_PER_CROSSING else _RULES[entry.mode](entry)
    past = _PAST.format(entered=_ENTERED, zone=zone, live=_LIVE_THEN if ground.past else _LIVE, passed=_PASSED)
    values = {"entry_days": entry.days or 0} | rule.values
    return Admission(past + rule.joins, rule.blocked, rule.guard, values, rule.each)


_NTH: Final = "'entry ' || p.times"

_RULES: Final[dict[EntryMode, Callable[[Entry], Admission]]] = {
    EntryMode.NEVER_AGAIN: lambda _: Admission("", "p.times > 0", "'once'"),
    EntryMode.AFTER_EXIT: lambda _: Admission("", "p.live > 0", _NTH),
    EntryMode.COOLDOWN: lambda _: Admission(
        "", "coalesce(p.entered_on > c.on_day - cast(:entry_days as int), false)", _NTH
    ),
    EntryMode.AT_MOST: lambda entry: Admission(
        "",
        "p.recent >= cast(:entry_times as int)",
        _NTH,
        {"entry_times": entry.times},
        each="cast(:entry_times as int) - p.recent",
    ),
    EntryMode.RESTART: lambda entry: Admission("", _OVERTAKEN.format(same=replaced(entry.scope, "c")), _NTH, each=None),
    EntryMode.EACH_TIME: lambda _: Admission("", "false", "cast(null as text)", each=None),
}

_ONE_OF_MANY: Final = {Scope.CARD, Scope.APPOINTMENT}


def replaced(scope: Scope, newer: str) -> str:
    """Return the SQL that passage `e` is one that a newer entry takes the place of: that of the same card or appointment, else of the same customer."""
    same = (
        "e.scope_id = {0}.scope_id and e.entry_key <> ''"
        if scope in _ONE_OF_MANY
        else "e.customer_id = {0}.customer_id"
    )
    return same.format(newer)


def replacing(scope: Scope, scope_id: UUID, customer_id: UUID) -> UUID:
    """Return what two entries must share for the newer to take the older one's place, as `replaced` says it in SQL."""
    return scope_id if scope in _ONE_OF_MANY else customer_id


_OVERTAKEN: Final = """exists (select from enrolment e join event x on x.merchant_id = e.merchant_id and x.id = e.event_id
    where e.merchant_id = :merchant and e.plan_id = :plan and {same} and e.state in ('waiting', 'active')
      and (x.occurred_at, x.id) > (c.occurred_at, c.event_id))"""
"""An event that comes late finds the passage of a newer one."""


_VALUES: Final = {Measure.BALANCE: "kf.balance_cents", Measure.USES_LEFT: "kf.uses_left"}
_MOVES: Final = {Measure.BALANCE: "x.principal_cents + x.gift_cents", Measure.USES_LEFT: "x.uses"}
_CARD_FACTS: Final = "left join {card_facts} kf on kf.merchant_id = :merchant and kf.card_id = c.card_id"
_BOUND: Final = (
    "cross join lateral (select {best}(b) as bound from unnest(cast(:bounds as bigint[])) as u(b) where {reached}) q"
)
_RISEN: Final = """exists (
    select from (select x.occurred_at, sum({moves}) over (order by x.occurred_at, x.id) as value
                 from card_entry x where x.merchant_id = :merchant and x.card_id = c.card_id and x.occurred_at <= :at) r
    where r.occurred_at > {since} and r.value > {bound})"""
"""The card's value rose above the bound since then."""


def _crossing(entry: Entry, ground: Ground) -> Admission:
    values: dict[str, Any] = {"bounds": list(entry.bounds)}
    if entry.measure is Measure.PAID:
        return _paid(ground, values)
    if entry.measure is Measure.DAYS_LEFT:
        return _days_left(ground, values)
    measure = entry.measure or Measure.BALANCE
    if measure is Measure.BALANCE and len(entry.bounds) == 1:
        risen = _RISEN.format(moves=_MOVES[measure], since="p.entered_at", bound="cast(:bound as bigint)")
        blocked = f"kf.balance_cents > cast(:bound as bigint) or (p.times > 0 and not {risen})"
        joins = _CARD_FACTS.format(card_facts=ground.card_facts)
        return Admission(joins, blocked, "'crossing ' || p.times", {"bound": entry.bounds[0]})
    return _below(measure, ground, values | {"largest": max(entry.bounds)})


def _below(measure: Measure, ground: Ground, values: dict[str, Any]) -> Admission:
    """The smallest bound that holds is entered. An entry at it or at a smaller one counts, until the value rose above; older guards name no bound."""
    joins = f"""
{_CARD_FACTS.format(card_facts=ground.card_facts)}
{_BOUND.format(best="min", reached=f"b >= {_VALUES[measure]}")}
cross join lateral (select max({_ENTERED}) as entered_at {_PASSED} and e.guard is not null
    and case when e.guard like 'bound %' then split_part(e.guard, ' ', 2)::bigint else cast(:largest as bigint) end <= q.bound) w"""
    risen = _RISEN.format(moves=_MOVES[measure], since="w.entered_at", bound="q.bound")
    blocked = f"q.bound is null or (w.entered_at is not null and not {risen})"
    return Admission(joins, blocked, "'bound ' || q.bound || ' ' || p.times", values)


def _days_left(ground: Ground, values: dict[str, Any]) -> Admission:
    """Once at each bound for one expiry date."""
    joins = f"""
{_CARD_FACTS.format(card_facts=ground.card_facts)}
{_BOUND.format(best="min", reached="b >= kf.expires_on - c.on_day")}"""
    expiry = "'expires ' || to_char(kf.expires_on, 'YYYY-MM-DD') || ' '"
    blocked = f"""q.bound is null or exists (select {_PASSED} and e.guard like {expiry} || '%'
        and nullif(split_part(e.guard, ' ', 3), '')::bigint <= q.bound)"""
    return Admission(joins, blocked, f"{expiry} || q.bound", values)


def _paid(ground: Ground, values: dict[str, Any]) -> Admission:
    """The highest bound reached, once; a refund that takes her below it does not give her a lower one again."""
    joins = f"""
join customer cu on cu.merchant_id = :merchant and cu.id = c.customer_id {ground.facts_join}
{_BOUND.format(best="max", reached="b <= f.spend_cash_cents")}"""
    blocked = f"""q.bound is null or exists (select {_PASSED} and e.guard like 'paid %'
        and nullif(split_part(e.guard, ' ', 2), '')::bigint >= q.bound)"""
    return Admission(joins, blocked, "'paid ' || q.bound", values)
