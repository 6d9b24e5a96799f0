"""Showing a customer's full number to the employee who has the task, on the record."""

from uuid import UUID

from tasks.kernel.errors import Conflict, NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.persons import contact_points
from tasks.people.phones import spoken
from tasks.people.reveals import RevealBudgetSpent, count_reveal
from tasks.people.states import ContactKind
from tasks.worklist.detail import read_own

__all__ = ["CallsRefused", "RevealBudgetSpent", "reveal_phone"]


class CallsRefused(Conflict):
    """The customer does not want to be called."""

    code = "calls-refused"
    zh = "客户已拒绝电话联系"
    en = "The customer does not want to be called"


async def reveal_phone(unit: Unit, scope: StaffScope, subject_id: UUID) -> str:
    """Return the number, as one dials it, of the task or customer `subject_id`, within one's own live task only.

    Raises `NotFound` without such a task or without a valid number, `CallsRefused`, or `RevealBudgetSpent` past sixty a day.
    """
    task = await read_own(unit, scope, subject_id)
    if task.refused:
        raise CallsRefused
    points = await contact_points(unit, task.customer_id)
    phones = [point for point in points if point.valid and point.kind in {ContactKind.PHONE, ContactKind.VIRTUAL}]
    if not phones:
        raise NotFound(what="电话/phone")
    await count_reveal(unit, scope.staff_id, task.id, task.customer_id, local_day(unit.now, task.timezone))
    return spoken(phones[0].value)
