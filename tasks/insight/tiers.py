"""`customer_insight`: RFM tier and churn level, for everybody and for one by the same statements; and the events of those who moved.

R is the day of the last purchase, F the number of purchases in the window, M the money of the window on the merchant's basis, refunds taken off. A purchase is
a receipt whose cash and card parts are together above zero, so a visit paid by card is one, and a visit without a receipt is none: RFM speaks of money, the
churn level of visits. Who bought only before the window scores 1, 1, 1; who never bought has no tier.

The churn level is the overdue ratio over all services against the merchant's bounds; lost, too, after 365 days away; who never came has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from tasks.events.happened import Happened
from tasks.insight.rules import HIGH, LOST_AFTER_DAYS, TIERS, TOP, Cuts, InsightRulesIn, milli
from tasks.insight.states import Basis, Method
from tasks.insight.whom import EVERYBODY, Today, Whom
from tasks.kernel.unit import Unit

SOURCE: Final = "huifang:insight"
"""The CloudEvents source of the events of customers who moved; one a day for each customer and tier or level she came to."""
MOVED: Final = "segment_changed"
"""The type of these events."""
_BOUGHT: Final = """
bought as (
  select who.id as customer_id, who.home_store_id, who.today, max(s.sold_on) filter (where s.cash_cents + s.card_cents > 0) as last_on,
    (count(*) filter (where s.cash_cents + s.card_cents > 0 and s.sold_on >= who.today - cast(:window as int)))::int as times,
    coalesce(sum({money}) filter (where s.sold_on >= who.today - cast(:window as int)), 0)::bigint as money
  from who left join sale s on s.merchant_id = :merchant and s.customer_id = who.id and s.sold_on <= who.today
  group by who.id, who.home_store_id, who.today)
"""
_CUTS: Final = """
ranked as (
  select last_on, times, money, count(*) over () as n, rank() over (order by last_on) - 1 as r, rank() over (order by times) - 1 as f,
    rank() over (order by money) - 1 as m from bought where times > 0)
select score, min(last_on) filter (where 1 + r * 5 / n >= score) as recency, min(times) filter (where 1 + f * 5 / n >= score) as frequency,
  min(money) filter (where 1 + m * 5 / n >= score) as money
from ranked cross join generate_series(2, 5) as score group by score order by score
"""
_LEVEL: Final = f"""
case when r.customer_id is null or o.nth is null then null
  when s.today - r.last_on > {LOST_AFTER_DAYS} then 'lost'
  when (o.nth - r.last_nth)::bigint * r.gap_over * 1000 < r.gap_open_days::bigint * cast(:due as bigint) then 'active'
  when (o.nth - r.last_nth)::bigint * r.gap_over * 1000 < r.gap_open_days::bigint * cast(:risk as bigint) then 'due'
  when (o.nth - r.last_nth)::bigint * r.gap_over * 1000 < r.gap_open_days::bigint * cast(:lost as bigint) then 'at_risk'
  else 'lost' end
"""
_TIER: Final = " ".join(
    f"when {' and '.join(f's.{name} >= {HIGH}' if high else f's.{name} < {HIGH}' for name, high in zip('rfm', highs, strict=True))} then '{tier}'"
    for highs, tier in TIERS.items()
)
_SAID: Final = f"""
scored as (
  select *, last_on is not null and :judgeable as judged, case when times > 0 then {{recency}} else 1 end as r,
    case when times > 0 then {{frequency}} else 1 end as f, case when times > 0 then {{amount}} else 1 end as m
  from bought),
now as (
  select s.customer_id, s.home_store_id, s.today, case when s.judged then s.r end as recency_score, case when s.judged then s.f end as frequency_score,
    case when s.judged then s.m end as money_score, case when s.judged then case {_TIER} end end as rfm_tier, {_LEVEL} as churn_level
  from scored s left join customer_rhythm r on r.merchant_id = :merchant and r.customer_id = s.customer_id and r.category = ''
  left join store_open_day o on o.merchant_id = :merchant and o.store_id = r.store_id and o.day_on = s.today),
said as (
  select n.*, i.customer_id is null as is_new, i.rfm_tier as old_tier, i.churn_level as old_level,
    n.rfm_tier is distinct from i.rfm_tier as other_tier, n.churn_level is distinct from i.churn_level as other_level,
    case when n.rfm_tier is not distinct from i.rfm_tier then i.rfm_before when not :anew then i.rfm_tier end as rfm_before,
    case when n.rfm_tier is not distinct from i.rfm_tier then i.rfm_since_on else n.today end as rfm_since_on,
    case when n.churn_level is not distinct from i.churn_level then i.churn_before when not :anew then i.churn_level end as churn_before,
    case when n.churn_level is not distinct from i.churn_level then i.churn_since_on else n.today end as churn_since_on,
    (i.recency_score, i.frequency_score, i.money_score) is distinct from (n.recency_score, n.frequency_score, n.money_score) as other_score
  from now n left join customer_insight i on i.merchant_id = :merchant and i.customer_id = n.customer_id)
"""
_COLUMNS: Final = (
    "recency_score",
    "frequency_score",
    "money_score",
    "rfm_tier",
    "rfm_before",
    "rfm_since_on",
    "churn_level",
    "churn_before",
    "churn_since_on",
)
_NAMES: Final = ", ".join(_COLUMNS)
_WRITE: Final = f"""
gone as (
  delete from customer_insight g using (
    select i.customer_id from customer_insight i where i.merchant_id = :merchant and {{of}} except select id from who) x
  where g.merchant_id = :merchant and g.customer_id = x.customer_id),
