"""X1: every operation × everybody who may not. The right one is answered first, then each wrong one is refused without a trace, then the right one again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

from backend.app import create_app
from backend.db.schema import tenant_tables
from backend.db.units import Units
from backend.http.contract import METHODS, contract
from backend.services import Services
from tasks.flow.view_task import view_task
from tasks.flow.work_task import Bucket, TaskQuery, claim, list_tasks
from tasks.kernel.errors import NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role, StaffScope
from tasks.people.inputs import StaffIn
from tasks.people.service import upsert_staff
from tests.http.cell import LOWER, OTHERS_OF_ROLE, Ask, Cell
from tests.http.cells import CELLS, OPEN
from tests.http.salon import PASSWORD, Salon, open_salon
from tests.support.api import Api, Caller
from tests.support.clock import TestClock

GARBAGE = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJtIjoiMCJ9.AAAA"


@dataclass
class Pair:
    """Two merchants, and what the outside may do: method and whether staff or keys prove themselves, by operation."""

    ours: Salon
    theirs: Salon
    operations: dict[str, str]


def operations(services: Services) -> dict[str, str]:
    """Method by operation id, of everything the application answers."""
    paths = contract(create_app(services))["paths"]
    return {
        item[method]["operationId"]: method.upper() for item in paths.values() for method in METHODS if method in item
    }


@pytest.fixture
async def pair(services: Services, api: Api, clock: TestClock) -> AsyncIterator[Pair]:
    made = Pair(await open_salon(services, api), await open_salon(services, api), operations(services))
    for salon in (made.ours, made.theirs):
        await salon.caller("removed")
        async with services.units.open(salon.merchant_id) as unit:
            await upsert_staff(unit, services.master, [StaffIn(external_id="removed", name="走了", active=False)])
    yield made
    assert await clock.now() is not None


async def identity(salon: Salon, who: str) -> Caller:
    """A caller; `leaver` and `changer` are employees who log in anew, because what they ask ends or changes their log-in."""
    if who in {"leaver", "changer"}:
        person = {"leaver": "employee", "changer": "colleague"}[who]
        await salon.rows("select 1")
        async with salon.services.units.open(salon.merchant_id) as unit:
            encoded = await salon.services.passwords.hash(PASSWORD)
            await unit.run(
                "update staff set password_hash = :hash where merchant_id = :merchant and id = :id",
                hash=encoded,
                id=salon.staff[person],
            )
        return await salon.api.login(salon.phones[person], PASSWORD, device=str(new_id()))
    return await salon.caller(who)


async def ids_of(salon: Salon) -> set[str]:
    """Every id of the salon's own things that an answer could betray."""
    found: list[dict[str, Any]] = []
    for table in ("task", "customer", "plan", "staff", "store", "api_key"):
        found += await salon.rows(f"select id from {table} where merchant_id = :merchant")  # names from this line
    return {str(row["id"]) for row in found} | {str(salon.merchant_id)}


async def send(pair: Pair, operation: str, caller: Caller, ask: Ask) -> Response:
    path, body, headers = ask
    return await caller.call(pair.operations[operation], path, json=body, headers=headers)


def refused(answer: Response, status: int, secrets: set[str]) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert not [secret for secret in secrets if secret in answer.text]


async def wrong_callers(pair: Pair, cell: Cell) -> list[tuple[str, Caller, int]]:
    """Everybody who may not, and what they are to be told."""
    ours, theirs, api = pair.ours, pair.theirs, pair.ours.api
    staff = cell.right != "key"
    found = [
        ("nobody", api.nobody(), 401),
        ("garbage", api.key(GARBAGE), 401),
        ("key of nobody", api.key(f"hf_{ours.merchant_id.hex}_{new_id().hex}_AAAA"), 401),
    ]
    if not cell.both_proofs:
        found.append(("the other kind of proof", await ours.caller("key" if staff else "owner"), 401))
    if staff or cell.both_proofs:
        found.append(("removed", await ours.caller("removed"), 401))
    found += [(f"lower role: {who}", await ours.caller(who), 403) for who in LOWER.get(cell.right, ())]
    if cell.names_a_thing:
        found.append(("other merchant", await identity(theirs, cell.right), 404))
        found.append(("other merchant's owner", await theirs.caller("owner"), 404 if staff else 401))
    if cell.same_store_only:
        found.append(("other store", await ours.caller(OTHERS_OF_ROLE[cell.right]), 404))
        found.append(("other store's lead", await ours.caller("manager2"), 404))
    return found


