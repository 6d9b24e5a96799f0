"""Value and rhythm from the command line."""

import msgspec

from backend.cli.edge import Refused, show
from backend.cli.merchants import find_merchant
from backend.runtime import open_runtime
from backend.settings import Settings
from tasks.flow.tend_merchant import refresh_merchant


class Refreshed(msgspec.Struct, frozen=True, rename="camel"):
    """What a computation over everybody found."""

    customers: int
    moved: int


async def refresh(settings: Settings, merchant: str | None, *, as_json: bool) -> None:
    """Compute everybody anew; raises `Refused` while a worker is at it."""
    async with open_runtime(settings) as runtime:
        found = await refresh_merchant(runtime.units, await find_merchant(runtime.units, merchant))
    if found is None:
        raise Refused("a worker is computing this merchant; try again in a minute", 1)
    show(
        Refreshed(found.customers, found.moved),
        [f"{found.customers} customers computed, {found.moved} movements"],
        as_json=as_json,
    )
