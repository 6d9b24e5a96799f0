"""Who gets the credit for what happened, and taking it back; set-based per batch of events."""

from collections.abc import Sequence

from tasks.attribution.repository import Pick, insert_credits, meet_goals, pick, revoke_bookings, take_refunds
from tasks.attribution.rules import CREDITED, REFUNDED, TAKEN_BACK, WINDOWS
from tasks.events.happened import Happened
from tasks.kernel.unit import Unit
from tasks.plans.passages import convert_passages


async def credit(unit: Unit, happened: Sequence[Happened]) -> int:
    """Credit arrivals, bookings and purchases to the last human contact before them, once each, and take back what was undone; returns new credits.

    Reasons of that contact's task whose goal is met get their result, and their passages convert.
    """
    await take_back(unit, happened)
    wanted = [event for event in happened if event.type in WINDOWS]
    if not wanted:
        return 0
    picks = await pick(unit, wanted)
    if not picks:
        return 0
    owed = [one for one in picks if one.kind in CREDITED and one.evidence_id]
    new = await insert_credits(unit, owed) if owed else set()
    await _meet(unit, [one for one in picks if one.kind not in CREDITED or (one.evidence_id, one.kind) in new])
    return len(new)


async def take_back(unit: Unit, happened: Sequence[Happened]) -> int:
    """Revoke the credit of appointments called off or missed, and refunded money; returns how many credits changed."""
    undone = [event for event in happened if event.type in TAKEN_BACK and event.ledger_id]
    refunds = [event for event in happened if event.type == REFUNDED]
    changed = await revoke_bookings(unit, undone) if undone else 0
    return changed + (await take_refunds(unit, refunds) if refunds else 0)


async def _meet(unit: Unit, picks: Sequence[Pick]) -> None:
    if not picks:
        return
    passages = await meet_goals(unit, picks)
    if passages:
        await convert_passages(unit, passages)
