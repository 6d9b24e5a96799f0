"""Parameters of conditions that boundary cases need, and the check that a condition means what its oracle says."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tasks.audience.asking import Gathered
from tasks.audience.binds import Binds
from tasks.audience.compile import Compiler
from tasks.audience.judging import Look
from tasks.audience.service import looks
from tasks.audience.tree import parse
from tasks.kernel.unit import Unit
from tests.support.audience import meant
from tests.support.audience_books import Books, Hers, Row
from tests.support.clock import shanghai
from tests.support.world import World

Drawn = st.SearchStrategy[dict[str, Any]]
Oracles = Mapping[str, Callable[[Hers, Row], bool]]
NOWS: Final = ("2026-03-02 08:00", "2028-02-29 12:00", "2027-01-01 00:30", "2028-03-01 00:00")
"""Mornings in Shanghai: an ordinary one, 29 February, 1 January (still the old year in New York), and midnight."""
AWAY: Final = "America/New_York"
ZONES: Final = {"S1": "Asia/Shanghai", "S2": AWAY}
DAYS: Final = (0, 1, 29, 30, 31, 365, 366)
WINDOWS: Final = (0, 30, 365)
WALLS: Final = (time(0), time(11), time(23, 59, 59))

nows = st.sampled_from(NOWS).map(shanghai)
ago = st.tuples(st.sampled_from(DAYS), st.sampled_from(WALLS))


def instant(now: datetime, zone: str, days: int, wall: time) -> datetime:
    """A wall time so many local days ago; what would be to come is now."""
    day = now.astimezone(ZoneInfo(zone)).date() - timedelta(days=days)
    return min(datetime.combine(day, wall, ZoneInfo(zone)).astimezone(UTC), now)


def bounds(*numbers: float) -> Drawn:
    """One bound, or a lower and an upper one that some number keeps."""
    ordered = sorted(numbers)
    one = st.tuples(st.sampled_from(("equals", "atLeast", "atMost", "above", "below")), st.sampled_from(ordered)).map(
        lambda pair: {pair[0]: pair[1]}
    )
    two = st.tuples(st.sampled_from(ordered), st.sampled_from(ordered)).map(
        lambda pair: {"atLeast": min(pair), "atMost": max(pair)}
    )
    return st.one_of(one, two)


def _between(now: datetime) -> Drawn:
    days = st.sampled_from(DAYS).map(lambda days: now.date() - timedelta(days=days))
    both = st.tuples(days, days).map(lambda pair: {"fromOn": min(pair).isoformat(), "toOn": max(pair).isoformat()})
    open_ended = st.tuples(st.sampled_from(("fromOn", "toOn")), days).map(lambda pair: {pair[0]: pair[1].isoformat()})
    return st.one_of(both, open_ended)


def windows(now: datetime) -> Drawn:
    """The last so many days, or from one day to another."""
    return st.one_of(st.sampled_from(WINDOWS).map(lambda days: {"withinDays": days}), _between(now))


def whens(now: datetime) -> Drawn:
    """Near, far, both, or between days."""
    far = st.sampled_from(WINDOWS).map(lambda days: {"notWithinDays": days})
    pair = st.sets(st.sampled_from(WINDOWS), min_size=2, max_size=2).map(
        lambda two: {"withinDays": max(two), "notWithinDays": min(two)}
    )
    mixed = st.tuples(far, _between(now)).map(lambda two: two[0] | two[1])
    return st.one_of(windows(now), far, pair, mixed)


def joined(*parts: Drawn) -> Drawn:
    """The parameters of all parts together."""
    return st.tuples(*parts).map(lambda said: {name: value for one in said for name, value in one.items()})


def maybe(part: Drawn) -> Drawn:
    """The part, or nothing of it."""
    return st.one_of(st.just({}), part)


Asked = tuple[dict[str, Any], int | None]
"""A condition as a leaf, and as of how many days ago; None is now."""
WHOLE: Final = 3
"""Trees of an example that are counted, sampled and explained, too."""


async def check(world: World, books: Books, oracles: Oracles, trees: Sequence[Asked], now: datetime) -> None:
    """Every tree means exactly whom its oracle means, looked up one by one and gathered in one pass."""
    by_day: defaultdict[date | None, list[dict[str, Any]]] = defaultdict(list)
    for tree, days in trees:
        by_day[_on(now, days)].append(tree)
    async with world.units.glance(world.merchant_id) as unit:
        for on, some in by_day.items():
            expected = {
                code: [_holds(books.hers(code, now, on), oracles, tree) for tree in some] for code in books.zones
            }
            for look in await looks(unit, on):
                mine = [code for code, zone in books.zones.items() if look.zone in (None, zone)]
                for gathered in (None, Gathered()):
                    found = await _found(unit, some, look, gathered)
                    for code in mine:
                        for tree, wanted, answer in zip(
                            some, expected[code], found[world.customers[code]], strict=True
                        ):
                            assert answer is wanted, (tree, on, code, gathered)
    for tree, days in trees[:: max(1, len(trees) // WHOLE)]:
        on = _on(now, days)
        assert await meant(world, tree, on) == {
            code for code in books.zones if _holds(books.hers(code, now, on), oracles, tree)
        }


def _on(now: datetime, days: int | None) -> date | None:
    return None if days is None else now.date() - timedelta(days=days)


def _holds(her: Hers, oracles: Oracles, tree: dict[str, Any]) -> bool:
    return oracles[tree["condition"]](her, {name: value for name, value in tree.items() if name != "condition"})


async def _found(
    unit: Unit, trees: Sequence[dict[str, Any]], look: Look, gathered: Gathered | None
) -> dict[UUID, list[bool]]:
    """What every tree is for every customer, in one statement, in one of the two forms."""
    ground = look.ground
    compiler = Compiler(ground, Binds(ground.day, zone=ground.zone, past=ground.past), gathered=gathered)
    columns = ", ".join(f"{compiler.sql(parse(tree))} as h{number}" for number, tree in enumerate(trees))
    head = gathered.sql() if gathered else ""
    rows = await unit.rows(
        ground.fill(f"{head} select cu.id, {columns} from customer cu {ground.facts_join} where cu.merchant_id = :merchant"),
        **look.values, **compiler.binds.values,
    )  # fmt: skip
    return {row["id"]: [row[f"h{number}"] for number in range(len(trees))] for row in rows}
