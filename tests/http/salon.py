"""Two stores, every role, a customer and tasks in each store: what the tests of the edge need, and no plan."""

import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.auth.api_keys import KeyScope, create_api_key
from backend.auth.login import give_password
from backend.services import Services
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role
from tasks.kernel.unit import Unit
from tasks.people.inputs import CustomerIn, StaffIn
from tasks.people.service import create_store, upsert_customers, upsert_staff
from tests.support.api import Api, Caller

PASSWORD = "一个够长的通行密码"
ZONE = "Asia/Shanghai"
PEOPLE = (
    ("owner", Role.OWNER, ("S1", "S2")),
    ("manager", Role.MANAGER, ("S1",)),
    ("manager2", Role.MANAGER, ("S2",)),
    ("employee", Role.EMPLOYEE, ("S1",)),
    ("colleague", Role.EMPLOYEE, ("S1",)),
    ("employee2", Role.EMPLOYEE, ("S2",)),
    ("removed", Role.OWNER, ("S1", "S2")),
)


@dataclass
class Salon:
    """One merchant; `staff` and `phones` by the names above, `callers` are those who are logged in."""

    services: Services
    api: Api
    merchant_id: UUID
    stores: dict[str, UUID] = field(default_factory=dict)
    staff: dict[str, UUID] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    customers: dict[str, UUID] = field(default_factory=dict)
    callers: dict[str, Caller] = field(default_factory=dict)
    key_id: UUID | None = None

    async def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        async with self.services.units.open(self.merchant_id) as unit:
            return [dict(row) for row in await unit.rows(sql, **values)]

    async def caller(self, who: str) -> Caller:
        """A logged-in member, or `key` for the integrator."""
        if who not in self.callers:
            self.callers[who] = await self.api.login(self.phones[who], PASSWORD, device=f"phone of {who}")
        return self.callers[who]

    async def task(self, store: str = "S1", assignee: str | None = "employee", status: str = "open") -> UUID:
        """A follow-up of the employee's own making for the store's customer; no plan stands behind it."""
        task_id = new_id()
        await self.rows(
            """insert into task (merchant_id, id, store_id, customer_id, assignee_id, origin, status, opens_at, opens_on, contact_from,
                                 due_at, expires_at, created_at)
               values (:merchant, :id, :store, :customer, :assignee, 'own', :status, :now, cast(:now as timestamptz)::date, :now,
                       :now + interval '2 days', :now + interval '7 days', :now)""",
            id=task_id,
            store=self.stores[store],
            customer=self.customers[store],
            assignee=self.staff[assignee] if assignee else None,
            status=status,
        )
        return task_id


async def open_salon(services: Services, api: Api) -> Salon:
    """Make one and let everybody log in but `removed`, who then is."""
    salon = Salon(services, api, new_id())
    await services.units.create_merchant(salon.merchant_id, f"沙龙{secrets.token_hex(3)}", ZONE)
    async with services.units.open(salon.merchant_id) as unit:
        for code in ("S1", "S2"):
            salon.stores[code] = await create_store(unit, code=code, name=f"{code}店", timezone=ZONE)
        await _hire(salon, unit)
        for code in ("S1", "S2"):
            phone = f"1{secrets.randbelow(10**9) + 3 * 10**9:010d}"
            item = CustomerIn(external_id=f"C-{code}", name=f"客人{code}", phones=(phone,), home_store=code)
            (verdict,) = await upsert_customers(unit, [item])
            assert verdict.id is not None
            salon.customers[code] = verdict.id
        salon.callers["key"] = api.key(await create_api_key(unit, "POS", [KeyScope.INTAKE_WRITE]))
        salon.key_id = await unit.scalar("select id from api_key where merchant_id = :merchant")
    return salon


async def _hire(salon: Salon, unit: Unit) -> None:
    items = []
    for name, role, stores in PEOPLE:
        salon.phones[name] = f"1{secrets.randbelow(10**9) + 3 * 10**9:010d}"
        items.append(StaffIn(external_id=name, name=f"员工{name}", phone=salon.phones[name], role=role, stores=stores))
    verdicts = await upsert_staff(unit, salon.services.master, items)
    for item, verdict in zip(items, verdicts, strict=True):
        assert verdict.id is not None, verdict
        salon.staff[item.external_id] = verdict.id
        assert await give_password(unit, salon.services.passwords, verdict.id, PASSWORD)
