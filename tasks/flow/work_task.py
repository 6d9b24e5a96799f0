"""The worklist from outside: lists, the moves by hand, and what time does to tasks and to the passages behind them."""

from tasks.kernel.unit import Unit
from tasks.plans.advancing import finish_step
from tasks.worklist.buckets import Bucket
from tasks.worklist.service import (
    NextTask,
    TaskMove,
    TaskPage,
    TaskQuery,
    TaskRow,
    claim,
    expire_tasks,
    list_tasks,
    next_task,
    open_due,
    release,
    return_idle,
    snooze,
    start,
    wake_waiting,
)

__all__ = [
    "Bucket",
    "NextTask",
    "TaskMove",
    "TaskPage",
    "TaskQuery",
    "TaskRow",
    "claim",
    "expire_due",
    "list_tasks",
    "next_task",
    "open_due",
    "release",
    "return_idle",
    "snooze",
    "start",
    "wake_waiting",
]


async def expire_due(unit: Unit, limit: int) -> int:
    """Expire the live tasks past their day, at most `limit`, and let the passages go on whose part in them is over; returns how many tasks."""
    expired = await expire_tasks(unit, limit)
    await finish_step(unit, expired.enrolment_ids)
    return expired.tasks
