"""Every query over what a script may say, and over the copies."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from scripts.variables import SENSITIVE
from tasks.kernel.connection import Row
from tasks.kernel.unit import Unit
from tasks.people.calendar import StoreCalendar, is_open, load_calendars
from tasks.scripting.rules import SEARCH_DAYS, Duty


class TaskFacts(msgspec.Struct, frozen=True):
    """What the books say around a task: its store, its customer, and her last visit.

    `main_card` is the card with most left on it; `sensitive` are her values of the attributes `skin_tag`, `allergy` and `pregnancy`, as JSON; `settings` are
    the merchant's, as JSON.
    """

    task_id: UUID
    store_id: UUID
    customer_id: UUID
    assignee_id: UUID | None
    store: str
    timezone: str
    today: date
    level: str | None
    level_benefit: str | None
    birthday_on: date | None
    birthday_kind: str
    first_visit_on: date | None
    first_purchase_on: date | None
    manager_id: UUID | None
    assignee_leads: bool
    last_visit_on: date | None
    served_by: UUID | None
    last_service: str | None
    cycle_days: int | None
    upkeep: str | None
    price_cents: int | None
    main_card: str | None
    sensitive: str | None
    settings: str


_TASK: Final = """
select t.id as task_id, t.store_id, t.customer_id, t.assignee_id, s.name as store, s.timezone, (:now at time zone s.timezone)::date as today,
       coalesce(lv.name, nullif(c.level, '')) as level, nullif(lv.benefit, '') as level_benefit,
       c.birthday_on, c.birthday_kind, f.first_visit_on, (f.first_purchase_at at time zone s.timezone)::date as first_purchase_on,
       (select m.staff_id from membership m join staff st on st.merchant_id = :merchant and st.id = m.staff_id and st.status = 'active'
        where m.merchant_id = :merchant and m.store_id = t.store_id and m.role = 'manager' order by st.role, m.staff_id limit 1) as manager_id,
       exists (select from membership m join staff st on st.merchant_id = :merchant and st.id = m.staff_id and st.role <> 'owner'
               where m.merchant_id = :merchant and m.store_id = t.store_id and m.staff_id = t.assignee_id and m.role = 'manager') as assignee_leads,
       v.visited_on as last_visit_on, v.served_by, p.name as last_service, p.cycle_days, p.upkeep, p.price_cents,
       (select cp.name from card_holder h join card k on k.merchant_id = :merchant and k.id = h.card_id
        join card_facts kf on kf.merchant_id = :merchant and kf.card_id = h.card_id
        join card_product cp on cp.merchant_id = :merchant and cp.id = k.card_product_id
        where h.merchant_id = :merchant and h.customer_id = t.customer_id and h.to_on is null and kf.status = 'open' and not kf.frozen and not cp.promo
          and (kf.expires_on is null or kf.expires_on >= (:now at time zone s.timezone)::date) and (kf.balance_cents > 0 or kf.uses_left > 0)
        order by kf.balance_cents desc, kf.uses_left desc, k.id limit 1) as main_card,
       (select cast(jsonb_object_agg(a.code, ca.text_value) as text) from customer_attribute ca
        join attribute a on a.merchant_id = :merchant and a.id = ca.attribute_id and a.about = 'customer' and a.active
        where ca.merchant_id = :merchant and ca.customer_id = t.customer_id and ca.text_value is not null
          and a.code = any(cast(:sensitive as text[]))) as sensitive,
       cast(me.settings as text) as settings
from task t
join merchant me on me.merchant_id = :merchant
join store s on s.merchant_id = :merchant and s.id = t.store_id
join customer c on c.merchant_id = :merchant and c.id = t.customer_id
left join customer_level lv on lv.merchant_id = :merchant and lv.code = c.level
left join customer_facts f on f.merchant_id = :merchant and f.customer_id = t.customer_id
left join lateral (select v.* from visit v where v.merchant_id = :merchant and v.customer_id = t.customer_id
                   order by v.visited_on desc, v.visited_at desc, v.id desc limit 1) v on true
