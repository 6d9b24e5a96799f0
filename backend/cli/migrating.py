"""Brings a deployment's database to the newest schema, private or not."""

import asyncio

import msgspec

from backend.bootstrap import bootstrap
from backend.db.migrate import migrate
from backend.runtime import open_servers
from backend.settings import Settings


class Moved(msgspec.Struct, frozen=True, rename="camel"):
    """From which revision to which; `before` is None when the database was empty."""

    before: str | None
    to: str


async def bring_to_head(settings: Settings) -> Moved:
    """Create what roles are missing where a superuser's URL is set, then run every missing migration."""
    if settings.bootstrap_url is not None:
        await bootstrap(settings)
    async with open_servers(settings) as (servers, _):
        before, to = await asyncio.shield(migrate(servers.migration_url))
    return Moved(before, to)
