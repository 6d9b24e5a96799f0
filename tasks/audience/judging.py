"""Asks the books who a tree means: how many, a sample, and why somebody is in or out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tasks.audience.asking import seen_of
from tasks.audience.compile import Compiler, Predicate, compile_node, compile_sweep
from tasks.audience.ground import Ground
from tasks.audience.tree import Leaf, Node
from tasks.audience.walking import OF_CUSTOMER, OF_FACTS
from tasks.kernel.documents import document
from tasks.kernel.room import make_room
from tasks.kernel.unit import Unit
from tasks.people.followed import FOLLOWABLE, UNFOLLOWED

FEW: Final = 20_000
"""Customers that are looked up one by one at most; gathering everybody's rows costs about as much."""
_WIDE: Final = ("customer", "customer_facts")
_ASIDE: Final = ("SubPlan", "InitPlan")
_BY_FACTS: Final = f"""from customer_facts f cross join lateral (select f.merchant_id as merchant_id, f.customer_id as id) cu
where f.merchant_id = :merchant
and not exists (select from customer x where x.merchant_id = :merchant and x.id = f.customer_id and {UNFOLLOWED})"""
"""Every customer has a row of facts, half as wide as her own; those who are never followed up are few and have an index."""


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


Forms = tuple[Predicate, Predicate]
"""One tree to be gathered, and to be looked up."""


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


async def sample(
    unit: Unit, node: Node, segments: Mapping[str, Node], look: Look, limit: int
) -> list[tuple[int, UUID]]:
    """Return what they spent (分) and who they are, of some of the customers the tree means, who spent most first."""
    money = "f.spend_cash_cents + f.spend_card_cents"
    frame = Frame(f"select {money} as spent, cu.id", f"order by {money} desc, cu.id limit :limit", {"limit": limit})
    asked = await cheaper(unit, look, frame, forms(node, segments, look))
    return [(row["spent"], row["id"]) for row in await unit.rows(asked.sql, **asked.values)]


async def chosen(unit: Unit, look: Look, frame: Frame, either: Forms) -> list[UUID]:
    """Return the ids that a frame selects, by the cheaper form."""
    asked = await cheaper(unit, look, frame, either)
    rows = await unit.run(asked.sql, **asked.values)
    return list(rows.scalars())


def forms(node: Node, segments: Mapping[str, Node], look: Look) -> Forms:
    """Return the tree's two forms: gathered in one pass, and looked up customer by customer. Both mean the same, and a property test holds them equal."""
    sweep = compile_sweep(node, look.ground, segments, customers=look.of_customer)
    return sweep, compile_node(node, look.ground, card=False, segments=segments)


async def cheaper(unit: Unit, look: Look, frame: Frame, either: Forms) -> Statement:
    """Return the form to ask by: of a tree for which an index leads to few customers the one that looks them up, else the one that gathers."""
    await make_room(unit)
    gathering, lookup = (statement_of(look, frame, form) for form in either)
    plan = document(await unit.scalar(f"explain (format json) {lookup.sql}", **lookup.values))
    return lookup if leads_to_few(plan[0]["Plan"]) else gathering


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
    compiler = Compiler(ground, ground.binds(), segments=segments)
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