left join product p on p.merchant_id = :merchant and p.id = v.product_id
where t.merchant_id = :merchant and t.id = any(cast(:tasks as uuid[]))
"""


async def read_task_facts(unit: Unit, task_ids: Collection[UUID]) -> dict[UUID, TaskFacts]:
    """Return what the books say around tasks, by task; those that do not exist are absent."""
    found = await unit.structs(TaskFacts, _TASK, tasks=list(task_ids), sensitive=sorted(SENSITIVE))
    return {facts.task_id: facts for facts in found}


class ReasonFacts(msgspec.Struct, frozen=True):
    """A reason with its plan, the card it is about and the event that started it.

    `step` counts the firings of its passage from 0; `fired_on` is the day the plan fired: that of the first step. `item` is the product that the event names;
    `previous_staff` looked after her before the consultant of today.
    """

    id: UUID
    plan_id: UUID
    plan: str
    template: str | None
    version_id: UUID
    enrolment_id: UUID
    entry_key: str
    step: int
    fired_on: date
    state: str
    close_reason: str | None
    result: str | None
    priority: int
    card_name: str | None
    card_kind: str | None
    balance_cents: int | None
    uses_left: int | None
    expires_on: date | None
    last_used_at: datetime | None
    card_service: str | None
    event_type: str | None
    event_at: datetime | None
    item: str | None
    sale_cents: int | None
    appointment_at: datetime | None
    appointment_precision: str | None
    appointment_service: str | None
    appointment_staff: UUID | None
    previous_staff: UUID | None


_REASONS: Final = """
select r.task_id, r.id, r.plan_id, p.name as plan, p.template, r.version_id, r.enrolment_id, e.entry_key, r.step,
       coalesce(o.fires_on, e.anchor_on, e.fires_on) as fired_on,
       r.state, r.close_reason, r.result, r.priority,
       k.name as card_name, k.kind as card_kind, cf.balance_cents, cf.uses_left, cf.expires_on, cf.last_used_at,
       (select i.name from card_item ci join product i on i.merchant_id = :merchant and i.id = ci.product_id
        where ci.merchant_id = :merchant and ci.card_id = ca.id order by ci.item_no limit 1) as card_service,
       ev.type as event_type, ev.occurred_at as event_at,
       (select coalesce(i.name, ef.text_value) from event_field ef left join product i on i.merchant_id = :merchant and i.code = ef.text_value
        where ef.merchant_id = :merchant and ef.event_id = ev.id and ef.name = 'product') as item,
       b.cash_cents + b.card_cents as sale_cents, a.starts_at as appointment_at, a.precision as appointment_precision,
       ap.name as appointment_service, a.staff_id as appointment_staff,
       (select cs.staff_id from customer_staff cs where cs.merchant_id = :merchant and cs.customer_id = e.customer_id and cs.role = 'consultant'
          and cs.to_on is not null and ev.type = 'consultant_changed'
          and not exists (select from customer_staff now where now.merchant_id = :merchant and now.customer_id = cs.customer_id
            and now.role = 'consultant' and now.to_on is null and now.staff_id = cs.staff_id)
        order by cs.to_on desc, cs.id desc limit 1) as previous_staff