written as (
  insert into customer_insight (merchant_id, customer_id, {_NAMES}, computed_on)
  select :merchant, customer_id, {_NAMES}, today from said where is_new or other_tier or other_level or other_score order by customer_id
  on conflict (merchant_id, customer_id) do update set {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}, computed_on = excluded.computed_on),
changed as (
  select customer_id, home_store_id, customer_id || ':' || today || ':rfm:' || coalesce(rfm_tier, '') as code, 'rfm' as what, old_tier as was,
    rfm_tier as is_now from said where other_tier and old_tier is not null and not :anew
  union all
  select customer_id, home_store_id, customer_id || ':' || today || ':churn:' || coalesce(churn_level, ''), 'churn', old_level,
    churn_level from said where other_level and old_level is not null and not :anew),
moved as materialized (
  select new_uuid7() as event_id, c.* from changed c
  where not exists (select from event e where e.merchant_id = :merchant and e.source = '{SOURCE}' and e.external_id = c.code) order by c.customer_id, c.what),
event_of as (
  insert into event (merchant_id, id, source, external_id, type, customer_id, store_id, state, historic, occurred_at, received_at)
  select :merchant, event_id, '{SOURCE}', code, '{MOVED}', customer_id, home_store_id, 'accepted', false, :now, :now from moved),
field_of as (
  insert into event_field (merchant_id, event_id, name, text_value)
  select :merchant, m.event_id, x.name, x.value from moved m
  cross join lateral (values ('what', m.what), ('from', m.was), ('to', m.is_now)) as x(name, value) where x.value is not null)
select (select count(*) from bought) as customers, (select count(*) from moved) as moved, m.event_id, m.customer_id, m.home_store_id
from (values (1)) as one left join moved m on :telling
"""


@dataclass(frozen=True)
class Judge:
    """By what customers are judged.

    Attributes:
        rules: the merchant's.
        cuts: the bounds of the scores; None under thresholds, and under quintiles before anybody was ever ranked: then nobody has a tier.
        anew: the rules differ from those of the last computation, so that a new tier is no movement.
        telling: return the events of those who moved.
    """

    rules: InsightRulesIn
    cuts: Cuts | None = None
    anew: bool = False
    telling: bool = False


@dataclass(frozen=True)
class Outcome:
    """How many customers were looked at, how many movements became events, and these events if they were asked for."""

    customers: int
    moved: int
    events: Sequence[Happened] = ()


def _scores(judge: Judge) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the SQL of the three scores, and their binds."""
    if judge.rules.method is Method.THRESHOLDS:
        bounds = judge.rules.thresholds
        best = f"case when {{}} then {TOP} else 1 end"
        sql = {
            "recency": best.format("last_on >= today - cast(:recent as int)"),
            "frequency": best.format("times >= cast(:often as int)"),
            "amount": best.format("money >= cast(:much as bigint)"),
        }
        return sql, {"recent": bounds.recency_days, "often": bounds.frequency, "much": bounds.money_cents}
    cuts = judge.cuts or Cuts()
    ranked = "1 + (select count(*)::int from unnest(cast(:{} as {}[])) as cut where {} >= cut)"
    sql = {
        "recency": ranked.format("recent", "date", "last_on"),
        "frequency": ranked.format("often", "int", "times"),
        "amount": ranked.format("much", "bigint", "money"),
    }
    return sql, {
        "recent": [date.fromisoformat(day) for day in cuts.recency],
        "often": list(cuts.frequency),
        "much": list(cuts.money),
    }


def _bought(rules: InsightRulesIn) -> str:
    return _BOUGHT.format(money="s.cash_cents" if rules.basis is Basis.CASH else "s.card_cents")


async def cut(unit: Unit, rules: InsightRulesIn, today: Today) -> Cuts:
    """Return the bounds between the quintiles of everybody who bought in the window: the score of a rank is 1 + (how many have less) * 5 // (how many)."""
    statement = f"with {EVERYBODY.cte}, {_bought(rules)}, {_CUTS}"
    rows = await unit.rows(statement, window=rules.window_days, **today.values, **EVERYBODY.values)
    return Cuts(
        [row["recency"].isoformat() for row in rows if row["recency"] is not None],
        [row["frequency"] for row in rows if row["frequency"] is not None],
        [row["money"] for row in rows if row["money"] is not None],
    )


async def write_tiers(unit: Unit, judge: Judge, today: Today, whom: Whom) -> Outcome:
    """Make the tiers of these customers what their rhythm and receipts say, with an event for each who moved. The caller holds their facts locked."""
    scores, binds = _scores(judge)
    statement = f"with {whom.cte}, {_bought(judge.rules)}, {_SAID.format(**scores)}, {_WRITE.format(of=whom.of('i.customer_id'))}"
    rows = await unit.rows(
        statement, window=judge.rules.window_days, due=milli(judge.rules.due_at), risk=milli(judge.rules.at_risk_at), lost=milli(judge.rules.lost_at),
        anew=judge.anew, telling=judge.telling, judgeable=judge.rules.method is Method.THRESHOLDS or judge.cuts is not None,
        **binds, **today.values, **whom.values,
    )  # fmt: skip
    events = [
        Happened(row["event_id"], MOVED, row["customer_id"], unit.now, row["home_store_id"])
        for row in rows
        if row["event_id"] is not None
    ]
    return Outcome(rows[0]["customers"], rows[0]["moved"], events)
