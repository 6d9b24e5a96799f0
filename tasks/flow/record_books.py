"""Books in: what a POS, an import or the front desk sends, recorded and reacted to in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from tasks.events import service as events
from tasks.flow.accept_events import open_complaints
from tasks.flow.follow_value import catalogue_changed
from tasks.flow.react import react
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger import service as ledger
from tasks.ledger.happened import Happened, Recorded
from tasks.people.coded import upsert_coded
from tasks.people.customers import upsert_customers
from tasks.people.states import TagHand
from tasks.people.traits import ATTRIBUTES, LEVELS, SOURCES
from tasks.plans.due import follow_appointments
from tasks.worklist.feed import feed

_LEDGER: dict[str, Callable[..., Awaitable[Recorded]]] = {
    "sales": ledger.record_sales,
    "visits": ledger.record_visits,
    "appointments": ledger.record_appointments,
    "cards": ledger.record_cards,
}
_CATALOG: dict[str, Callable[..., Awaitable[list[ItemVerdict]]]] = {
    "products": ledger.record_products,
    "card_products": ledger.record_card_products,
    "categories": ledger.record_categories,
    "levels": lambda unit, items: upsert_coded(unit, LEVELS, items),
    "sources": lambda unit, items: upsert_coded(unit, SOURCES, items),
    "attributes": lambda unit, items: upsert_coded(unit, ATTRIBUTES, items),
}
KINDS = ("customers", *_CATALOG, *_LEDGER)
"""The books there are; staff go through `people.service.upsert_staff`, which needs the master key."""


async def record_books(unit: Unit, kind: str, items: Sequence[Any], *, historic: bool = False) -> list[ItemVerdict]:
    """Record items of one kind (`KINDS`) and let the flow react; one verdict per item, in order.

    `historic` marks books of the past: their events move facts and start no plan, their tags are an import's. Raises `Invalid` for a kind that is none.
    """
    if kind == "customers":
        return await _record_customers(unit, items, TagHand.IMPORT if historic else TagHand.INTEGRATOR)
    if kind in _CATALOG:
        return await catalogue_changed(unit, kind, await _CATALOG[kind](unit, items))
    if kind not in _LEDGER:
        raise Invalid("kind", "is not a kind of books")
    recorded = await _LEDGER[kind](unit, items, historic=historic)
    await react(unit, recorded.happened, historic=historic)
    if kind == "appointments":
        await follow_appointments(unit, [v.id for v in recorded.verdicts if v.id and v.status is Taken.ACCEPTED])
    return recorded.verdicts


async def _record_customers(unit: Unit, items: Sequence[Any], hand: TagHand) -> list[ItemVerdict]:
    verdicts = await upsert_customers(unit, items, hand=hand)
    changed = sorted({v.id for v in verdicts if v.id is not None and v.status is Taken.ACCEPTED})
    if changed:
        await react(unit, await attach_unmatched(unit, changed))
        # Who shows a task shows its customer's name: a device that syncs must hear of it.
        feed(unit).customers_changed(changed)
    return verdicts


async def attach_unmatched(unit: Unit, customer_ids: Sequence[UUID] | None = None) -> list[Happened]:
    """Give events that waited for these customers (None: for anybody who is known by now) to them, with their ledger rows.

    Returns those that have now happened; the caller reacts to them. The sweep calls it with None: an event and its customer can miss each other when
    both come in the same instant.
    """
    happened = (await events.attach(unit, customer_ids)).happened
    await open_complaints(unit, happened)
    return happened
