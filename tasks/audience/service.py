"""What the rest of the product asks of audiences: how many, who, and why."""

from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.ground import Ground
from tasks.audience.judging import Look, answers, count, sample
from tasks.audience.resolving import names_in, segments_of
from tasks.audience.telling import Told, in_order, sentence, tell
from tasks.audience.tree import leaves, parse
from tasks.audience.wording import Words
from tasks.kernel.errors import NotFound
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day, local_instant
from tasks.people.followed import FOLLOWABLE
from tasks.people.lookups import merchant_zone, zones_of_merchant

LAST_MOMENT: Final = time.max
"""A past day is judged as it stood at its end."""


class Counted(msgspec.Struct, frozen=True, rename="camel"):
    """How many customers a tree means, said in words.

    `as_of` is the instant it was counted for, in the merchant's own zone.
    `todays_value_used` are the conditions that the books keep no history of, when a past day was asked for.
    """

    customers: int
    as_of: datetime
    sentence: str
    todays_value_used: tuple[str, ...] = ()


class Explained(msgspec.Struct, frozen=True, rename="camel"):
    """Why a customer is in or out. `followed_up` is false for 散客, internal and gone records: no plan ever takes them."""

    customer_id: UUID
    holds: bool
    followed_up: bool
    as_of: datetime
    tree: Told


async def count_audience(
    unit: Unit,
    tree: dict[str, Any] | None,
    locale: str,
    *,
    on: date | None = None,
    stores: tuple[UUID, ...] | None = None,
) -> Counted:
    """Count a tree over the merchant, each customer on the day of her own zone; raises `Invalid` on a leaf that does not fit."""
    node = parse(tree, "tree")
    words = Words(locale, await names_in(unit, node))
    segments = await segments_of(unit, node)
    every = await looks(unit, on, stores)
    found = sum([await count(unit, node, segments, look) for look in every])
    own = next(look.at for look in every if look.ground.zone == look.merchant_zone)
    asked = tuple(dict.fromkeys(leaf.condition.name for leaf in leaves(node) if leaf.condition.todays)) if on else ()
    return Counted(found, own, sentence(node, words), asked)


async def sample_audience(
    unit: Unit,
    tree: dict[str, Any] | None,
    limit: int,
    *,
    on: date | None = None,
    stores: tuple[UUID, ...] | None = None,
) -> list[UUID]:
    """Return some customers a tree means, who spent most first; raises `Invalid` on a leaf that does not fit."""
    node = parse(tree, "tree")
    await names_in(unit, node)
    segments = await segments_of(unit, node)
    found = [one for look in await looks(unit, on, stores) for one in await sample(unit, node, segments, look, limit)]
    return [customer_id for _, customer_id in sorted(found, key=lambda one: (-one[0], one[1]))[:limit]]


async def explain_customer(
    unit: Unit, tree: dict[str, Any] | None, customer_id: UUID, locale: str, *, on: date | None = None
) -> Explained:
    """Return node by node whether the tree holds for a customer and what it saw. Raises `NotFound`, `Invalid`."""
    row = await unit.row(
        f"select coalesce(hs.timezone, m.timezone) as zone, ({FOLLOWABLE}) as followed_up from customer cu "
        "join merchant m on m.merchant_id = cu.merchant_id left join store hs on hs.merchant_id = cu.merchant_id and hs.id = cu.home_store_id "
        "where cu.merchant_id = :merchant and cu.id = :customer",
        customer=customer_id,
    )
    if row is None:
        raise NotFound(what="客户/customer", field="customerId")
    node = parse(tree, "tree")
    segments = await segments_of(unit, node)
    words = Words(locale, await names_in(unit, node, *segments.values()))
    look = Look(*_ground(unit, row["zone"], on))
    nodes = list(in_order(node, segments))
    told = tell(node, segments, iter(await answers(unit, customer_id, nodes, segments, look)), words)
    return Explained(customer_id, told.holds and row["followed_up"], row["followed_up"], look.at, told)


async def looks(unit: Unit, on: date | None, stores: tuple[UUID, ...] | None = None) -> list[Look]:
    """Return one look per time zone of the merchant, each on its own day; with `on`, as the books stood at the end of that day."""
    zones = await zones_of_merchant(unit)
    own = await merchant_zone(unit)
    found = []
    for zone in zones:
        ground, at = _ground(unit, zone, on)
        found.append(Look(ground, at, zone if len(zones) > 1 else None, own, stores))
    return found


def _ground(unit: Unit, zone: str, on: date | None) -> tuple[Ground, datetime]:
    if on is None:
        return Ground(local_day(unit.now, zone), zone=zone), unit.now
    at = local_instant(on, LAST_MOMENT, zone)
    return Ground(on, past=True, zone=zone), at
