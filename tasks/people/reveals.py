"""Who saw which customer's full number, and how often one may."""

from datetime import date
from typing import Final
from uuid import UUID

from tasks.kernel.errors import FlowError
from tasks.kernel.unit import Unit

DAILY_BUDGET: Final = 60
"""Customers whose number one staff member may see in a day."""


class RevealBudgetSpent(FlowError):
    """The staff member has seen as many numbers today as a day allows."""

    code = "reveal-budget-spent"
    status = 429
    zh = "今天查看电话的次数已用完（{limit}）"
    en = "You have seen as many numbers today as a day allows ({limit})"


async def count_reveal(unit: Unit, staff_id: UUID, task_id: UUID, customer_id: UUID, day: date) -> None:
    """Log the reveal: once per task counts, however often it is shown. Raises `RevealBudgetSpent` past the day's budget."""
    # One at a time per staff member, or two phones at once would both see the last free place.
    await unit.run(
        "select id from staff where merchant_id = :merchant and id = :staff for no key update", staff=staff_id
    )
    again = await unit.run(
        "update phone_reveal set times = times + 1 where merchant_id = :merchant and staff_id = :staff and task_id = :task",
        staff=staff_id,
        task=task_id,
    )
    if again.rowcount:
        return
    seen = await unit.scalar(
        "select count(*) from phone_reveal where merchant_id = :merchant and staff_id = :staff and revealed_on = :day",
        staff=staff_id,
        day=day,
    )
    if int(seen) >= DAILY_BUDGET:
        raise RevealBudgetSpent(limit=DAILY_BUDGET)
    await unit.run(
        "insert into phone_reveal (merchant_id, staff_id, task_id, customer_id, revealed_at, revealed_on) "
        "values (:merchant, :staff, :task, :customer, :now, :day)",
        staff=staff_id,
        task=task_id,
        customer=customer_id,
        day=day,
    )
