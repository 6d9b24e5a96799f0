"""What a condition asks of the books: something of the customer's own row, or something of rows elsewhere that are hers.

SQL here speaks of fixed aliases: `cu` the customer, `f` her facts, and where a card is meant `k` the card, `kf` its facts, `cp` its product. `{today}`,
`{at}`, `{until}`, `{card_facts}` and `{held}` are the ground's (tasks.audience.ground).
"""

import re
from dataclasses import dataclass, replace
from typing import Final

_HOLDERS = "card_holder h join {card_facts} kf on kf.merchant_id = h.merchant_id and kf.card_id = h.card_id"
_HEADERS = " join card k on k.merchant_id = h.merchant_id and k.id = h.card_id"
_KINDS = " join card_product cp on cp.merchant_id = k.merchant_id and cp.id = k.card_product_id"
_HEADER: Final = re.compile(r"\bk\.")
CARDS = _HOLDERS + _HEADERS + _KINDS
"""The cards of a customer; with `{held}` those she holds: reminders go to the holder (engine.md, "Generation")."""


@dataclass(frozen=True)
class Row:
    """A boolean SQL expression over the aliases, and what explain shows of it.

    Attributes:
        sql: never null, whatever is missing.
        seen: an SQL expression of type text.
        among: of a card condition, the cards it looks at; asked of any card, explain shows what it saw of these.
    """

    sql: str
    seen: str = "null::text"
    among: str = "true"


@dataclass(frozen=True)
class Some:
    """A question about rows that are the customer's: whether there are any, or what they add up to.

    Attributes:
        source: what stands after `from`.
        who, merchant: columns of `source` that say whose they are; a null `who` is nobody's.
        where: which of the rows.
        holds: an aggregate over them that is true or false and never null; None asks whether there is a row.
        empty: what `holds` is when there is no row.
        none: asks that there is no row (only without `holds`).
        seen: an aggregate of type text, which explain shows.
        among: which rows explain shows; None: those of `where`.
        finding: what stands after `from` when one customer's rows are looked up, where `source` has no way to find them; the same rows, with the same columns.
    """

    source: str
    who: str
    merchant: str
    where: str = "true"
    holds: str | None = None
    empty: bool = False
    none: bool = False
    seen: str = "count(*)::text"
    among: str | None = None
    finding: str | None = None

    def probe(self) -> str:
        """Return the expression that looks up one customer's rows."""
        rows = f"from {self.finding or self.source} where {self._hers} and {self.where}"
        if self.holds is not None:
            return f"(select {self.holds} {rows})"
        return f"{'not ' if self.none else ''}exists (select {rows})"

    def sweep(self, gathered: "Gathered", *, joined: bool) -> str:
        """Return the expression that gathers everybody's rows in one pass.

        Sums are gathered once, before the question is asked of anybody; so is everything that stands under an any or a not. What all must hold (`joined`)
        is left where the planner can join it, and drive the statement by it if few rows are meant.
        """
        mine = f"{self.merchant} = :merchant and {self.who} is not null and {self.where}"
        if joined and self.holds is None:
            if self.none:
                return f"not exists (select from {self.source} where {mine} and {self.who} = cu.id)"
            return f"cu.id in (select {self.who} from {self.source} where {mine})"
        name = gathered.add(f"select {self.who} as id from {self.source} where {mine} {self._grouped}")
        if not (self.none or (self.holds is not None and self.empty)):
            return f"cu.id in (select {name}.id from {name})"
        if joined:
            return f"not exists (select from {name} where {name}.id = cu.id)"
        return f"cu.id not in (select {name}.id from {name})"

    @property
    def _grouped(self) -> str:
        if self.holds is None:
            return ""
        return f"group by {self.who} having {f'not ({self.holds})' if self.empty else self.holds}"

    def look(self) -> str:
        """Return the expression for what explain shows."""
        return (
            f"(select {self.seen} from {self.finding or self.source} where {self._hers} and {self.among or self.where})"
        )

    @property
    def _hers(self) -> str:
        return f"{self.merchant} = cu.merchant_id and {self.who} = cu.id"


Asked = Row | Some


def cards_for(*asked: str) -> str:
    """Return a customer's cards with as many tables as the expressions speak of: the header `k` and the product `cp` are joined when they are asked."""
    kinds = any("cp." in one for one in asked)
    headers = kinds or any(_HEADER.search(one) for one in asked)
    return _HOLDERS + (_HEADERS if headers else "") + (_KINDS if kinds else "")


def of_any_card(row: Row) -> Some:
    """Return the question whether the customer holds a card of which `row` is true; shows what it saw of her cards."""
    cards = Some(cards_for(row.sql), "h.customer_id", "h.merchant_id", f"{{held}} and {row.sql}", finding=CARDS)
    return replace(cards, seen=f"string_agg({row.seen}, ', ')", among=f"{{held}} and {row.among}")


class Gathered:
    """What a sweep gathers before it looks at anybody: named queries, each run once, whatever the tree does with it."""

    def __init__(self) -> None:
        self.queries: dict[str, str] = {}

    def add(self, query: str) -> str:
        """Return the name of a query; the same one is gathered once."""
        known = next((name for name, one in self.queries.items() if one == query), None)
        name = known or f"g{len(self.queries)}"
        self.queries[name] = query
        return name

    def sql(self) -> str:
        """Return what stands before the statement."""
        parts = ", ".join(f"{name} as materialized ({query})" for name, query in self.queries.items())
        return f"with {parts} " if parts else ""


def sql_of(asked: Asked, gathered: Gathered | None, *, joined: bool) -> str:
    """Return the boolean expression of a question; with `gathered`, as a sweep; `joined` says that all of the tree asks it."""
    if isinstance(asked, Row):
        return f"({asked.sql})"
    return f"({asked.sweep(gathered, joined=joined) if gathered is not None else asked.probe()})"


def seen_of(asked: Asked) -> str:
    """Return the text expression of what a question looked at."""
    return asked.seen if isinstance(asked, Row) else asked.look()
