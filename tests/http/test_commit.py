"""One request is one transaction: committed before the first byte of the answer, an error when the commit fails, and nothing kept when the handler fails."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from litestar.types import Message

from backend import embedded
from backend.app import create_app
from backend.db.units import Units
from tests.http.salon import Salon

BOOM = """
create function boom() returns trigger language plpgsql as $$ begin raise exception 'boom'; end $$;
create constraint trigger boom after insert on api_key {when} for each row when (new.name = 'boom') execute function boom()
"""


@asynccontextmanager
async def trigger(servers: embedded.Servers, when: str) -> AsyncIterator[None]:
    """A trigger of the owner's that fails for a key named boom: at once, or when the transaction commits."""
    owner = await asyncpg.connect(servers.migration_url)
    try:
        await owner.execute(BOOM.format(when=when))
        yield
    finally:
        await owner.execute("drop trigger if exists boom on api_key; drop function if exists boom()")
        await owner.close()


async def keys_named(salon: Salon, name: str) -> int:
    return len(await salon.rows("select 1 from api_key where merchant_id = :merchant and name = :name", name=name))


async def test_the_row_is_committed_when_the_first_byte_leaves(salon: Salon) -> None:
    owner = await salon.caller("owner")
    seen: list[int] = []
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b'{"name":"visible"}', "more_body": False}]
    )

    async def receive() -> Any:
        return next(messages)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.append(message["status"])
            seen.append(await keys_named(salon, "visible"))

    scope = {
        "type": "http", "method": "POST", "path": "/v1/owner/api-keys", "raw_path": b"/v1/owner/api-keys", "query_string": b"",
        "headers": [(b"authorization", f"Bearer {owner.token}".encode()), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1), "server": ("test", 80), "scheme": "http", "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    await create_app(salon.services)(scope, receive, send)  # type: ignore[arg-type]  # a plain ASGI scope
    assert seen == [201, 1]


@pytest.mark.parametrize("when", ["deferrable initially deferred", ""])
async def test_what_fails_at_commit_or_before_is_an_error_and_leaves_nothing(
    salon: Salon, servers: embedded.Servers, when: str
) -> None:
    owner = await salon.caller("owner")
    async with trigger(servers, when):
        failed = await owner.post("/v1/owner/api-keys", {"name": "boom"})
        fine = await owner.post("/v1/owner/api-keys", {"name": "fine"})
    assert (failed.status_code, failed.json()["code"]) == (500, "internal-error")
    assert "boom" not in failed.text
    assert fine.status_code == 201
    assert await keys_named(salon, "boom") == 0


async def test_a_refusal_gives_the_connection_back(salon: Salon, units: Units) -> None:
    employee = await salon.caller("employee")
    pool: Any = units.engine.pool
    before = pool.checkedout()
    for _ in range(30):
        assert (await employee.get("/v1/owner/plans")).status_code == 403
        assert (await employee.post("/v1/owner/plans", {"template": "no such"})).status_code == 403
        assert (await employee.get(f"/v1/staff/tasks/{salon.merchant_id}")).status_code == 404
    assert pool.checkedout() == before
