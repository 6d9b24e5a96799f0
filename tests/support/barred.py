"""A crowd of whom many must not be contacted: every reason of product.md has its share, written by SQL, so that an oracle can say what each must get."""

from datetime import date
from typing import Final
from uuid import UUID

from tasks.kernel.unit import Unit

KINDS: Final = 20
"""Customers are dealt to so many kinds in turn."""
REFUSED, WRONG, COMPLAINED, BOOKED, SEEN_TODAY, SHARES_PHONE, RUNG_TODAY, LAST_WEEK, FULL_CAP, SILENT, CLOSED = range(
    11
)
CALLED: Final = (11, 12, 13)
"""Women: they have a task from the day before, so that employees have something to log."""

EXPECTED: Final[dict[int, tuple[str | None, str | None]]] = {
    REFUSED: ("do_not_contact", "do_not_contact"),
    WRONG: ("wrong_number", "wrong_number"),
    COMPLAINED: ("complaint", "complaint"),
    BOOKED: ("appointment", "appointment"),
    SEEN_TODAY: ("contacted_today", "contacted_today"),
    SHARES_PHONE: ("phone_today", None),
    RUNG_TODAY: ("contacted_today", "contacted_today"),
    LAST_WEEK: ("marketing_gap", None),
    FULL_CAP: ("tier_cap", None),
    SILENT: ("no_answer", "no_answer"),
    CLOSED: ("closed", None),
}
"""Kind → why marketing, and why care, must leave her alone; None: it need not. A kind that is not here may be contacted."""

_CUSTOMERS = f"""
create temporary table crowd on commit drop as
select new_uuid7() as id, n % {KINDS} as kind, gen_random_uuid() as phone from generate_series(1, cast(:many as int)) as n order by n;
"""
_WRITE = (
    f"""insert into customer (merchant_id, id, sealed, gender, source, home_store_id, created_at)
    select :merchant, c.id, '\\x00', case when c.kind in {CALLED} then 'female' else 'male' end, 'kind' || c.kind,
        case when c.kind = {CLOSED} then :closed else (cast(:open as uuid[]))[1 + c.kind % cardinality(cast(:open as uuid[]))] end, :now from crowd c""",
    f"""insert into customer_contact_state (merchant_id, customer_id, no_contact_at, wrong_number_at, complaint_at)
    select :merchant, c.id, case when c.kind = {REFUSED} then cast(:before as timestamptz) end,
        case when c.kind = {WRONG} then cast(:before as timestamptz) end, case when c.kind = {COMPLAINED} then cast(:before as timestamptz) end from crowd c""",
    "insert into customer_facts (merchant_id, customer_id) select :merchant, c.id from crowd c",
    f"""insert into contact_point (merchant_id, id, customer_id, kind, value_index, sealed, valid, created_at)
    select :merchant, new_uuid7(), c.id, 'phone', c.phone, '\\x00', c.kind <> {WRONG}, :now from crowd c""",
    # The family of a phone: whoever shares it is another kind of customer.
    f"""insert into contact_point (merchant_id, id, customer_id, kind, value_index, sealed, created_at)
    select :merchant, new_uuid7(), a.id, 'phone', b.phone, '\\x00', :now
    from (select id, row_number() over (order by id) as nth from crowd where kind = {SHARES_PHONE}) a
    join (select phone, row_number() over (order by id) as nth from crowd where kind = {RUNG_TODAY}) b using (nth)""",
    f"""insert into appointment (merchant_id, id, customer_id, store_id, starts_at, starts_on, status, recorded_at)
    select :merchant, new_uuid7(), c.id, (cast(:open as uuid[]))[1], cast(:today as date) + interval '3 days', cast(:today as date) + 3, 'booked', :now
    from crowd c where c.kind = {BOOKED}""",
    f"""insert into contact (merchant_id, id, customer_id, channel, human, marketing, reached, phone_index, contacted_at, contacted_on)
    select :merchant, new_uuid7(), c.id, 'phone', true, h.marketing, h.reached, c.phone,
        (cast(:today as date) - h.ago + time '08:30') at time zone 'Asia/Shanghai', cast(:today as date) - h.ago
    from crowd c join (values ({SEEN_TODAY}, 0, false, true), ({RUNG_TODAY}, 0, true, true), ({LAST_WEEK}, 3, true, true),
        ({FULL_CAP}, 9, true, true), ({FULL_CAP}, 15, true, true), ({FULL_CAP}, 20, true, true), ({FULL_CAP}, 26, true, true),
        ({SILENT}, 40, false, false), ({SILENT}, 60, false, false), ({SILENT}, 80, false, false), ({SILENT}, 100, false, false), ({SILENT}, 120, false, false),
        (14, 9, true, true), (14, 15, true, true), (14, 31, true, true), (14, 40, true, true), (15, 8, true, true)) as h(kind, ago, marketing, reached)
    on h.kind = c.kind""",
    "insert into store_closure (merchant_id, id, store_id, from_on, to_on, reason) values (:merchant, new_uuid7(), :closed, :today, :today, '装修')",
)


async def make_barred(unit: Unit, stores: list[UUID], many: int, today: date) -> None:
    """Write `many` customers as they are on the day before `today`; the last store is closed on that day. A customer's kind stands in her `source`."""
    await unit.run(_CUSTOMERS, many=many)
    binds = {"open": stores[:-1], "closed": stores[-1], "today": today, "before": unit.now}
    for statement in _WRITE:
        await unit.run(statement, **binds)
    await unit.run(
        "select refresh_stats(array['customer', 'customer_facts', 'customer_contact_state', 'contact', 'contact_point', 'appointment'])"
    )
