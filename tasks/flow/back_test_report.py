"""What a plan would have made of a past period: tasks per day and employee, who had others on her, and who came anyway."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.audience.tree import leaves, parse
from tasks.flow.preview import WITHOUT_HISTORY
from tasks.flow.preview_warnings import young_books
from tasks.flow.virtual_books import Crowd, Run
from tasks.kernel.unit import Unit
from tasks.people.lookups import merchant_zone
from tasks.people.persons import open_staff
from tasks.plans.definition import Definition
from tasks.plans.states import Decided, GoalKind
from tasks.plans.trees import trees_of

NEAR_DAYS: Final = 7
"""A task of another plan so many days before or after overlaps."""
ARRIVAL_DAYS: Final = 14
"""The window of an arrival, for plans whose goal is none (engine.md, "What it brought")."""
COMPARED: Final = 12
"""Days of the period at which everybody's coming is looked at, to compare."""
ASSUMES: Final = ("contacted_on_the_day", "reached")
"""What is taken for granted of staff."""


class DayTold(msgspec.Struct, frozen=True, rename="camel"):
    """One local day on which the plan fired: `matched` = `tasks` + `merged` + the sum of `by_reason`."""

    day_on: date
    matched: int
    tasks: int
    merged: int
    by_reason: dict[str, int]


class EmployeeTold(msgspec.Struct, frozen=True, rename="camel"):
    """What one employee would have got (null: the pools), and her fullest day."""

    staff_id: UUID | None
    name: str | None
    tasks: int
    days: int
    most: int
    fullest_on: date


class OverlapTold(msgspec.Struct, frozen=True, rename="camel"):
    """How many of the tasks were for a customer who had a task of this plan within seven days."""

    plan_id: UUID
    name: str
    tasks: int


class CameAnyway(msgspec.Struct, frozen=True, rename="camel"):
    """Who came within the window without any contact: of those who would have got a task, and of everybody, on days of the period.

    `too_recent` tasks are left out: their window is not over. A plan whose customers come anyway brings little.
    """

    days: int
    tasks: int
    came: int
    too_recent: int
    everybody: int
    everybody_came: int


class Sampled(msgspec.Struct, frozen=True, rename="camel"):
    """Not everybody was looked at: every figure is of `taken` of `customers`, and capacity is tried less than it would be."""

    customers: int
    taken: int


class BackTest(msgspec.Struct, frozen=True, rename="camel"):
    """What the plan would have done from the first day to the last, both included. `assumes` and `warnings` are codes with a sentence each in the console."""

    from_on: date
    to_on: date
    matched: int
    tasks: int
    merged: int
    by_reason: dict[str, int]
    days: Sequence[DayTold]
    employees: Sequence[EmployeeTold]
    overlaps: Sequence[OverlapTold]
    came_anyway: CameAnyway
    warnings: Sequence[str]
    todays_value_used: Sequence[str]
    sampled: Sampled | None = None
    assumes: Sequence[str] = ASSUMES


_DAYS: Final = """
select (d.decided_at at time zone :zone)::date as day_on, case when d.reason is null then d.decided else d.decided || ':' || d.reason end as name,
    count(*)::int as n
from decision d where d.merchant_id = :merchant and d.plan_id = :plan group by 1, 2 order by 1, 2
"""


async def report(unit: Unit, run: Run, crowd: Crowd, first: date) -> BackTest:
    """Tell what the decisions and tasks that are laid over the real ones say."""
    zone = await merchant_zone(unit)
    by_day: dict[date, Counter[str]] = {}
    for row in await unit.rows(_DAYS, zone=zone, **run.values):
        by_day.setdefault(row["day_on"], Counter())[row["name"]] += row["n"]
    total: Counter[str] = sum(by_day.values(), Counter())
    last = await unit.scalar("select (cast(:end as timestamptz) at time zone :zone)::date", zone=zone, **run.values)
    tasks, merged = total.pop(Decided.TASK, 0), total.pop(Decided.MERGED, 0)
    return BackTest(
        from_on=first, to_on=last, matched=tasks + merged + total.total(), tasks=tasks, merged=merged, by_reason=dict(sorted(total.items())),
        days=[_day(day, tally) for day, tally in by_day.items()], employees=await _employees(unit),
        overlaps=await unit.structs(OverlapTold, _OVERLAPS, near=NEAR_DAYS, **run.values), came_anyway=await _came(unit, run),
        warnings=await young_books(unit, first), todays_value_used=todays_values(run.definition),
        sampled=Sampled(crowd.customers, crowd.taken) if crowd.taken < crowd.customers else None,
    )  # fmt: skip


