"""A look at a merchant for what staff should be told: one worker at a time, again when something changed, a shift begins or a promised time comes."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from tasks.kernel.unit import Unit
from tasks.notices.digests import tell_broken, tell_digests, tell_groups, tell_news, tell_promised
from tasks.notices.outbox import drop_queued
from tasks.notices.shifts import shifts_of_robots, shifts_of_staff

LONGEST: Final = timedelta(hours=1)
"""Between two looks at a merchant where nothing happens: rosters and hours may have changed."""

_BEGUN: Final = "select exists (select from push_look where merchant_id = :merchant)"
_BEGIN: Final = """
insert into push_look (merchant_id, revs, due_at, looked_at) values (:merchant, -1, :now, clock_timestamp()) on conflict (merchant_id) do nothing
"""
_TAKE: Final = "select revs, due_at <= :now as due from push_look where merchant_id = :merchant for update skip locked"
_REVS: Final = "select cast(coalesce(sum(rev), 0) as bigint) from store_revision where merchant_id = :merchant"
_DONE: Final = (
    "update push_look set revs = :revs, due_at = :due, looked_at = clock_timestamp() where merchant_id = :merchant"
)
_AGAIN: Final = "update push_look set due_at = :now where merchant_id = :merchant"
_STOPPED: Final = "select stopped_at is not null from merchant where merchant_id = :merchant"


class LookReport(msgspec.Struct, frozen=True):
    """What a look told: digests, news, promised times, broken promises and complaints, messages to groups."""

    digests: int = 0
    news: int = 0
    promised: int = 0
    broken: int = 0
    groups: int = 0


async def look_for_news(unit: Unit) -> LookReport | None:
    """Tell staff what they do not know yet; None when there is nothing new to look at, or another worker looks. Nobody is told while everything is stopped."""
    if not await unit.scalar(_BEGUN):  # an insert would wait for a look that is going on, even to do nothing
        await unit.run(_BEGIN)
    before = await unit.row(_TAKE)
    revs = await unit.scalar(_REVS)
    if before is None or (not before["due"] and before["revs"] == revs):
        return None
    if await unit.scalar(_STOPPED):
        await unit.run(_DONE, revs=revs, due=unit.now + LONGEST)
        return LookReport()
    report, due = await _tell(unit)
    await unit.run(_DONE, revs=revs, due=due)
    return report


async def pushes_stopped(unit: Unit, *, stopped: bool) -> None:
    """The merchant stopped everything: pushes that wait are dropped. Or goes on: it is looked at again."""
    if stopped:
        await drop_queued(unit)
    else:
        await unit.run(_AGAIN)


async def _tell(unit: Unit) -> tuple[LookReport, datetime]:
    shifts, openings = await shifts_of_staff(unit), await shifts_of_robots(unit)
    digests = await tell_digests(unit, shifts)
    news, rested_at = await tell_news(unit, shifts)
    promised, promised_at = await tell_promised(unit)
    broken = await tell_broken(unit)
    groups = await tell_groups(unit, openings)
    moments = [one.begins_at for one in (*shifts, *openings)]
    moments += [at for at in (rested_at, promised_at) if at is not None]
    due = min([at for at in moments if at > unit.now] + [unit.now + LONGEST])
    return LookReport(digests, news, promised, broken, groups), due
