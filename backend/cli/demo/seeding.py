"""Builds the demo salon through the same services that real books go through, on a business clock of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from backend.auth.api_keys import KeyScope, create_api_key
from backend.auth.passwords import Passwords
from backend.cli.demo.books import CARDS, GOODS, SERVICES, Books, codes, written
from backend.cli.demo.days import work_off
from backend.cli.demo.emptying import empty
from backend.cli.demo.people import BRAND, STORES, ZONE, customers, staff
from backend.cli.planning import turn_on_template
from backend.db.clock import set_clock
from backend.db.statistics import follow_growth
from backend.runtime import Runtime
from tasks.flow.record_books import record_books
from tasks.flow.run_plans import sweep_merchant
from tasks.kernel.ids import new_id
from tasks.kernel.verdicts import ItemVerdict
from tasks.kernel.zones import local_instant
from tasks.people import service as people

SEED: Final = 20260309
TODAY: Final = date(2026, 3, 9)
"""A Monday; the walk begins this morning."""
SINCE: Final = 3
"""Days the plans have been on."""
PASSWORD: Final = "huifang-demo"  # noqa: S105  # printed for everybody who runs the demo
PLANS: Final = ("second_visit", "card_balance_low")


@dataclass(frozen=True)
class Salon:
    """The demo merchant, as the walk needs it; `heroine` is the customer it is about."""

    merchant_id: UUID
    api_key: str
    heroine: UUID


def morning(days: int = 0, *, hour: int = 8, minute: int = 0) -> datetime:
    """The instant of a wall time, so many days from the demo's today."""
    return local_instant(TODAY + timedelta(days=days), time(hour, minute), ZONE)


async def seed(runtime: Runtime) -> Salon:
    """Empty the demo's database and build the salon: months of books, plans on for days, this morning's tasks out."""
    await empty(runtime.servers.migration_url)
    random = Random(SEED)  # noqa: S311  # the same salon every time is the point
    await clock(runtime, morning(-SINCE))
    merchant_id, api_key = await _salon(runtime)
    heroine = (await _record(runtime, merchant_id, "customers", list(customers(random))))[0].id
    books = written(random, TODAY - timedelta(days=1), list(codes()))
    await _books(runtime, merchant_id, books, (None, morning(-SINCE)))
    await _record(runtime, merchant_id, "appointments", books.appointments)
    await follow_growth(runtime.units)
    for name in PLANS:
        await turn_on_template(runtime, merchant_id, name)
    for day in range(-SINCE, 0):
        await clock(runtime, morning(day, hour=10, minute=5))
        await sweep_merchant(runtime.units, merchant_id)
        await work_off(runtime.units, merchant_id, random)
        await clock(runtime, morning(day, hour=21))
        await _books(runtime, merchant_id, books, (morning(day), morning(day, hour=21)))
    await clock(runtime, morning(hour=9, minute=31))
    await sweep_merchant(runtime.units, merchant_id)
    await follow_growth(runtime.units)
    if heroine is None:
        raise LookupError("the heroine is missing")
    return Salon(merchant_id, api_key, heroine)


async def clock(runtime: Runtime, at: datetime) -> None:
    """Make it that instant for every process."""
    async with runtime.units.nameless() as session:
        await set_clock(session, at)


async def _salon(runtime: Runtime) -> tuple[UUID, str]:
    merchant_id = new_id()
    await runtime.units.create_merchant(merchant_id, BRAND, ZONE)
    encoded = await Passwords().hash(PASSWORD)
    async with runtime.units.open(merchant_id) as unit:
        for code, name in STORES.items():
            await people.create_store(unit, code=code, name=name, timezone=ZONE)
        for verdict in await people.upsert_staff(unit, runtime.master, staff()):
            if verdict.id is not None:
                await people.set_password_hash(unit, verdict.id, encoded)
        await people.set_history_from(unit, TODAY - timedelta(days=365))
        await record_books(unit, "products", [*SERVICES.values(), *GOODS])
        await record_books(unit, "card_products", CARDS)
        key = await create_api_key(unit, "demo POS", list(KeyScope))
    return merchant_id, key


async def _books(runtime: Runtime, merchant_id: UUID, books: Books, between: tuple[datetime | None, datetime]) -> None:
    """Record what happened after the first instant and up to the second; without a first one it is history."""
    after, to = between
    sales = [sale for sale in books.sales if (after is None or sale.at > after) and sale.at <= to]
    await _record(runtime, merchant_id, "sales", sales, historic=after is None)
    cards = []
    for card in books.cards:
        entries = tuple(e for e in card.entries if (after is None or e.at > after) and e.at <= to)
        if entries:
            cards.append(replace(card, entries=entries))
    await _record(runtime, merchant_id, "cards", cards, historic=after is None)


async def _record(
    runtime: Runtime, merchant_id: UUID, kind: str, items: Sequence[Any], *, historic: bool = False
) -> list[ItemVerdict]:
    if not items:
        return []
    async with runtime.units.open(merchant_id) as unit:
        verdicts = await record_books(unit, kind, items, historic=historic)
    refused = [verdict for verdict in verdicts if verdict.code]
    if refused:
        raise ValueError(f"the demo's {kind} were refused: {refused[0]}")
    return verdicts
