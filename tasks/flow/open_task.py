"""Somebody opens a task: whether it is still needed is looked at first, and what closed it is shown."""

from uuid import UUID

from scripts.locales import Locale
from tasks.flow.check_moot import check_opened
from tasks.flow.view_task import TaskDetail, view_task
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

__all__ = ["TaskDetail", "open_task"]


async def open_task(unit: Unit, scope: StaffScope, task_id: UUID, locale: Locale = "zh-CN") -> TaskDetail:
    """Return the page of a task the caller may see; raises `NotFound` for any other.

    A task nobody needs any more (已约, 已到店, 已充值, refused) closes now, and its page says why in `mootBecause`.
    """
    await check_opened(unit, scope, task_id)
    return await view_task(unit, scope, task_id, locale)
