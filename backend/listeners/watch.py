"""Looks at the revisions every two seconds while somebody listens: what no message told is found, and who lost access is sent away.

One query for all listeners of a merchant; no connection is held between two looks.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from backend.auth.access import standing_families
from backend.db.units import Units
from backend.listeners.hub import Hub, Listener
from backend.observability import logs
from tasks.flow.watch_revisions import revisions_of
from tasks.kernel.errors import NotFound

EVERY_S: Final = 2.0
LOOK_S: Final = 2.0
"""How long one merchant's look may take; a database that hangs must not keep the others waiting."""


class Watch:
    """The look; `run` is an attendant of the hub."""

    def __init__(self, units: Units, hub: Hub, every_s: float = EVERY_S) -> None:
        self._units = units
        self._hub = hub
        self._every_s = every_s

    async def run(self) -> None:
        """Look until the hub is deserted."""
        while not self._hub.deserted:
            await asyncio.sleep(self._every_s)
            for merchant_id in self._hub.merchants():
                await self._look_at(merchant_id)

    async def _look_at(self, merchant_id: UUID) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                await self.look(merchant_id)
        except Exception as fault:  # noqa: BLE001  # the database is away: it comes back, and so do we
            logs.warning("listeners.look.failed", fault)

    async def look(self, merchant_id: UUID) -> None:
        """Wake the merchant's listeners whose stores moved past what they know; send away those whose log-in has ended."""
        listeners = self._hub.of(merchant_id)
        if not listeners:
            return
        families, stores = _asked(listeners)
        try:
            async with self._units.glance(merchant_id) as unit:
                standing = await standing_families(unit, families)
                revisions = await revisions_of(unit, stores)
        except NotFound:  # the merchant is gone
            standing, revisions = set(), {}
        self._hub.send_away(each for each in listeners if each.whom.family_id not in standing)
        for each in listeners:
            if any(revisions.get(store, 0) > rev for store, rev in each.known.items()):
                each.wake("tasks")


def _asked(listeners: Sequence[Listener]) -> tuple[list[UUID], list[UUID]]:
    families = {each.whom.family_id for each in listeners}
    stores = {store for each in listeners for store in each.whom.store_ids}
    return sorted(families), sorted(stores)
