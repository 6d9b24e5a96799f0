"""What the line that says why needs beyond a list's own columns: of tasks no plan made their cause, of some templates the event and the days they are about.

Read apart from the page, and only for the tasks that need it: most lists have none.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit


class Background(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind a task; days are store-local, `appointment_at` is the store's wall time, `words` are opened.

    `about_on` is the day that the plan is about (the member day, the festival), `fired_on` the one on which it fired.
    """

    cause: str | None = None
    words: str | None = None
    promised_on: date | None = None
    half_day: str | None = None
    event_type: str | None = None
    event_on: date | None = None
    appointment_at: datetime | None = None
    fired_on: date | None = None
    about_on: date | None = None
    birthday_on: date | None = None
    first_purchase_on: date | None = None
    level_name: str | None = None


NEEDY: Final = frozenset(
    {
        "member_day",
        "birthday",
        "anniversary",
        "tier_upgrade",
        "no_show_recovery",
        "complaint_recovery",
        "tried_not_bought",
        "appointment_confirm",
        "refund_care",
        "sample_follow_up",
        "festival_care",
    }
)
"""Templates whose line says more than a list's columns know."""

_BACKGROUND: Final = """
select t.id as task_id, t.customer_id, t.cause, t.sealed, c.salt, p.promised_on, p.half_day,
       ev.type as event_type, (ev.occurred_at at time zone s.timezone)::date as event_on, a.starts_at at time zone s.timezone as appointment_at,
       r.fired_on, r.fired_on - r.ahead as about_on, case when c.birthday_kind = 'solar' then c.birthday_on end as birthday_on,
       (f.first_purchase_at at time zone s.timezone)::date as first_purchase_on, coalesce(lv.name, nullif(c.level, '')) as level_name
from task t
join store s on s.merchant_id = :merchant and s.id = t.store_id
join customer c on c.merchant_id = :merchant and c.id = t.customer_id
left join customer_facts f on f.merchant_id = :merchant and f.customer_id = c.id
left join customer_level lv on lv.merchant_id = :merchant and lv.code = c.level
left join promise p on p.merchant_id = :merchant and p.recovery_task_id = t.id
left join lateral (
    select coalesce(x.event_id, e.event_id) as event_id, coalesce(o.fires_on, e.anchor_on, e.fires_on) as fired_on,
           coalesce(cast(v.definition #>> '{trigger,offsetDays}' as int), 0) as ahead
    from task_reason x join enrolment e on e.merchant_id = :merchant and e.id = x.enrolment_id
    join plan_version v on v.merchant_id = :merchant and v.id = x.version_id
    left join occurrence o on o.merchant_id = :merchant and o.id = e.occurrence_id
    where x.merchant_id = :merchant and x.task_id = t.id order by (x.state = 'live') desc, x.priority desc, x.created_at, x.id limit 1) r on true
left join event ev on ev.merchant_id = :merchant and ev.id = r.event_id
left join appointment a on a.merchant_id = :merchant and a.id = ev.ledger_id and ev.ledger_kind = 'appointment'
where t.merchant_id = :merchant and t.id = any(cast(:tasks as uuid[]))
"""
_PLAIN: Final = tuple(name for name in Background.__struct_fields__ if name != "words")


def needs_background(origin: str, template: str | None) -> bool:
    """Say whether a task's line is made of more than a list knows."""
    return origin != "plan" or template in NEEDY


async def read_backgrounds(unit: Unit, task_ids: Collection[UUID]) -> dict[UUID, Background]:
    """Return what stands behind these tasks, by its primary reason; the caller may see them. One statement, none without tasks."""
    if not task_ids:
        return {}
    found = {}
    for row in await unit.rows(_BACKGROUND, tasks=list(task_ids)):
        sealed, salt = row["sealed"], row["salt"]
        words = unit.vault.open(salt, row["customer_id"], sealed).decode() if sealed and salt else None
        found[row["task_id"]] = Background(words=words, **{name: row[name] for name in _PLAIN})
    return found
