"""The bell, and the keys."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend import master_key
from backend.cli.doctor.finding import Finding, fail, ok, warn
from backend.db.units import Units
from backend.settings import Settings, SettingsError
from tasks.kernel.errors import NotFound
from tasks.kernel.sealing import MasterKey, SealBroken

LEAST_REDIS: Final = (6, 2)
PATIENCE_S: Final = 5
ENOUGH: Final = 100
"""Merchants whose keys are tried; one wrong master key is wrong for all."""


async def bell(url: str) -> Finding:
    """Redis or Valkey answers and is new enough."""
    client = Redis.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        async with asyncio.timeout(PATIENCE_S):
            info = await client.info("server")
    except (RedisError, OSError, TimeoutError) as fault:
        todo = "start it: without it everything still works, up to two seconds later"
        return fail("redis", f"does not answer at HUIFANG_REDIS_URL ({type(fault).__name__})", todo)
    finally:
        await client.aclose()
    name = str(info.get("server_name", "redis"))
    seen = str(info.get(f"{name}_version") or info.get("redis_version", "0"))
    if name == "redis" and tuple(int(part) for part in seen.split(".")[:2]) < LEAST_REDIS:
        return fail("redis", f"Redis {seen}", "use Redis 6.2 or newer, or Valkey")
    return ok("redis", f"{name} {seen}")


def load_master(settings: Settings) -> tuple[MasterKey | None, Finding | None]:
    """The master key, or the finding about why there is none; none is made."""
    if settings.embedded_database and not (settings.home / master_key.FILE).exists():
        return None, ok("master-key", "made by the first start")
    try:
        return MasterKey(master_key.load(settings, settings.home)), None
    except SettingsError as fault:
        return None, fail("master-key", fault.problem, "without it no name, phone or note can be read")


async def keys(units: Units) -> AsyncIterator[Finding]:
    """The master key opens the merchants' keys."""
    opened = 0
    try:
        async with units.nameless() as session:
            found = [row.merchant_id for row in await session.execute(text("select merchant_id from all_merchants()"))]
        for merchant_id in found[:ENOUGH]:
            async with units.glance(merchant_id):
                opened += 1
    except SealBroken:
        todo = "set the HUIFANG_MASTER_KEY (or restore the master.key) that this data was sealed with"
        yield fail("master-key", "does not open a merchant's key", todo)
    except NotFound:
        yield warn("master-key", "a merchant disappeared while we looked", "run doctor again")
    except DBAPIError:
        yield warn("master-key", "could not be tried", "mend the findings above first")
    else:
        yield ok("master-key", f"opens the keys of {opened} merchants")
