"""The worklist as the rest of the flow uses it: the lists, the moves an employee makes by hand, and what time alone does."""

from collections.abc import Sequence
from uuid import UUID

from scripts.locales import Locale
from tasks.kernel.connection import Row
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import open_staff
from tasks.worklist.background import needs_background, read_backgrounds
from tasks.worklist.leases import return_idle
from tasks.worklist.lists import read_listed, read_page
from tasks.worklist.moves import claim, release, snooze, start
from tasks.worklist.next_task import offer
from tasks.worklist.rows import people_of, task_row
from tasks.worklist.sweeping import Expired, expire_tasks, open_due, wake_waiting
from tasks.worklist.views import NextTask, TaskMove, TaskPage, TaskQuery, TaskRow

__all__ = [
    "Expired",
    "Locale",
    "NextTask",
    "TaskMove",
    "TaskPage",
    "TaskQuery",
    "TaskRow",
    "claim",
    "expire_tasks",
    "list_tasks",
    "next_task",
    "open_due",
    "release",
    "return_idle",
    "snooze",
    "start",
    "wake_waiting",
    "worded",
]


async def list_tasks(unit: Unit, scope: StaffScope, query: TaskQuery) -> TaskPage:
    """Return one page of a list with the counts of all lists, which share the lists' own conditions. One query, or up to three, whatever the page holds."""
    listed = await read_page(unit, scope, query)
    return TaskPage(await worded(unit, listed.rows, query.locale), listed.counts, listed.next_cursor)


async def next_task(unit: Unit, scope: StaffScope, locale: Locale, store_id: UUID | None = None) -> NextTask:
    """Return the best task that the caller can do now, their own or the pool's; one of the pool is kept for them a few minutes (`next_task.offer`)."""
    task_id = await offer(unit, scope, store_id)
    if task_id is None:
        return NextTask(None)
    (row,) = await worded(unit, [await read_listed(unit, task_id)], locale)
    return NextTask(row)


async def worded(unit: Unit, rows: Sequence[Row], locale: Locale) -> tuple[TaskRow, ...]:
    """Return the rows with names opened. Who a task was offered to and what stands behind some is read apart: most lists have neither."""
    customers, staff = people_of(unit.vault, rows)
    offered = {row["reserved_by"] for row in rows} - {None, *staff}
    if offered:
        staff |= await open_staff(unit, sorted(offered))
    behind = await read_backgrounds(unit, needy_in(rows))
    return tuple(task_row(row, customers, staff, locale, behind.get(row["id"])) for row in rows)


def needy_in(rows: Sequence[Row]) -> list[UUID]:
    """Return the tasks of these rows whose line needs more than the rows know."""
    return [row["id"] for row in rows if needs_background(row["origin"], row["template"])]
