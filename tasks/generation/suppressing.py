"""Who must not be contacted, by the first reason that holds, in product.md's order. Only the working table is written."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from tasks.generation.candidates import Moment
from tasks.kernel.unit import Unit
from tasks.people.contact_caps import ContactCaps, contact_caps
from tasks.plans.definition import Definition
from tasks.plans.states import Purpose

GAP_DAYS = 7
"""One marketing contact in so many days."""
UNANSWERED = 5
"""Contacts without an answer in 180 days, after which we stop."""
COOL_DAYS = 60
"""How long a plan's family leaves her alone who was not interested (engine.md, "Outcomes")."""

SWITCHES: Final = (
    "complaint",
    "appointment",
    "contacted_today",
    "phone_today",
    "marketing_gap",
    "no_answer",
    "not_interested",
    "care_gap",
)
"""Rules of `Suppress` that are switched by a bind of their name."""

# One by one: ten thousand of a million contact states are found quicker by their key than by reading all, whatever the planner thinks.
SUPPRESS = """
update chunk c set decided = 'suppressed', reason = x.reason
from (
    select c.no, case
        when s.no_contact_at is not null or (s.no_phone_at is not null and s.no_wechat_at is not null) then 'do_not_contact'
        when s.wrong_number_at is not null and not exists (select from contact_point p where p.merchant_id = :merchant and p.customer_id = c.customer_id
            and p.valid) then 'wrong_number'
        when :complaint and (s.complaint_at is not null or (:marketing and s.marketing_frozen_until > :at)) then 'complaint'
        when :appointment and exists (select from appointment a where a.merchant_id = :merchant and a.customer_id = c.customer_id
            and a.starts_on >= :today and a.status <> 'cancelled' and not (a.status in ('arrived', 'missed') and a.starts_at <= :over)) then 'appointment'
        when :contacted_today and exists (select from contact o where o.merchant_id = :merchant and o.customer_id = c.customer_id
            and o.contacted_on = :today and o.contacted_at <= :until) then 'contacted_today'
        when :phone_today and :marketing and exists (select from contact_point p join contact o on o.merchant_id = p.merchant_id
            and o.phone_index = p.value_index and o.marketing and o.contacted_on = :today and o.contacted_at <= :until
            where p.merchant_id = :merchant and p.customer_id = c.customer_id and p.kind = 'phone') then 'phone_today'
        when :marketing_gap and (:marketing or :care_gap) and exists (select from contact o where o.merchant_id = :merchant and o.customer_id = c.customer_id
            and o.marketing and o.contacted_at > cast(:at as timestamptz) - make_interval(days => :gap_days) and o.contacted_at <= :until) then 'marketing_gap'
        when {cap} then 'tier_cap'
        when :no_answer and (select count(*) filter (where not o.reached) >= :unanswered and not coalesce(bool_or(o.reached), false) from contact o
            where o.merchant_id = :merchant and o.customer_id = c.customer_id and o.human
            and o.contacted_at > cast(:at as timestamptz) - interval '180 days' and o.contacted_at <= :until) then 'no_answer'
        when :not_interested and {family} then 'not_interested'
        when :new_year then 'new_year'
        when :marketing and exists (select from store_closure z where z.merchant_id = :merchant and z.store_id = c.store_id
            and :today between z.from_on and z.to_on) then 'closed'
    end as reason
    from chunk c left join lateral (
        select * from customer_contact_state s where s.merchant_id = :merchant and s.customer_id = c.customer_id limit 1) s on true
    where c.decided is null
) x where x.no = c.no and x.reason is not null
"""

CONTACTS = """(select count(*) from contact o where o.merchant_id = :merchant and o.customer_id = c.customer_id
            and o.marketing = :marketing and o.contacted_at > cast(:at as timestamptz) - interval '30 days' and o.contacted_at <= :until)"""

NOT_INTERESTED = """c.customer_id in (select b.customer_id from chunk q
            join callback b on b.merchant_id = :merchant and b.customer_id = q.customer_id and b.outcome = 'not_interested'
            join task_reason r on r.merchant_id = :merchant and r.task_id = b.task_id
            join plan pl on pl.merchant_id = :merchant and pl.id = r.plan_id
            where q.decided is null and b.occurred_at <= :until and b.occurred_at > cast(:at as timestamptz) - make_interval(days => :cool_days)
              and (b.void_at is null or b.void_at > :until) and {family})"""
"""She said so of a task that this plan's family had a part in; corrected away, she did not. Read once for a chunk: 100,000 candidates cost 0.04 s."""

OWN = "custom"
"""The template of plans that were written from nothing."""
OF_TEMPLATE = "pl.template = :template"
OF_PLAN = "pl.id = cast(:plan as uuid)"
"""A plan's family: all plans of its template; one that is the merchant's own stands alone."""

OF_LEVEL = """coalesce((select (cast(cast(:caps as text) as jsonb) ->> cu.level)::int from customer cu
            where cu.merchant_id = :merchant and cu.id = c.customer_id), :cap)"""


async def suppress(unit: Unit, definition: Definition, moment: Moment, *, plan_id: UUID, new_year: bool) -> None:
    """Customers who must not be contacted get the first reason that holds; rules that the plan switches off are passed over."""
    rules = definition.suppress
    switches = {name: getattr(rules, name) for name in SWITCHES}
    marketing = definition.purpose is Purpose.MARKETING
    cap, values = _cap(await contact_caps(unit), marketing=marketing, on=rules.tier_cap)
    # What an appointment became is known without a date: of a past day it was still to come, whatever its status is now.
    over = datetime.min.replace(tzinfo=UTC) if moment.past else moment.at
    family = OF_PLAN if definition.template == OWN else OF_TEMPLATE
    await unit.run(
        SUPPRESS.format(cap=cap, family=NOT_INTERESTED.format(family=family)),
        **switches, **values, **moment.values, new_year=new_year and rules.new_year, marketing=marketing, over=over,
        gap_days=GAP_DAYS, unanswered=UNANSWERED, cool_days=COOL_DAYS, plan=plan_id, template=definition.template,
    )  # fmt: skip


def _cap(caps: ContactCaps, *, marketing: bool, on: bool) -> tuple[str, dict[str, Any]]:
    """Return the condition that the customer's cap is reached, and its binds. Nobody is asked for a level where all have one cap."""
    of_purpose = caps.marketing if marketing else caps.care
    if not on or of_purpose is None:
        return "false", {}
    if not of_purpose.levels:
        return f"{CONTACTS} >= :cap", {"cap": of_purpose.default}
    return f"{CONTACTS} >= {OF_LEVEL}", {"cap": of_purpose.default, "caps": of_purpose.document}
