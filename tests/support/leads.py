"""A salon whose owner and managers are logged in, with customers whose books a test writes: two stores, a product, a hand on the clock."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import ProductIn
from tasks.ledger.states import ProductKind
from tests.http.salon import Salon, open_salon
from tests.support.api import Api, Caller, quick_services
from tests.support.clock import TestClock
from tests.support.world import World

CAME = {"condition": "visit_count", "atLeast": 1}
AWAY = {"condition": "last_visit", "notWithinDays": 30}
WOMEN = {"condition": "gender", "isOneOf": ["female"]}


@dataclass
class Leads:
    """Who leads: the owner, `manager` of S1, `manager2` of S2. `world` writes the books; access tokens live in real time, whatever the clock says."""

    salon: Salon
    world: World
    clock: TestClock
    owner: Caller
    manager: Caller
    other: Caller

    async def came(self, code: str, days: int = 0, *, store: str = "S1") -> None:
        """A paid visit so many days ago."""
        at = await self.clock.now() - timedelta(days=days, hours=1)
        await self.world.sale(code, at, store=store, staff=("employee" if store == "S1" else "employee2",))

    async def segment(self, who: Caller, name: str, tree: dict[str, Any], **more: Any) -> str:
        """Save a segment, shared unless said otherwise; its id."""
        body = {"name": name, "tree": tree, "seenBy": "shared", **more}
        return str((await who.ask("POST", "/v1/manager/segments", json=body))["key"])

    async def counted(self, who: Caller, key: str) -> Any:
        """The count of a saved segment as of now."""
        return (await who.ask("GET", f"/v1/manager/segments/{key}"))["count"]

    async def tag(self, name: str, **more: Any) -> str:
        """Make a tag; its id."""
        return str((await self.owner.ask("POST", "/v1/manager/tags", json={"name": name, **more}))["id"])

    async def tagged(self, tag_id: str) -> dict[str, str]:
        """Code → hand of the customers who have the tag."""
        codes = {one: code for code, one in self.world.customers.items()}
        rows = await self.salon.rows(
            "select customer_id, hand from customer_tag where merchant_id = :merchant and tag_id = :tag",
            tag=UUID(tag_id),
        )
        return {codes[row["customer_id"]]: row["hand"] for row in rows}

    async def moves(self, code: str) -> list[tuple[str, bool, str]]:
        """Name, given and hand of a customer's history, oldest first."""
        told = await self.owner.ask("GET", f"/v1/manager/customers/{self.world.customers[code]}/tags?limit=100")
        return [(one["name"], one["given"], one["hand"]) for one in reversed(told["history"])]


async def lead(units: Units, master: MasterKey, clock: TestClock) -> Leads:
    """Open the salon; customers A (S1), B (S1), C (S2) and D (no store)."""
    services = quick_services(units, master)
    salon = await open_salon(services, Api.of(services))
    world = World(units, master, salon.merchant_id, dict(salon.stores), dict(salon.staff), dict(salon.phones))
    await world.books("products", ProductIn(code="CUT", name="剪发", kind=ProductKind.SERVICE, price_cents=10_000))
    for code, store in (("A", "S1"), ("B", "S1"), ("C", "S2"), ("D", None)):
        await world.customer(code, home_store=store, gender="female")
    callers = [await salon.caller(who) for who in ("owner", "manager", "manager2")]
    return Leads(salon, world, clock, *callers)