def _day(day: date, tally: Counter[str]) -> DayTold:
    rest = Counter(tally)
    tasks, merged = rest.pop(Decided.TASK, 0), rest.pop(Decided.MERGED, 0)
    return DayTold(day, tally.total(), tasks, merged, dict(sorted(rest.items())))


_EMPLOYEES: Final = """
with load as (
    select t.assignee_id, t.opens_on, count(*)::int as tasks
    from task t join decision d on d.merchant_id = :merchant and d.task_id = t.id and d.decided = 'task'
    where t.merchant_id = :merchant group by t.assignee_id, t.opens_on
)
select assignee_id as staff_id, sum(tasks)::int as tasks, count(*)::int as days, max(tasks) as most,
    (array_agg(opens_on order by tasks desc, opens_on))[1] as fullest_on
from load group by assignee_id order by sum(tasks) desc, assignee_id
"""


async def _employees(unit: Unit) -> list[EmployeeTold]:
    rows = await unit.rows(_EMPLOYEES)
    people = await open_staff(unit, [row["staff_id"] for row in rows if row["staff_id"]])
    return [
        EmployeeTold(**row, name=people[row["staff_id"]].name if row["staff_id"] in people else None) for row in rows
    ]


_OVERLAPS: Final = """
select p.id as plan_id, p.name, count(distinct d.id)::int as tasks
from decision d join task t on t.merchant_id = :merchant and t.id = d.task_id
join public.decision o on o.merchant_id = :merchant and o.customer_id = d.customer_id and o.plan_id <> :plan and o.decided in ('task', 'merged')
    and o.decided_at between t.contact_from - make_interval(days => :near) and t.contact_from + make_interval(days => :near)
join public.plan p on p.merchant_id = :merchant and p.id = o.plan_id
where d.merchant_id = :merchant and d.decided = 'task' group by p.id, p.name order by 3 desc, p.id
"""

_CAME: Final = """
select count(*) filter (where over)::int as tasks, count(*) filter (where over and came)::int as came, count(*) filter (where not over)::int as too_recent
from (
    select d.id, d.decided_at + make_interval(days => :days) <= cast(:real_now as timestamptz) as over, exists (
        select from visit v where v.merchant_id = :merchant and v.customer_id = d.customer_id and v.visited_at > d.decided_at
          and v.visited_at <= d.decided_at + make_interval(days => :days)
          and not exists (select from public.contact o where o.merchant_id = :merchant and o.customer_id = d.customer_id
                          and o.contacted_at > d.decided_at and o.contacted_at <= v.visited_at)) as came
    from decision d where d.merchant_id = :merchant and d.decided = 'task') x
"""

_EVERYBODY: Final = """
select count(*)::int as everybody, count(*) filter (where came)::int as everybody_came from (
    select exists (select from visit v where v.merchant_id = :merchant and v.customer_id = c.id and v.visited_at > u.at
                   and v.visited_at <= u.at + make_interval(days => :days)) as came
    from unnest(cast(:instants as timestamptz[])) as u(at)
    join customer c on c.merchant_id = :merchant and c.status = 'active' and not c.anonymous and not c.internal
      and exists (select from visit b where b.merchant_id = :merchant and b.customer_id = c.id and b.visited_at <= u.at)) x
"""


async def _came(unit: Unit, run: Run) -> CameAnyway:
    days = next((goal.days for goal in run.definition.goals if goal.kind is GoalKind.ARRIVED), ARRIVAL_DAYS)
    mine = await unit.row(_CAME, days=days, real_now=unit.now)
    last = min(run.end, unit.now - timedelta(days=days))
    steps = max(COMPARED - 1, 1)
    instants = [run.begin + (last - run.begin) * n / steps for n in range(COMPARED)] if last > run.begin else []
    everybody = await unit.row(_EVERYBODY, days=days, instants=instants)
    return CameAnyway(days=days, **dict(mine or {}), **dict(everybody or {}))


def todays_values(definition: Definition) -> list[str]:
    """Return what the books keep no history of and the plan asks for: of a past day, today's value is used."""
    asked = [
        leaf.condition.name for _, tree in trees_of(definition) for leaf in leaves(parse(tree)) if leaf.condition.todays
    ]
    return list(dict.fromkeys([*WITHOUT_HISTORY, *asked]))
