"""The worklist as the rest of the flow uses it: the lists, the moves an employee makes by hand, and what time alone does."""

from scripts.locales import Locale
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import open_customers, open_staff
from tasks.worklist.lists import read_page
from tasks.worklist.moves import claim, release, snooze, start
from tasks.worklist.rows import task_row
from tasks.worklist.sweeping import Expired, expire_tasks, open_due, wake_waiting
from tasks.worklist.views import TaskMove, TaskPage, TaskQuery, TaskRow

__all__ = [
    "Expired",
    "Locale",
    "TaskMove",
    "TaskPage",
    "TaskQuery",
    "TaskRow",
    "claim",
    "expire_tasks",
    "list_tasks",
    "open_due",
    "release",
    "snooze",
    "start",
    "wake_waiting",
]


async def list_tasks(unit: Unit, scope: StaffScope, query: TaskQuery) -> TaskPage:
    """Return one page of a list with the counts of all lists, which share the lists' own conditions. Three queries, whatever the page holds."""
    listed = await read_page(unit, scope, query)
    customers = await open_customers(unit, [row["customer_id"] for row in listed.rows])
    staff = await open_staff(unit, list({row["assignee_id"] for row in listed.rows if row["assignee_id"]}))
    items = tuple(task_row(row, customers, staff, query.locale) for row in listed.rows)
    return TaskPage(items, listed.counts, listed.next_cursor)
