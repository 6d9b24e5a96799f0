"""Trees that mean few customers are led to them by an index: no walk through a table of everybody's rows, on a hundred thousand customers."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend import embedded
from backend.bench.patrons import found_patrons
from backend.bench.stage import Database
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from tasks.audience.judging import Frame, cheaper, forms
from tasks.audience.references import Named
from tasks.audience.resolving import check_tree, segments_of
from tasks.audience.service import looks
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit

CUSTOMERS = 100_000
SMALL = {"store", "merchant", "product", "card_product", "staff", "tag", "category", "promise", "store_open_day"}
"""Tables with a handful of rows, which are quicker read than looked up in."""

Salon = tuple[Units, UUID]


@pytest.fixture(scope="module")
async def patrons(stack: embedded.Handle, master: MasterKey) -> AsyncIterator[Salon]:
    servers = stack.create_database("patrons")
    await migrate(servers.migration_url)
    engine = open_engine(servers.database_url)
    database = Database(servers, engine, Units(engine, master), master)
    merchant_id = await found_patrons(database, CUSTOMERS)
    await database.refresh_stats()
    yield database.units, merchant_id
    await engine.dispose()
    stack.drop_database("patrons")


def walked(plan: dict[str, Any]) -> set[str]:
    """Every table that a plan reads from end to end."""
    own = {plan["Relation Name"]} if "Seq Scan" in plan["Node Type"] else set()
    return own.union(*(walked(below) for below in plan.get("Plans", ())))


async def plan_of(unit: Unit, tree: dict[str, Any]) -> dict[str, Any]:
    node = await check_tree(unit, tree)
    (look,) = await looks(unit, None)
    asked = await cheaper(unit, look, Frame("select count(*)"), forms(node, await segments_of(unit, node), look))
    found = await unit.scalar(f"explain (format json) {asked.sql}", **asked.values)
    plan: dict[str, Any] = (msgspec.json.decode(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


async def known(unit: Unit, kind: Named) -> str:
    return str(await unit.scalar(f"select id from {kind} where merchant_id = :merchant order by id limit 1"))


WOMAN = {"condition": "gender", "isOneOf": ["female"]}
SPENT = {"condition": "spend", "withinDays": 365, "atLeast": 30_000}
SELECTIVE: dict[str, dict[str, Any]] = {
    "birthday today": {"all": [{"condition": "birthday", "nextDays": 0}, WOMAN, SPENT]},
    "came for the first time this week": {"all": [{"condition": "first_visit", "withinDays": 2}, SPENT]},
    "bought yesterday": {"all": [{"condition": "last_purchase", "withinDays": 1}, WOMAN]},
    "a card with little left": {"all": [{"condition": "card_balance", "above": 0, "atMost": 500}, WOMAN, SPENT]},
    "a card that expires today": {"all": [{"condition": "card_days_left", "atMost": 0}, WOMAN]},
    "has an appointment tomorrow": {
        "all": [{"condition": "future_appointment", "exists": True, "withinDays": 0}, SPENT, WOMAN]
    },
    "contacted today": {"all": [{"condition": "last_contacted", "withinDays": 0}, WOMAN, SPENT]},
}


@pytest.mark.parametrize("name", SELECTIVE)
async def test_a_tree_that_means_few_walks_through_nothing(patrons: Salon, name: str) -> None:
    units, merchant_id = patrons
    async with units.glance(merchant_id) as unit:
        plan = await plan_of(unit, SELECTIVE[name])
    assert walked(plan) <= SMALL, msgspec.json.format(msgspec.json.encode(plan)).decode()


async def test_the_rule_sees_a_walk(patrons: Salon) -> None:
    units, merchant_id = patrons
    async with units.glance(merchant_id) as unit:
        assert "customer" in walked(await plan_of(unit, WOMAN))
        tagged = {"all": [{"condition": "tags", "anyOf": [await known(unit, Named.TAG)]}, SPENT]}
        assert await plan_of(unit, tagged)
