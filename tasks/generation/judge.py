"""What stands between a candidate and a task: exits, entry rule, suppressions, hold-out, merge, cap, in the order of engine.md.

Only working tables are written.
"""

from datetime import UTC, datetime

from tasks.audience.resolving import reason_of
from tasks.generation.candidates import Moment
from tasks.kernel.unit import Unit
from tasks.people.followed import FOLLOWABLE
from tasks.plans.definition import Definition
from tasks.plans.states import EntryMode, PlanKind, Purpose, Scope

GAP_DAYS = 7
"""One marketing contact in so many days."""
CAP = 4
"""Marketing contacts in thirty days of a customer without a tier of her own."""
UNANSWERED = 5
"""Contacts without an answer in 180 days, after which we stop."""
DEFER_DAYS = 3
"""A task that waits longer takes no merges."""
HOLD_OUT_BUCKETS = 100
"""Hold-out percent is a share of these."""

LOCK = """
select s.customer_id from customer_contact_state s
where s.merchant_id = :merchant and s.customer_id in (select customer_id from chunk) order by s.customer_id for update
"""

ROUTE = """
update chunk c set store_id = coalesce({order}, cu.home_store_id,
    (select v.store_id from visit v where v.merchant_id = :merchant and v.customer_id = c.customer_id order by v.visited_on desc, v.id desc limit 1),
    c.event_store_id,
    (select st.id from store st where st.merchant_id = :merchant and st.active order by st.id limit 1))
from customer cu where cu.merchant_id = :merchant and cu.id = c.customer_id
"""

EXITS = """
update chunk c set decided = 'exited', reason = x.failing
from (select c.no, case when not ({followable}) then 'not_followed_up' else {failing} end as failing
      from chunk c join customer cu on cu.merchant_id = :merchant and cu.id = c.customer_id {facts} {card}
      where c.decided is null) x
where x.no = c.no and x.failing is not null
"""

CARD_JOIN = """
left join card k on k.merchant_id = cu.merchant_id and k.id = c.card_id
left join {card_facts} kf on kf.merchant_id = k.merchant_id and kf.card_id = k.id
left join card_product cp on cp.merchant_id = k.merchant_id and cp.id = k.card_product_id
"""

ENTERED = """
(select max(e.created_at) as entered_at, count(*) as times from enrolment e
 where e.merchant_id = :merchant and e.scope_id = c.scope_id and e.plan_id = :plan and e.created_at <= :until
   and not (:by_event and e.entry_key = c.entry_key))
"""

ENTRY = {
    EntryMode.NEVER_AGAIN: "p.times > 0",
    EntryMode.ONCE_PER_CROSSING: """p.times > 0 and not exists (
        select from (select x.occurred_at, sum(x.principal_cents + x.gift_cents) over (order by x.occurred_at, x.id) as balance
                     from card_entry x where x.merchant_id = :merchant and x.card_id = c.card_id and x.occurred_at <= :at) r
        where r.occurred_at > p.entered_at and r.balance > :bound)""",
}
"""When the same scope may not enter again."""

GUARD = {EntryMode.NEVER_AGAIN: "'once'", EntryMode.ONCE_PER_CROSSING: "'crossing ' || p.times"}
"""What makes the entry rule a unique key, so that two runs cannot both let the same scope in."""

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
        when :marketing_gap and :marketing and exists (select from contact o where o.merchant_id = :merchant and o.customer_id = c.customer_id
            and o.marketing and o.contacted_at > cast(:at as timestamptz) - make_interval(days => :gap_days) and o.contacted_at <= :until) then 'marketing_gap'
        when :tier_cap and :marketing and (select count(*) from contact o where o.merchant_id = :merchant and o.customer_id = c.customer_id
            and o.marketing and o.contacted_at > cast(:at as timestamptz) - interval '30 days' and o.contacted_at <= :until) >= :cap then 'tier_cap'
        when :no_answer and (select count(*) filter (where not o.reached) >= :unanswered and not coalesce(bool_or(o.reached), false) from contact o
            where o.merchant_id = :merchant and o.customer_id = c.customer_id and o.human
            and o.contacted_at > cast(:at as timestamptz) - interval '180 days' and o.contacted_at <= :until) then 'no_answer'
        when :new_year then 'new_year'
        when :marketing and exists (select from store_closure z where z.merchant_id = :merchant and z.store_id = c.store_id
            and :today between z.from_on and z.to_on) then 'closed'
    end as reason
    from chunk c left join customer_contact_state s on s.merchant_id = :merchant and s.customer_id = c.customer_id
    where c.decided is null
) x where x.no = c.no and x.reason is not null
"""

HOLD_OUT = """
update chunk c set decided = 'held_out'
where c.decided is null and ('x' || left(md5(c.customer_id::text || ':' || cast(cast(:plan as uuid) as text)), 7))::bit(28)::int % :buckets < :percent
"""

ONE_EACH = """
update chunk c set first_of_customer = false
from (select no, row_number() over (partition by customer_id order by value_cents desc, scope_id) as nth from chunk where decided is null) n
where n.no = c.no and n.nth > 1
"""

MERGE = """
update chunk c set
    decided = case when t.own or t.away then 'deferred' else 'merged' end,
    reason = case when t.own then 'other_task' when t.away then 'waiting' end,
    task_id = case when not t.own and not t.away then t.id end
