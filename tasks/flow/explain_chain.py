"""Who would get the task of an explained customer, link by link, with what keeps each of them from it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from tasks.assignment.repository import COLUMNS, LEADERS
from tasks.assignment.service import Run, assign
from tasks.flow import explain_shapes as shapes
from tasks.flow.explain_rules import undecided
from tasks.generation.days import fill_days
from tasks.generation.escalating import escalate
from tasks.generation.job import Job
from tasks.generation.last_day import limit
from tasks.kernel.unit import Unit
from tasks.people.persons import StaffPerson, open_staff
from tasks.plans.states import Link

_LEAD: Final = ", ".join(f"{sql} as {link.value}_lead" for link, sql in LEADERS.items())
_ROWS: Final = f"""
select c.no, c.store_id, st.name as store, c.assignee_id, c.opens_on, c.escalated, {", ".join(f"c.{column}" for column in COLUMNS.values())}, {_LEAD}
from chunk c left join store st on st.merchant_id = :merchant and st.id = c.store_id order by c.no
"""

_WHY: Final = """
select s.id, case
    when s.status <> 'active' then 'removed'
    when not exists (select from membership m where m.merchant_id = :merchant and m.staff_id = s.id and m.store_id = :store) then 'other_store'
    when exists (select from staff_leave l where l.merchant_id = :merchant and l.staff_id = s.id and :day between l.from_on and l.to_on) then 'leave'
    when exists (select from roster_day r where r.merchant_id = :merchant and r.staff_id = s.id and r.day_on = :day and not r.works) then 'rest_day'
    when exists (select from roster_day r where r.merchant_id = :merchant and r.staff_id = s.id and r.day_on = :day and r.store_id <> :store)
        then 'other_store'
    when not exists (select from bench b where b.staff_id = s.id and b.store_id = :store and b.day_on = :day and b.room > 0) then 'no_room'
    else 'fits' end as why
from staff s where s.merchant_id = :merchant and s.id = any(cast(:ids as uuid[]))
"""


async def read_assignments(unit: Unit, job: Job) -> dict[int, shapes.Assignment]:
    """Return, by candidate, who would get the task if nothing stood in the way of it."""
    await undecided(unit)
    await limit(unit, job.definition, job.act, job.moment)
    await undecided(unit)
    days = await fill_days(unit, job)
    await escalate(unit, job)
    await assign(unit, job.act, days, Run(job.moment.at, job.plan_id, job.occurrence_id))
    rows = await unit.rows(_ROWS)
    people = await open_staff(unit, [one for row in rows for one in _staff(row)])
    return {row["no"]: await _assignment(unit, job, row, (people, days)) for row in rows}


def _staff(row: Any) -> list[UUID]:
    named = [
        row["assignee_id"],
        *(row[column] for column in COLUMNS.values()),
        *(row[f"{link.value}_lead"] for link in LEADERS),
    ]
    return [one for one in named if one is not None]


async def _assignment(
    unit: Unit, job: Job, row: Any, known: tuple[Mapping[UUID, StaffPerson], Sequence[date]]
) -> shapes.Assignment:
    people, days = known
    why = {}
    if row["store_id"] is not None and days:
        # Asked for the first day: who has no room then may have it later, and the day it opens says so.
        asked = await unit.rows(_WHY, store=row["store_id"], day=days[0], ids=_staff(row))
        why = {one["id"]: one["why"] for one in asked}
    chain = _chain(job.act.chain, row, people, why)
    name = people[row["assignee_id"]].name if row["assignee_id"] in people else None
    return shapes.Assignment(
        store_id=row["store_id"], store=row["store"], chain=chain, staff_id=row["assignee_id"], name=name, opens_on=row["opens_on"],
        escalated=row["escalated"],
    )  # fmt: skip


def _chain(
    links: Sequence[Link], row: Any, people: Mapping[UUID, StaffPerson], why: Mapping[UUID, str]
) -> list[shapes.Person]:
    """The first link that leads to whoever got it was chosen; what comes after it was not asked."""
    chosen = None if row["escalated"] else row["assignee_id"]
    found, told = False, []
    for link in links:
        staff_id = _linked(link, row)
        if link is Link.LEAST_LOADED and not found:
            staff_id = chosen
        verdict = why.get(staff_id, "nobody") if staff_id is not None else "nobody"
        if not found and staff_id is not None and staff_id == chosen:
            verdict, found = "chosen", True
        elif link is Link.LEAST_LOADED:
            verdict = "not_asked" if found or row["escalated"] else "no_room"
        elif link in LEADERS and staff_id is not None:
            verdict = "fits"
        person = people.get(staff_id) if staff_id else None
        name = person.name if person else None
        told.append(shapes.Person(link=link, staff_id=staff_id, name=name, verdict=verdict))
    return told


def _linked(link: Link, row: Any) -> UUID | None:
    if link is Link.LEAST_LOADED:
        return None
    found: UUID | None = row[f"{link.value}_lead"] if link in LEADERS else row[COLUMNS[link]]
    return found
