"""The floor of S6: the list of the staff app straight from asyncpg into msgspec, under the same server.

BEGIN, set_config, the same query, open the seals, COMMIT: no log-in, no framework, no session. The rows are worded by the same functions, so the body is the
same. Started as `uvicorn --factory backend.bench.rivals.raw_list:Raw`; who asks and of what store is in the address.
"""

import base64
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from tasks.kernel.sealing import MasterKey, Vault
from tasks.worklist.buckets import Bucket
from tasks.worklist.lists import listed_of, page_statement
from tasks.worklist.rows import people_of, task_row
from tasks.worklist.views import TaskPage

Event = MutableMapping[str, Any]
LIMIT: Final = 20
POOL: Final = 10
_BEGIN: Final = """
select set_config('app.merchant_id', $1, true), (select clock_timestamp() + offset_us * interval '1 microsecond' from clock_setting) as now
"""


def _compiled() -> tuple[str, list[str]]:
    """The same statement with the driver's own places, and what goes where."""
    compiled = text(page_statement(Bucket.TODAY, leads=False, paged=False)).compile(dialect=PGDialect_asyncpg())  # type: ignore[no-untyped-call]  # loosely typed
    return str(compiled), list(compiled.positiontup or ())


class Raw:
    """The application: one pool, one statement."""

    def __init__(self) -> None:
        self._merchant = UUID(os.environ["BENCH_MERCHANT"])
        self._master = MasterKey(base64.b64decode(os.environ["HUIFANG_MASTER_KEY"]))
        self._statement, self._places = _compiled()
        self._pool: asyncpg.Pool | None = None
        self._vault: Vault | None = None

    async def __call__(
        self, scope: Event, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]
    ) -> None:
        """Answer `GET /?me=…&store=…`."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        asked = parse_qs(scope["query_string"].decode())
        body = await self._answer(UUID(asked["me"][0]), UUID(asked["store"][0]))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, me: UUID, store: UUID) -> bytes:
        assert self._pool is not None  # noqa: S101  # made at start
        async with self._pool.acquire() as connection, connection.transaction():
            now = (await connection.fetchrow(_BEGIN, str(self._merchant)))["now"]
            binds = {"merchant": self._merchant, "me": me, "stores": [store], "at": now, "limit": LIMIT + 1}
            rows = await connection.fetch(self._statement, *(binds[name] for name in self._places))
        listed = listed_of(rows, now, LIMIT)
        assert self._vault is not None  # noqa: S101  # as above
        customers, staff = people_of(self._vault, listed.rows)
        items = tuple(task_row(row, customers, staff, "zh-CN") for row in listed.rows)
        return msgspec.json.encode(TaskPage(items, listed.counts, listed.next_cursor))

    async def _live(self, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._start()
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._pool is not None:
                    await self._pool.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _start(self) -> None:
        url = os.environ["HUIFANG_DATABASE_URL"]
        settings = {"role": "huifang_app", "timezone": "UTC"}
        self._pool = await asyncpg.create_pool(url, min_size=POOL, max_size=POOL, server_settings=settings)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchrow(_BEGIN, str(self._merchant))
            wrapped = await connection.fetchval(
                "select wrapped_key from merchant where merchant_id = $1", self._merchant
            )
        self._vault = self._master.vault(self._merchant, wrapped)
