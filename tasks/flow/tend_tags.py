"""Rules of tags at work: with the events of a customer, and for everybody every half hour."""

from collections.abc import Iterable
from uuid import UUID

import structlog

from tasks.audience.tag_rules import apply_at_once as apply_rules
from tasks.audience.tag_rules import claim_rule, judged, rules_at_once, rules_due, settle_everybody
from tasks.flow.passing import away, in_the_way
from tasks.flow.units import OpensUnits
from tasks.kernel.unit import Unit

log = structlog.get_logger()


async def apply_at_once(unit: Unit, customer_ids: Iterable[UUID]) -> None:
    """Judge the rules of pace at_once for customers something happened to. One look at an index when the merchant has none.

    A rule that fails never refuses the events: it is judged for everybody within half an hour.
    """
    touched = sorted(set(customer_ids))
    rules = await rules_at_once(unit) if touched else []
    if not rules:
        return
    try:
        async with unit.connection.savepoint():
            await apply_rules(unit, touched, rules)
    except Exception as fault:
        if in_the_way(fault) or away(fault):
            raise
        log.warning("tag.rule.failed", rules=len(rules), fault=type(fault).__name__)


async def tend_tags(units: OpensUnits, merchant_id: UUID) -> int:
    """Judge every rule that is due for everybody, ten thousand changes a transaction; returns how many tags were given and taken.

    Safe to run anywhere, at any time, twice at once: whoever judges a rule holds its row, and a rule judged in the last half hour is not due.
    """
    async with units.open(merchant_id) as unit:
        due = await rules_due(unit)
    return sum([await _tend(units, merchant_id, tag_id) for tag_id in due])


async def _tend(units: OpensUnits, merchant_id: UUID, tag_id: UUID) -> int:
    """Judge one rule; one that fails by itself stops no other, and is tried again with every look."""
    changed, done = 0, False
    try:
        while not done:
            moved, done = await _some(units, merchant_id, tag_id)
            changed += moved
    except Exception as fault:
        if in_the_way(fault) or away(fault):
            raise
        log.warning("tag.rule.failed", tag=str(tag_id), fault=type(fault).__name__)
    return changed


async def _some(units: OpensUnits, merchant_id: UUID, tag_id: UUID) -> tuple[int, bool]:
    async with units.open(merchant_id) as unit:
        rule = await claim_rule(unit, tag_id)
        if rule is None:
            return 0, True
        moved, done = await settle_everybody(unit, rule)
        if done:
            await judged(unit, tag_id)
        return moved, done
