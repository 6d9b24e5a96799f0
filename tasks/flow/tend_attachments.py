"""Forgetting attachments that never came and those of customers who were erased."""

from typing import Final
from uuid import UUID

import structlog

from tasks.files.repository import delete_attachments, lock_forgotten
from tasks.files.storing import Storage, key_of
from tasks.flow.units import OpensUnits

BATCH: Final = 50
"""Attachments forgotten in one transaction: their bytes go first, so that nothing is left that no row names."""

log = structlog.get_logger()


async def tend_attachments(units: OpensUnits, storage: Storage, merchant_id: UUID) -> int:
    """Forget what was not uploaded within a day and what belongs to erased customers, bytes and row; returns how many. Safe to run twice at once."""
    forgotten = 0
    while True:
        async with units.open(merchant_id) as unit:
            ids = await lock_forgotten(unit, BATCH)
            for each in ids:
                await storage.delete(key_of(merchant_id, each))
            await delete_attachments(unit, ids)
        forgotten += len(ids)
        if len(ids) < BATCH:
            break
    await storage.tidy()
    if forgotten:
        log.info("attachments.tend.done", forgotten=forgotten)
    return forgotten
