"""Tables laid over the real ones for one look: temporary tables of the same name, which the engine then reads and writes without knowing.

Only for a glance, whose transaction is always rolled back: what was laid over is gone with it, and nothing real is written or locked. The search path is
changed with it, so that statements that were prepared before are parsed anew; therefore everything a look needs is laid over at once.
"""

from tasks.kernel.unit import Unit

_PATH = "set local search_path = pg_temp, public"
_LIKE = "create temporary table {name} (like public.{name} including defaults including indexes)"


async def lay_over(unit: Unit, *names: str) -> None:
    """Lay empty tables over the real ones of these names, for the rest of the transaction. The real ones are `public.<name>`."""
    await unit.run(_PATH)
    for name in names:
        await unit.run(_LIKE.format(name=name))


async def copy_over(unit: Unit, name: str, where: str, **values: object) -> int:
    """Put the merchant's rows of a real table (`x`) that keep `where` into the one laid over it; returns how many."""
    done = await unit.run(
        f"insert into {name} select x.* from public.{name} x where x.merchant_id = :merchant and {where}", **values
    )
    await unit.run(f"analyze {name}")
    return done.rowcount