from task_reason r
join plan p on p.merchant_id = :merchant and p.id = r.plan_id
join enrolment e on e.merchant_id = :merchant and e.id = r.enrolment_id
left join occurrence o on o.merchant_id = :merchant and o.id = e.occurrence_id
left join event ev on ev.merchant_id = :merchant and ev.id = coalesce(r.event_id, e.event_id)
left join card_entry ce on ce.merchant_id = :merchant and ce.id = ev.ledger_id and ev.ledger_kind = 'card_entry'
left join card ca on ca.merchant_id = :merchant and ca.id = coalesce(r.card_id, ce.card_id)
left join card_product k on k.merchant_id = :merchant and k.id = ca.card_product_id
left join card_facts cf on cf.merchant_id = :merchant and cf.card_id = ca.id
left join sale b on b.merchant_id = :merchant and b.id = case ev.ledger_kind when 'sale' then ev.ledger_id when 'card_entry' then ce.sale_id end
left join appointment a on a.merchant_id = :merchant and a.id = ev.ledger_id and ev.ledger_kind = 'appointment'
left join product ap on ap.merchant_id = :merchant and ap.id = a.product_id
where r.merchant_id = :merchant and r.task_id = any(cast(:tasks as uuid[]))
order by r.task_id, (r.state = 'live') desc, r.priority desc, r.created_at, r.id
"""


async def read_reasons(unit: Unit, task_ids: Collection[UUID]) -> dict[UUID, list[ReasonFacts]]:
    """Return the reasons of each task, the primary one first; no reason, no entry."""
    found: dict[UUID, list[ReasonFacts]] = {}
    for row in await unit.rows(_REASONS, tasks=list(task_ids)):
        facts = {name: value for name, value in row.items() if name != "task_id"}
        found.setdefault(row["task_id"], []).append(ReasonFacts(**facts))
    return found


def named_staff(facts: TaskFacts, reasons: Iterable[ReasonFacts]) -> set[UUID]:
    """Return whom the scripts of a task may name, so that their names can be opened."""
    said = {facts.assignee_id, facts.served_by, facts.manager_id}
    said |= {one for reason in reasons for one in (reason.appointment_staff, reason.previous_staff)}
    return {one for one in said if one is not None}


_ABSENCE: Final = """
select staff_id, day_on as first_on, day_on as last_on, works, store_id, false as away from roster_day
where merchant_id = :merchant and staff_id = any(cast(:staff as uuid[])) and day_on between :today and cast(:today as date) + cast(:days as int)
union all
select staff_id, from_on, to_on, false, null, true from staff_leave
where merchant_id = :merchant and staff_id = any(cast(:staff as uuid[])) and to_on >= :today and from_on <= cast(:today as date) + cast(:days as int)
"""


async def read_duties(unit: Unit, speaking: Collection[tuple[TaskFacts, UUID]]) -> dict[tuple[UUID, UUID], Duty]:
    """Return when employees work in the coming month, by store and employee: at each task's store, whoever speaks in it."""
    if not speaking:
        return {}
    first = min(facts.today for facts, _ in speaking)
    days = (max(facts.today for facts, _ in speaking) - first).days + SEARCH_DAYS
    calendars = await load_calendars(unit, {facts.store_id for facts, _ in speaking}, first, days)
    away: dict[UUID, list[Row]] = {}
    for row in await unit.rows(_ABSENCE, staff=list({staff for _, staff in speaking}), today=first, days=days):
        away.setdefault(row["staff_id"], []).append(row)
    wanted = {(facts.store_id, staff) for facts, staff in speaking}
    return {(store, staff): _duty(calendars[store], away.get(staff, ())) for store, staff in wanted}


def _duty(calendar: StoreCalendar, rows: Sequence[Row]) -> Duty:
    return Duty(
        calendar.store_id,
        _opens(calendar),
        {row["first_on"]: (row["works"], row["store_id"]) for row in rows if not row["away"]},
        [(row["first_on"], row["last_on"]) for row in rows if row["away"]],
    )


def _opens(calendar: StoreCalendar) -> Any:
    return lambda day: is_open(calendar, day)


class CopyRow(msgspec.Struct, frozen=True):
    """A copied script as it is stored; `text` is sealed on the way."""

    id: UUID
    task_id: UUID
    staff_id: UUID
    customer_id: UUID
    variant: str
    edited: bool
    text: str
    copied_at: datetime


async def insert_copy(unit: Unit, row: CopyRow) -> bool:
    """Keep the exact text, sealed under the customer's salt; False when the customer was erased and there is nothing to seal with."""
    salt = await unit.scalar(
        "select salt from customer where merchant_id = :merchant and id = :customer", customer=row.customer_id
    )
    if salt is None:
        return False
    await unit.run(
        "insert into script_copy (merchant_id, id, task_id, staff_id, customer_id, variant, edited, sealed, copied_at) "
        "values (:merchant, :id, :task, :staff, :customer, :variant, :edited, :sealed, :at)",
        id=row.id, task=row.task_id, staff=row.staff_id, customer=row.customer_id, variant=row.variant, edited=row.edited,
        sealed=unit.vault.seal(salt, row.customer_id, row.text.encode()), at=row.copied_at,
    )  # fmt: skip
    return True
