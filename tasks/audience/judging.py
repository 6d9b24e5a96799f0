"""Asks the books who a tree means: how many, a sample, and why somebody is in or out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.asking import seen_of
from tasks.audience.binds import Binds
from tasks.audience.compile import Compiler, Predicate, compile_node, compile_sweep
from tasks.audience.ground import FOLLOWABLE, Ground
from tasks.audience.tree import Leaf, Node
from tasks.audience.walking import OF_CUSTOMER, OF_FACTS
from tasks.kernel.unit import Unit

FEW: Final = 20_000
"""Customers that are looked up one by one at most; gathering everybody's rows costs about as much."""
_WIDE: Final = ("customer", "customer_facts")
_ASIDE: Final = ("SubPlan", "InitPlan")
_UNFOLLOWED: Final = """not exists (select from customer x where x.merchant_id = :merchant and x.id = f.customer_id
and (x.status <> 'active' or x.anonymous or x.internal))"""
_BY_FACTS: Final = f"""from customer_facts f cross join lateral (select f.merchant_id as merchant_id, f.customer_id as id) cu
where f.merchant_id = :merchant and {_UNFOLLOWED}"""
"""Every customer has a row of facts, half as wide as her own; those who are never followed up are few and have an index."""
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

    @property
    def of_customer(self) -> bool:
        """True when whom one may see is said by the customer's own row, or her facts hang from it."""
        return bool(self.zone) or self.stores is not None or self.ground.past

    def audience(self, predicate: str) -> str:
        """Return the from and where of everybody the predicate means; of the two wide tables only those that it asks."""
        if not (self.of_customer or OF_CUSTOMER.search(predicate)):
            return f"{_BY_FACTS} and {predicate}"
        facts = self.ground.facts_join if OF_FACTS.search(predicate) else ""
        return f"from customer cu {facts} {self._where} and {predicate}"

    @property
    def _where(self) -> str:
        parts = ["cu.merchant_id = :merchant", FOLLOWABLE]
        joined = ""
        if self.zone:
            joined = "left join store hs on hs.merchant_id = cu.merchant_id and hs.id = cu.home_store_id "
            parts.append("coalesce(hs.timezone, :merchant_zone) = :zone")
        if self.stores is not None:
            parts.append("(cu.home_store_id is null or cu.home_store_id = any(cast(:stores as uuid[])))")
        return f"{joined}where {' and '.join(parts)}"


@dataclass(frozen=True)
class Frame:
    """What stands around an audience in a statement: before `from`, after every condition, and the binds of both."""

    head: str
    tail: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """A statement about everybody, with its binds."""

    sql: str
    values: Mapping[str, Any]


async def count(unit: Unit, node: Node, segments: Mapping[str, Node], look: Look) -> int:
    """Return how many customers the tree means."""
    asked = await cheaper(unit, look, Frame("select count(*)"), forms(node, segments, look))
    found: int = await unit.scalar(asked.sql, **asked.values)
    return found


async def sample(unit: Unit, node: Node, segments: Mapping[str, Node], look: Look, limit: int) -> Sequence[UUID]:
    """Return some of the customers the tree means, who spent most first."""
    order = "order by f.spend_cash_cents + f.spend_card_cents desc, cu.id limit :limit"
    return await chosen(unit, look, Frame("select cu.id", order, {"limit": limit}), forms(node, segments, look))


async def chosen(unit: Unit, look: Look, frame: Frame, either: Sequence[Predicate]) -> list[UUID]:
    """Return the ids that a frame selects, by the cheaper form."""
    asked = await cheaper(unit, look, frame, either)
    rows = await unit.run(asked.sql, **asked.values)
    return list(rows.scalars())


def forms(node: Node, segments: Mapping[str, Node], look: Look) -> tuple[Predicate, Predicate]:
    """Return the tree's two forms: gathered in one pass, and looked up customer by customer. Both mean the same, and a property test holds them equal."""
    sweep = compile_sweep(node, look.ground, segments, customers=look.of_customer)
    return sweep, compile_node(node, look.ground, card=False, segments=segments)


async def cheaper(unit: Unit, look: Look, frame: Frame, either: Sequence[Predicate]) -> Statement:
    """Return the form to ask by: of a tree for which an index leads to few customers the one that looks them up, else the one that gathers."""
    for statement in _ROOMY:
        await unit.run(statement)
    asked = [statement_of(look, frame, form) for form in either]
    lookup = asked[-1]
    if len(asked) > 1:
        plan = await unit.scalar(f"explain (format json) {lookup.sql}", **lookup.values)
        found = (msgspec.json.decode(plan) if isinstance(plan, str) else plan)[0]["Plan"]
        return lookup if leads_to_few(found) else asked[0]
    return lookup


def leads_to_few(plan: Mapping[str, Any]) -> bool:
    """Return whether a plan comes to its customers by an index, and to few: then their own rows are looked up for each of them."""
    if plan["Plan Rows"] > FEW or ("Seq Scan" in plan["Node Type"] and plan["Relation Name"] in _WIDE):
        return False
    below = [one for one in plan.get("Plans", ()) if one["Parent Relationship"] not in _ASIDE]
    return all(leads_to_few(one) for one in below)


def statement_of(look: Look, frame: Frame, form: Predicate) -> Statement:
    """Return one form as a statement."""
    audience = look.audience(f"{form.sql} {frame.tail}")
    return Statement(f"{form.gathered}{frame.head} {audience}", {**look.values, **form.values, **frame.values})


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
