"""What is late in the whole house, as counts by kind and as ids; names are shown to whoever may see the merchant (tasks.flow.watchdogs)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text

from backend.db.units import Units, business_now
from tasks.flow.invariants import FACTS, INVARIANTS
from tasks.flow.watch_books import NAMES
from tasks.flow.watchdogs import LATE

LOOPS: Final = ("sweep", "push", "tend", "watch")
"""The loops of a worker: what is due, what is told, what is done now and then, and what is looked after."""
SILENT_S: Final = 60
"""A loop that nobody has run for so long is late, and so is a worker that did not say good-bye."""
MOURNED_S: Final = 15 * 60
"""After so long a worker that died is no news any more."""

KINDS: Final = (*LATE, *NAMES, *INVARIANTS, FACTS, "loop", "worker")
"""Everything that can be late."""

_COUNTS: Final = text(
    "select kind, count(*) as found from things_late(cast(:now as timestamptz)) group by kind order by kind"
)
_WHO: Final = text(
    "select distinct merchant_id from things_late(cast(:now as timestamptz)) order by merchant_id limit :most"
)
_HEARTS: Final = text(
    "select worker, loop, extract(epoch from clock_timestamp() - seen_at)::float as ago from heartbeat order by worker, loop"
)


class Pulse(msgspec.Struct, frozen=True):
    """A loop of a worker, and how many seconds ago it had its last answer."""

    worker: str
    loop: str
    ago: float


class House(msgspec.Struct, frozen=True):
    """How the house is.

    Attributes:
        late: how many things are late, by kind (`KINDS`); only kinds of which there are some. Of stores, plans and invariants: how many merchants have such.
            `loop` counts loops that nobody runs, `worker` workers that died.
        pulses: every loop of every worker that was heard in a day.
    """

    late: dict[str, int]
    pulses: Sequence[Pulse]

    def silent_loops(self) -> list[str]:
        """Loops that no worker has run for a minute."""
        return [loop for loop in LOOPS if self.heard(loop) is None or (self.heard(loop) or 0.0) > SILENT_S]

    def dead_workers(self) -> list[str]:
        """Workers that fell silent without leaving, for a quarter of an hour."""
        heard: dict[str, float] = {}
        for one in self.pulses:
            heard[one.worker] = min(one.ago, heard.get(one.worker, one.ago))
        return sorted(worker for worker, ago in heard.items() if SILENT_S < ago <= MOURNED_S)

    def heard(self, loop: str) -> float | None:
        """Seconds since any worker ran the loop; None when nobody did."""
        return min((one.ago for one in self.pulses if one.loop == loop), default=None)


async def look(units: Units) -> House:
    """Return how the house is, now."""
    async with units.nameless() as session:
        now = await business_now(session)
        counts = {row.kind: row.found for row in await session.execute(_COUNTS, {"now": now})}
        pulses = [Pulse(row.worker, row.loop, row.ago) for row in await session.execute(_HEARTS)]
    house = House(counts, pulses)
    own = {"loop": len(house.silent_loops()), "worker": len(house.dead_workers())}
    return House(counts | {kind: found for kind, found in own.items() if found}, pulses)


async def merchants_with_late(units: Units, most: int) -> list[UUID]:
    """Return merchants that have something late, at most so many."""
    async with units.nameless() as session:
        found = await session.execute(_WHO, {"now": await business_now(session), "most": most})
        return [row.merchant_id for row in found]
