"""Until when a task is of use: the member day it is about, the card's last day, the birthday, the appointment. Only the working table is written."""

from datetime import date, timedelta
from typing import Any

from tasks.generation.candidates import Moment
from tasks.kernel.unit import Unit
from tasks.people.birthdays import falling
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.schedules import Recurring
from tasks.plans.states import LastDay
from tasks.plans.steps import StaffTask

AHEAD = 62
"""Birthdays are looked for so many days ahead; no plan spreads and waits longer."""

_SET = """
update chunk c set until_on = x.until_on, until_at = x.until_at
from (select c.no, {day} as until_on, {at} as until_at from chunk c {join} where c.decided is null) x
where x.no = c.no and x.until_on is not null
"""

_END_OF_DAY = "cast({day} + 1 as timestamp) at time zone coalesce(st.timezone, :zone)"
_STORE = "left join store st on st.merchant_id = :merchant and st.id = c.store_id"

_CARD = "left join {card_facts} kf on kf.merchant_id = :merchant and kf.card_id = c.card_id"
_APPOINTMENT = "left join appointment a on a.merchant_id = :merchant and a.id = c.scope_id"
_BIRTHDAY = """join customer cu on cu.merchant_id = :merchant and cu.id = c.customer_id
left join lateral (select min(b.day_on) as day_on from unnest(cast(:kinds as text[]), cast(:mds as int[]), cast(:days as date[])) as b(kind, md, day_on)
    where b.kind = cu.birthday_kind and b.md = cu.birthday_md) b on true"""

_OVER = """
update chunk set decided = 'too_late', reason = 'last_day' where decided is null and (until_on < :today or until_at <= :at)
"""


async def limit(unit: Unit, definition: Definition, act: StaffTask, moment: Moment) -> None:
    """Find each undecided candidate's last useful day and instant; whose is over already is decided `too_late`.

    Who has none (no expiry, no birthday in sight, no appointment) is not limited.
    """
    if act.last_day is None:
        return
    day, at, join, values = _source(definition, act.last_day, moment)
    end = at or _END_OF_DAY.format(day=day)
    await unit.run(_SET.format(day=day, at=end, join=f"{_STORE} {join}"), **values, **moment.values)
    await unit.run(_OVER, **moment.values)


def _source(definition: Definition, last_day: LastDay, moment: Moment) -> tuple[str, str | None, str, dict[str, Any]]:
    """Return the SQL of the day, of the instant when it is not the end of the day, the join, and the binds."""
    if last_day is LastDay.CARD_EXPIRY:
        return "kf.expires_on", None, _CARD.format(card_facts=moment.ground.card_facts), {}
    if last_day is LastDay.APPOINTMENT:
        return "a.starts_on", "a.starts_at", _APPOINTMENT, {}
    if last_day is LastDay.BIRTHDAY:
        return "b.day_on", None, _BIRTHDAY, _birthdays(moment.today)
    return (
        "coalesce(c.anchor_on, :fires_on) - cast(:offset as int)",
        None,
        "",
        {
            "fires_on": moment.fires_on,
            "offset": _offset(definition),
        },
    )


def _offset(definition: Definition) -> int:
    trigger = definition.trigger
    return 0 if isinstance(trigger, Behaviour) or not isinstance(trigger, Recurring) else trigger.offset_days


def _birthdays(today: date) -> dict[str, Any]:
    """Return the birthdays of the days ahead, solar and lunar, as three lists side by side."""
    found = []
    for number in range(AHEAD):
        day = today + timedelta(days=number)
        on = falling(day, day)
        found += [("solar", md, day) for md in on.solar] + [("lunar", md, day) for md in on.lunar]
    kinds, mds, days = zip(*found, strict=True)
    return {"kinds": list(kinds), "mds": list(mds), "days": list(days)}
