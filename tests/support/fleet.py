"""Many merchants with plans that all fire at the same moment, and the account of what became of it: nothing lost, nothing twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from backend.db.units import Units
from tasks.flow.manage_plans import activate
from tasks.flow.run_plans import SweepReport, plan_ahead
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.plans.definition import Daily, Definition, Entry
from tasks.plans.repository import insert_plan
from tasks.plans.states import EntryMode, Link, Purpose, Scope
from tasks.plans.templates import template
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

MORNING: Final = "2026-03-02 09:30"
"""When a fleet is made: a Monday, before everything fires."""
FIRES: Final = time(10)


@dataclass(frozen=True)
class Shape:
    """How large: so many merchants, each with so many customers, and plans for everybody."""

    merchants: int
    plans: int
    customers: int
    stores: int = 1

    @property
    def runs(self) -> int:
        """How many firings there are at `FIRES`."""
        return self.merchants * self.plans


_CUSTOMERS = """
with made as (
    insert into customer (merchant_id, id, sealed, home_store_id, created_at)
    select :merchant, new_uuid7(), '\\x00', (cast(:stores as uuid[]))[1 + n % cardinality(cast(:stores as uuid[]))], :now
    from generate_series(1, cast(:many as int)) as n returning id),
stated as (insert into customer_contact_state (merchant_id, customer_id) select :merchant, id from made)
insert into customer_facts (merchant_id, customer_id) select :merchant, id from made
"""


async def make_customers(unit: Unit, stores: Sequence[UUID], many: int) -> None:
    """Write so many customers without books, dealt to the stores in turn."""
    await unit.run(_CUSTOMERS, stores=list(stores), many=many)
    await unit.run("select refresh_stats(array['customer', 'customer_facts', 'customer_contact_state'])")


def for_everybody(name: str, **changes: Any) -> Definition:
    """A care plan of the calendar, daily at ten, that takes each customer in once and deals her to whoever has the least to do."""
    base = template("card_balance_low")
    dealt = msgspec.structs.replace(base.task, chain=(Link.LEAST_LOADED,))
    decided: dict[str, Any] = {
        "name": name,
        "purpose": Purpose.CARE,
        "trigger": Daily(at=FIRES),
        "audience": None,
        "entry": Entry(scope=Scope.CUSTOMER, mode=EntryMode.NEVER_AGAIN),
        "steps": (msgspec.structs.replace(base.steps[0], act=dealt),),
        "hold_out": 0,
    }
    return msgspec.structs.replace(base, **(decided | changes))


async def turn_on(world: World, definitions: Sequence[Definition]) -> list[UUID]:
    """Let the plans fire from now on; returns their ids."""
    found = []
    async with world.units.open(world.merchant_id) as unit:
        for definition in definitions:
            plan_id = await insert_plan(unit, definition, None)
            await activate(unit, plan_id)
            found.append(plan_id)
    return found


async def make_fleet(units: Units, master: MasterKey, shape: Shape, at: str = MORNING) -> list[World]:
    """Merchants whose plans are on and whose firings are written, none of them due yet."""
    await TestClock(units).set(shanghai(at))
    return [await _merchant(units, master, shape) for _ in range(shape.merchants)]


async def _merchant(units: Units, master: MasterKey, shape: Shape) -> World:
    world = await make_world(units, master, stores=shape.stores, employees=2 * shape.stores)
    await world.do(lambda unit: make_customers(unit, sorted(world.stores.values()), shape.customers))
    await turn_on(world, [for_everybody(f"计划{number}") for number in range(shape.plans)])
    await plan_ahead(units, world.merchant_id, SweepReport())
    return world


class Firing(msgspec.Struct, frozen=True):
    """One firing as it stands, whoever's it is."""

    id: UUID
    merchant_id: UUID
    plan_id: UUID
    fires_on: date
    state: str
    epoch: int
    lease_until: datetime | None
    finished_at: datetime | None


_NOW = "(select clock_timestamp() + offset_us * interval '1 microsecond' from clock_setting)"
_FIRINGS = f"""
select id, merchant_id, plan_id, fires_on, state, epoch, lease_until, finished_at from occurrence where fire_at <= {_NOW} order by fire_at, id
"""
_FAULTS: Final = {
    "firings that are not done": f"select id from occurrence where fire_at <= {_NOW} and state not in ('done', 'missed')",
    "firings that lost a customer": """select o.id from occurrence o where o.state = 'done' and
        (select count(distinct d.customer_id) from decision d where d.merchant_id = o.merchant_id and d.occurrence_id = o.id)
        <> (select count(*) from customer c where c.merchant_id = o.merchant_id and c.status = 'active' and not c.anonymous and not c.internal)""",
    "customers decided twice": "select min(id::text) from decision group by merchant_id, occurrence_id, customer_id having count(*) > 1",
    "customers with two tasks": "select min(id::text) from task where origin = 'plan' group by merchant_id, customer_id having count(*) > 1",
    "decisions without a reason": """select d.id from decision d where d.decided in ('task', 'merged') and
        (select count(*) from task_reason r where r.merchant_id = d.merchant_id and r.enrolment_id = d.enrolment_id and r.task_id = d.task_id) <> 1""",
    "reasons without a decision": """select r.id from task_reason r where
        not exists (select from decision d where d.merchant_id = r.merchant_id and d.enrolment_id = r.enrolment_id and d.task_id = r.task_id)""",
    "tasks without a reason": """select t.id from task t where t.origin = 'plan' and
        not exists (select from task_reason r where r.merchant_id = t.merchant_id and r.task_id = t.id)""",
    "tasks no phone hears of": "select t.id from task t where not exists (select from task_change c where c.merchant_id = t.merchant_id and c.task_id = t.id)",
}
"""What must be nowhere, after a fleet has run, whatever happened to the workers."""
_WRITTEN: Final = ("occurrence", "decision", "enrolment", "task", "task_reason", "task_change", "store_revision")
"""The tables that runs write."""
_DIGEST = "select md5(coalesce(string_agg(x::text, '|' order by x::text), '')) from {table} x"


@dataclass(frozen=True)
class Sight:
    """Sees every merchant at once, as no process of the product may."""

    connection: Any

    async def firings(self) -> list[Firing]:
        """Every firing whose time has come."""
        return [Firing(**row) for row in await self.connection.fetch(_FIRINGS)]

    async def count(self, what: str) -> int:
        """How many rows: `occurrence where state = 'done'`."""
        return int(await self.connection.fetchval(f"select count(*) from {what}"))

    async def now(self) -> datetime:
        """Business time."""
        at: datetime = await self.connection.fetchval(f"select {_NOW}")
        return at

    async def faults(self) -> dict[str, list[str]]:
        """Ids of what is lost or twice, by what is wrong with them; empty when all is well."""
        found = {what: [str(row[0]) for row in await self.connection.fetch(sql)] for what, sql in _FAULTS.items()}
        return {what: ids for what, ids in found.items() if ids}

    async def digest(self) -> dict[str, str]:
        """Every row that runs write, as one value for each table: two are equal when nothing was written in between."""
        return {table: str(await self.connection.fetchval(_DIGEST.format(table=table))) for table in _WRITTEN}

    async def done(self) -> bool:
        """Everything whose time has come has been done."""
        firings = await self.firings()
        return bool(firings) and all(one.state in {"done", "missed", "failed"} for one in firings)


def let_fire(clock: TestClock) -> Any:
    """Move the clock to where every plan of a fleet is due."""
    return clock.set(shanghai(MORNING) + timedelta(hours=1))