from (select distinct on (t.customer_id) t.customer_id, t.id, t.origin <> 'plan' as own,
          coalesce(t.wait_until > cast(:at as timestamptz) + make_interval(days => :defer_days), false) as away
      from task t where t.merchant_id = :merchant and t.status in ('queued', 'open', 'in_progress', 'waiting')
        and t.customer_id in (select customer_id from chunk where decided is null) and t.created_at <= :until
      order by t.customer_id, (t.origin = 'plan') desc, t.id) t
where t.customer_id = c.customer_id and c.decided is null
"""

LIVE_TASKS = """
select t.id from task t where t.merchant_id = :merchant and t.customer_id in (select customer_id from chunk where decided is null)
    and t.status in ('queued', 'open', 'in_progress', 'waiting') order by t.id for update
"""

CAPPED = """
update chunk c set decided = 'capped'
from (select no, row_number() over (order by value_cents desc, customer_id) as nth from chunk where decided is null and first_of_customer) n
where n.no = c.no and n.nth > :room
"""

FOLLOWERS = """
update chunk c set decided = case when f.decided is null then 'merged' else f.decided end, reason = f.reason
from chunk f where f.customer_id = c.customer_id and f.first_of_customer and not c.first_of_customer and c.decided is null
    and (f.decided is null or f.decided in ('capped', 'no_capacity'))
"""


async def lock(unit: Unit) -> None:
    """Lock the candidates' contact states and live tasks in id order, before caps, gaps and refusals are read (engine.md)."""
    await unit.run(LOCK)


async def route(unit: Unit, definition: Definition) -> None:
    """Choose the store that gets each candidate's task."""
    first = "c.event_store_id" if definition.task.route == "event_store" else "cu.home_store_id"
    await unit.run(ROUTE.format(order=first))


async def exits(unit: Unit, definition: Definition, moment: Moment) -> None:
    """Passages whose audience no longer holds leave, by the name of the condition."""
    card = definition.entry.scope is Scope.CARD
    reason = await reason_of(unit, definition.audience, moment.ground, card=card)
    join = CARD_JOIN.format(card_facts=moment.ground.card_facts) if card else ""
    await unit.run(
        EXITS.format(failing=reason.sql, facts=moment.ground.facts_join, card=join, followable=FOLLOWABLE),
        **(reason.values | moment.values),
    )  # fmt: skip


async def entry(unit: Unit, definition: Definition, plan: object, moment: Moment) -> None:
    """Scopes that were here before and may not enter again leave; the others get the key that makes it so."""
    mode = definition.entry.mode
    await unit.run(
        f"update chunk c set decided = case when {ENTRY[mode]} then 'entry' end, guard = {GUARD[mode]} "
        f"from chunk o cross join lateral {ENTERED.replace('c.', 'o.')} p where o.no = c.no and c.decided is null",
        plan=plan, bound=next(iter(definition.entry.bounds), None), by_event=definition.kind is PlanKind.BEHAVIOUR, **moment.values,
    )  # fmt: skip


async def suppressions(unit: Unit, definition: Definition, moment: Moment, *, new_year: bool) -> None:
    """Customers who must not be contacted get the first reason that holds, in product.md's order."""
    rules = definition.suppress
    switches = {
        name: getattr(rules, name)
        for name in (
            "complaint",
            "appointment",
            "contacted_today",
            "phone_today",
            "marketing_gap",
            "tier_cap",
            "no_answer",
        )
    }
    marketing = definition.purpose is Purpose.MARKETING
    # What an appointment became is known without a date: of a past day it was still to come, whatever its status is now.
    over = datetime.min.replace(tzinfo=UTC) if moment.past else moment.at
    await unit.run(
        SUPPRESS,
        **switches, **moment.values, new_year=new_year and rules.new_year, marketing=marketing, over=over,
        gap_days=GAP_DAYS, cap=CAP, unanswered=UNANSWERED,
    )  # fmt: skip


async def hold_out(unit: Unit, plan: object, percent: int) -> None:
    """A stable share of the customers gets no task, so that the plan's effect can be measured."""
    if percent:
        await unit.run(HOLD_OUT, plan=plan, percent=percent, buckets=HOLD_OUT_BUCKETS)


async def merge(unit: Unit, moment: Moment, *, writing: bool) -> None:
    """Join the task a customer already has, or wait for it; of several candidates of one customer, one makes the task and the others join it."""
    if writing:
        await unit.run(LIVE_TASKS)
    await unit.run(MERGE, defer_days=DEFER_DAYS, **moment.values)
    await unit.run(ONE_EACH)


async def cap(unit: Unit, room: int | None) -> None:
    """What a run may still make is dealt to the most valuable first; the rest is capped."""
    if room is not None:
        await unit.run(CAPPED, room=max(0, room))


async def followers(unit: Unit) -> None:
    """The further candidates of one customer follow what was decided for the first."""
    await unit.run(FOLLOWERS)
