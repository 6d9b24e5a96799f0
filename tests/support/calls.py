"""Work that is done in tests: the live task of a customer, closed; and her newest passage."""

from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.plans.advancing import finish_step
from tasks.worklist.repository import close_reasons, set_closed
from tasks.worklist.states import CloseReason, TaskStatus
from tests.support.plans import rows
from tests.support.world import World

LIVE = "status in ('queued', 'open', 'in_progress', 'waiting')"


async def live_task(world: World, code: str) -> dict[str, object] | None:
    """The live task of a customer, None when there is none."""
    found = await rows(
        world, f"select * from task where merchant_id = :merchant and customer_id = :customer and {LIVE}",
        customer=world.customers[code],
    )  # fmt: skip
    return found[0] if found else None


async def work_off(world: World, code: str) -> None:
    """The customer's live task is done without a goal met, by the same calls as a callback that closes it."""
    task = await live_task(world, code)
    assert task is not None, f"{code} has no live task"
    task_id = UUID(str(task["id"]))

    async def done(unit: Unit) -> None:
        await set_closed(unit, task_id, TaskStatus.DONE, CloseReason.CALLBACK)
        closed = await close_reasons(unit, [task_id], CloseReason.CALLBACK, None)
        await finish_step(unit, [row.enrolment_id for row in closed])

    await world.do(done)


async def passage(world: World, code: str) -> dict[str, object]:
    """The newest passage of a customer."""
    found = await rows(
        world, "select * from enrolment where merchant_id = :merchant and customer_id = :customer order by created_at desc, id desc limit 1",
        customer=world.customers[code],
    )  # fmt: skip
    return found[0]
