"""An employee copied a script."""

from uuid import UUID

from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.scripting.service import CopyFact, record_copy
from tasks.worklist.moves import check_mine
from tasks.worklist.repository import read_task

__all__ = ["CopyFact", "copy_script"]


async def copy_script(unit: Unit, scope: StaffScope, fact: CopyFact) -> UUID:
    """Keep the variant and the exact text copied for one's own task, and return the copy's id. A copy that arrives late is kept too."""
    task = await read_task(unit, scope, fact.task_id)
    if task.live or task.assignee_id != scope.staff_id:
        await check_mine(unit, scope, task)
    return await record_copy(unit, fact, scope.staff_id, task.customer_id)