def test_every_operation_has_a_cell(services: Services) -> None:
    known = set(operations(services))
    assert known - set(CELLS) - OPEN == set()
    assert (set(CELLS) | OPEN) - known == set()


@pytest.mark.parametrize("operation", sorted(CELLS))
async def test_nobody_else_gets_in(pair: Pair, operation: str) -> None:
    cell = CELLS[operation]
    first = await send(pair, operation, await identity(pair.ours, cell.right), await cell.make(pair.ours))
    assert first.status_code == cell.answers, first.text
    ask = await cell.make(pair.ours)
    secrets = await ids_of(pair.ours)
    for who, caller, status in await wrong_callers(pair, cell):
        answer = await send(pair, operation, caller, ask)
        assert answer.status_code == status, f"{operation} by {who}: {answer.text}"
        refused(answer, status, secrets)
    last = await send(pair, operation, await identity(pair.ours, cell.right), ask)
    assert last.status_code == cell.answers, last.text


@pytest.mark.parametrize("operation", sorted(name for name, cell in CELLS.items() if not cell.names_a_thing))
async def test_a_stranger_sees_only_the_own_things(pair: Pair, operation: str) -> None:
    cell = CELLS[operation]
    await pair.ours.task("S1", "employee")
    secrets = await ids_of(pair.ours)
    answer = await send(pair, operation, await identity(pair.theirs, cell.right), await cell.make(pair.theirs))
    assert answer.status_code == cell.answers, answer.text
    assert not [secret for secret in secrets if secret in answer.text]


async def test_a_list_ends_at_the_store(pair: Pair) -> None:
    mine = await pair.ours.task("S1", "employee")
    pooled = await pair.ours.task("S1", None)
    seen = (await (await pair.ours.caller("employee")).get("/v1/staff/tasks?limit=100")).text
    assert str(mine) in seen
    for who in ("employee2", "manager2"):
        other = (await (await pair.ours.caller(who)).get("/v1/staff/tasks?limit=100")).text
        assert str(mine) not in other
        assert str(pooled) not in other


async def test_row_level_security_alone_stops_every_other_merchant(pair: Pair, units: Units) -> None:
    """The guards are off: a scope is forged for the other merchant that names our stores and our staff."""
    task_id = await pair.ours.task("S1", None)
    forged = StaffScope(
        pair.theirs.merchant_id, pair.ours.staff["employee"], Role.OWNER, tuple(pair.ours.stores.values())
    )
    async with units.open(pair.theirs.merchant_id) as unit:
        for attempt in (claim(unit, forged, task_id), view_task(unit, forged, task_id)):
            with pytest.raises(NotFound):
                await attempt
        page = await list_tasks(unit, forged, TaskQuery(bucket=Bucket.TODAY, limit=100))
        assert page.items == ()


async def test_no_row_of_a_tenant_table_is_seen_or_changed_by_another(pair: Pair, units: Units) -> None:
    await pair.ours.task("S1", "employee")
    tables = [table.name for table in tenant_tables()]
    seen_by: dict[UUID, int] = {}
    for salon in (pair.ours, pair.theirs):
        async with units.open(salon.merchant_id) as unit:
            counts = [
                await unit.scalar(f"select count(*) from {name} where merchant_id = :ours", ours=pair.ours.merchant_id)
                for name in tables
            ]  # names from the schema
            seen_by[salon.merchant_id] = sum(counts)
    assert seen_by[pair.ours.merchant_id] > 20
    assert seen_by[pair.theirs.merchant_id] == 0
    async with units.open(pair.theirs.merchant_id) as unit:
        for name in tables:
            gone = await unit.run(
                f"delete from {name} where merchant_id = :ours", ours=pair.ours.merchant_id
            )  # as above
            assert gone.rowcount == 0, name
