"""Promises in tests: made as a callback would, and read back."""

from datetime import date
from typing import Any
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.promises.service import Promised, promise
from tests.support.rows import rows_of
from tests.support.world import World

LIVE = "status in ('queued', 'open', 'in_progress', 'waiting')"


async def say(world: World, customer: str, on: str, *, who: str = "E1", half: str | None = None) -> UUID:
    """She says, now and to `who`, that she comes on a day; returns the promise's id."""

    async def work(unit: Unit) -> UUID:
        said = Promised(
            customer_id=world.customers[customer], store_id=world.stores[world.store_of(who)], staff_id=world.staff[who],
            promised_on=date.fromisoformat(on), half_day=half, made_at=unit.now,
        )  # fmt: skip
        return await promise(unit, said)

    return await world.do(work)


async def promise_row(world: World, promise_id: UUID) -> dict[str, Any]:
    """The promise as it is stored."""
    (row,) = await rows_of(world, "select * from promise where merchant_id = :merchant and id = :id", id=promise_id)
    return row


async def recovery_of(world: World, promise_id: UUID) -> dict[str, Any] | None:
    """The task a promise led to, None when there is none."""
    found = await rows_of(
        world, "select t.* from promise p join task t on t.merchant_id = p.merchant_id and t.id = p.recovery_task_id "
        "where p.merchant_id = :merchant and p.id = :id", id=promise_id,
    )  # fmt: skip
    return found[0] if found else None
