"""Asks the books who a tree means: how many, a sample, and why somebody is in or out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tasks.audience.asking import seen_of
from tasks.audience.binds import Binds
from tasks.audience.compile import Compiler, compile_node
from tasks.audience.ground import FOLLOWABLE, Ground
from tasks.audience.tree import Leaf, Node
from tasks.kernel.unit import Unit

AUDIENCE: Final = """
from customer cu {facts} {zone_join}
where cu.merchant_id = :merchant and {followable} and {zone} and {stores} and {predicate}
"""
_ROOMY: Final = ("set local work_mem = '192MB'", "set local jit = off")
"""Everybody is asked at once: sets of ids are held in memory, and compiling a query that runs once costs more than it saves."""


@dataclass(frozen=True)
class Look:
    """When, where and for whose eyes an audience is judged.

    Attributes:
        ground: the books it is judged by.
        at: the instant.
        zone: only customers of this time zone; None when the merchant has one.
        merchant_zone: the zone of customers without a home store.
        stores: only customers of these home stores, and those without one; None for all.
    """

    ground: Ground
    at: datetime
    zone: str | None = None
    merchant_zone: str = ""
    stores: tuple[UUID, ...] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The binds of every statement; our own rows that committed while we waited for a lock count too, unless the past is asked."""
        until = self.at if self.ground.past else self.at + timedelta(days=1)
        return {
            "at": self.at, "until": until, "today": self.ground.day,
            "zone": self.zone, "merchant_zone": self.merchant_zone, "stores": list(self.stores or ()),
        }  # fmt: skip

    def audience(self, predicate: str) -> str:
        """Return the from and where of everybody the predicate means."""
        joined = (
            "left join store hs on hs.merchant_id = cu.merchant_id and hs.id = cu.home_store_id" if self.zone else ""
        )
        return AUDIENCE.format(
            facts=self.ground.facts_join,
            followable=FOLLOWABLE,
            zone_join=joined,
            zone="coalesce(hs.timezone, :merchant_zone) = :zone" if self.zone else "true",
            stores="true"
            if self.stores is None
            else "(cu.home_store_id is null or cu.home_store_id = any(cast(:stores as uuid[])))",
            predicate=predicate,
        )


async def count(unit: Unit, node: Node, segments: Mapping[str, Node], look: Look) -> int:
    """Return how many customers the tree means."""
    for statement in _ROOMY:
        await unit.run(statement)
    predicate = compile_node(node, look.ground, card=False, segments=segments)
    found: int = await unit.scalar(f"select count(*) {look.audience(predicate.sql)}", **look.values, **predicate.values)
    return found


async def sample(unit: Unit, node: Node, segments: Mapping[str, Node], look: Look, limit: int) -> Sequence[UUID]:
    """Return some of the customers the tree means, who spent most first."""
    for statement in _ROOMY:
        await unit.run(statement)
    predicate = compile_node(node, look.ground, card=False, segments=segments)
    order = "order by f.spend_cash_cents + f.spend_card_cents desc, cu.id limit :limit"
    rows = await unit.rows(
        f"select cu.id {look.audience(predicate.sql)} {order}", limit=limit, **look.values, **predicate.values
    )
    return [row["id"] for row in rows]


@dataclass(frozen=True)
class Answer:
    """What a node of the tree is for one customer; `seen` only of leaves."""

    holds: bool
    seen: str | None = None


async def answers(
    unit: Unit, customer_id: UUID, nodes: Sequence[Node], segments: Mapping[str, Node], look: Look
) -> list[Answer]:
    """Return for one customer what each node is, in order, in one statement: the same predicate as everywhere, node by node."""
    ground = look.ground
    compiler = Compiler(ground, Binds(ground.day, zone=ground.zone, past=ground.past), card=False, segments=segments)
    columns = []
    for number, node in enumerate(nodes):
        seen = seen_of(compiler.asked(node)) if isinstance(node, Leaf) else "null::text"
        columns.append(f"{compiler.sql(node)} as h{number}, {seen} as s{number}")
    predicates = ground.fill(", ".join(columns))
    row = await unit.row(
        f"select {predicates} from customer cu {ground.facts_join} where cu.merchant_id = :merchant and cu.id = :customer",
        customer=customer_id,
        **look.values,
        **compiler.binds.values,
    )
    return [Answer(bool(row[f"h{number}"]), row[f"s{number}"]) for number in range(len(nodes))] if row else []
