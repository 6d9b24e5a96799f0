"""`customer_facts` and `card_facts`: what the ledger rows add up to, for the customers and cards a record touched.

A new row only ever adds to sums, counts, firsts, lasts and highest, so receipts and visits that are new are added to the facts (`grow`); whatever
replaces something or takes it away has the customer counted anew. A property test holds both equal.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.ledger.bulk import Shape, incoming
from tasks.ledger.growth import Growth
from tasks.ledger.points import POINTS
from tasks.ledger.touched import touch

CHUNK = 5000

_CUSTOMER_FACTS = f"""
with ids as (select id from unnest(cast(:ids as uuid[])) as u(id)),
spent as (
  select s.customer_id, sum(s.cash_cents)::bigint cash, sum(s.card_cents)::bigint card,
         count(*) filter (where s.cash_cents + s.card_cents > 0)::int purchases,
         min(s.sold_at) filter (where s.cash_cents + s.card_cents > 0) first_at,
         max(s.sold_at) filter (where s.cash_cents + s.card_cents > 0) last_at,
         coalesce(max(s.cash_cents + s.card_cents) filter (where s.cash_cents + s.card_cents > 0), 0) highest
  from sale s where s.merchant_id = :merchant and s.customer_id = any(cast(:ids as uuid[])) group by s.customer_id),
came as (
  select v.customer_id, min(v.visited_on) first_on, max(v.visited_on) last_on, count(*)::int visits
  from visit v where v.merchant_id = :merchant and v.customer_id = any(cast(:ids as uuid[])) group by v.customer_id),
held as (
  select c.customer_id, count(*)::int cards, sum(f.principal_cents)::bigint principal, sum(f.gift_cents)::bigint gift, sum(f.uses_left)::int uses
  from card c join card_facts f on f.merchant_id = c.merchant_id and f.card_id = c.id and f.status = 'open'
  where c.merchant_id = :merchant and c.customer_id = any(cast(:ids as uuid[])) group by c.customer_id),
{POINTS},
said as (
  select ids.id customer_id, came.first_on first_visit_on, came.last_on last_visit_on, coalesce(came.visits, 0) visit_count,
         coalesce(spent.cash, 0) spend_cash_cents, coalesce(spent.card, 0) spend_card_cents, coalesce(spent.purchases, 0) purchase_count,
         spent.first_at first_purchase_at, spent.last_at last_purchase_at, coalesce(spent.highest, 0) highest_payment_cents,
         coalesce(held.cards, 0) card_count, coalesce(held.principal, 0) card_principal_cents, coalesce(held.gift, 0) card_gift_cents,
         coalesce(held.uses, 0) card_uses_left, coalesce(pointed.points, 0) points
  from ids left join spent on spent.customer_id = ids.id left join came on came.customer_id = ids.id left join held on held.customer_id = ids.id
    left join pointed on pointed.customer_id = ids.id)
"""
_CUSTOMER_COLUMNS = (
    "first_visit_on",
    "last_visit_on",
    "visit_count",
    "spend_cash_cents",
    "spend_card_cents",
    "purchase_count",
    "first_purchase_at",
    "last_purchase_at",
    "highest_payment_cents",
    "card_count",
    "card_principal_cents",
    "card_gift_cents",
    "card_uses_left",
    "points",
)
_CARD_FACTS = """
with ids as (select id from unnest(cast(:ids as uuid[])) as u(id)),
said as (
  select ids.id card_id, case when bool_or(e.kind = 'close') then 'closed' else 'open' end status,
         coalesce(sum(e.principal_cents), 0)::bigint principal_cents, coalesce(sum(e.gift_cents), 0)::bigint gift_cents,
         coalesce(sum(e.principal_cents + e.gift_cents), 0)::bigint balance_cents, coalesce(sum(e.uses), 0)::int uses_left,
         (array_agg(e.expires_on order by e.occurred_at desc, e.external_id desc) filter (where e.expires_on is not null))[1] expires_on,
         coalesce((array_agg(e.frozen order by e.occurred_at desc, e.external_id desc) filter (where e.frozen is not null))[1], false) frozen,
         max(e.occurred_at) filter (where e.kind = 'consume') last_used_at,
         max(e.occurred_at) filter (where e.kind in ('open', 'top_up') and e.principal_cents + e.gift_cents > 0) last_topped_up_at
  from ids left join card_entry e on e.merchant_id = :merchant and e.card_id = ids.id group by ids.id)
"""
_CARD_COLUMNS = (
    "status",
    "principal_cents",
    "gift_cents",
    "balance_cents",
    "uses_left",
    "expires_on",
    "frozen",
    "last_used_at",
    "last_topped_up_at",
)


_GROWTH = Shape(
    "growth",
    (
        ("customer_id", "uuid"),
        ("cash", "bigint"),
        ("card", "bigint"),
        ("purchases", "int"),
        ("first_at", "timestamptz"),
        ("last_at", "timestamptz"),
        ("highest", "bigint"),
        ("visits", "int"),
        ("first_on", "date"),
        ("last_on", "date"),
    ),
)
_GROW = """
update customer_facts f set
  spend_cash_cents = f.spend_cash_cents + u.cash, spend_card_cents = f.spend_card_cents + u.card, purchase_count = f.purchase_count + u.purchases,
  first_purchase_at = least(f.first_purchase_at, u.first_at), last_purchase_at = greatest(f.last_purchase_at, u.last_at),
  highest_payment_cents = greatest(f.highest_payment_cents, u.highest), visit_count = f.visit_count + u.visits,
  first_visit_on = least(f.first_visit_on, u.first_on), last_visit_on = greatest(f.last_visit_on, u.last_on)
from {source} where f.merchant_id = :merchant and f.customer_id = u.customer_id
"""


def _update(said: str, table: str, key: str, names: Sequence[str]) -> str:
    sets = ", ".join(f"{name} = said.{name}" for name in names)
    old, new = (", ".join(f"{prefix}.{name}" for name in names) for prefix in ("f", "said"))
    return (
        f"{said} update {table} f set {sets} from said "
        f"where f.merchant_id = :merchant and f.{key} = said.{key} and ({old}) is distinct from ({new})"
    )


def _differing(said: str, table: str, key: str, names: Sequence[str]) -> str:
    old, new = (", ".join(f"{prefix}.{name}" for name in names) for prefix in ("f", "said"))
    return (
        f"{said} select said.{key} as id from said left join {table} f on f.merchant_id = :merchant and f.{key} = said.{key} "
        f"where f.{key} is null or ({old}) is distinct from ({new}) order by 1"
    )


_UPDATE_CUSTOMERS = _update(_CUSTOMER_FACTS, "customer_facts", "customer_id", _CUSTOMER_COLUMNS)
_UPDATE_CARDS = _update(_CARD_FACTS, "card_facts", "card_id", _CARD_COLUMNS)
_WRONG_CUSTOMERS = _differing(_CUSTOMER_FACTS, "customer_facts", "customer_id", _CUSTOMER_COLUMNS)
_WRONG_CARDS = _differing(_CARD_FACTS, "card_facts", "card_id", _CARD_COLUMNS)


async def lock_facts(unit: Unit, customer_ids: Iterable[UUID], *, recorded: Iterable[UUID] | None = None) -> None:
    """Lock the facts rows of the customers, in id order, until the transaction ends; `recorded` are those of whom ledger rows are written (None: all).

    Whoever records something about a customer holds it from before the first row is written, so that records of one customer take turns and each recount
    sees all of the others'.
    """
    wanted = sorted(set(customer_ids))
    if wanted:
        touch(unit, wanted if recorded is None else recorded)
        await unit.run(
            """select count(*) from (select from customer_facts where merchant_id = :merchant and customer_id = any(cast(:ids as uuid[]))
                                     order by customer_id for no key update) as held""",
            ids=wanted,
        )


async def count_customers(unit: Unit, customer_ids: Iterable[UUID]) -> None:
    """Make the facts of these customers what their ledger rows add up to. The caller holds them locked."""
    ids = sorted(set(customer_ids))
    if ids:
        await unit.run(_UPDATE_CUSTOMERS, ids=ids)


async def grow(unit: Unit, growths: Mapping[UUID, Growth]) -> None:
    """Add rows that were inserted in this transaction to the facts of their customers. The caller holds them locked."""
    if growths:
        source, values = await incoming(unit, _GROWTH, [growths[one].row(one) for one in sorted(growths)])
        await unit.run(_GROW.format(source=source), **values)


async def count_cards(unit: Unit, card_ids: Iterable[UUID]) -> None:
    """Make the facts of these cards what their entries add up to. The caller holds the customers' facts locked."""
    ids = sorted(set(card_ids))
    if ids:
        await unit.run(_UPDATE_CARDS, ids=ids)


async def rebuild_facts(unit: Unit, customer_ids: Sequence[UUID] | None = None) -> int:
    """Count the facts of these customers (None: all) and of their cards anew from the ledger rows; returns how many customers were looked at."""
    chunks = await _chunks(unit, customer_ids)
    for chunk in chunks:
        await lock_facts(unit, chunk)
        await count_cards(unit, await _cards_of(unit, chunk))
        await count_customers(unit, chunk)
    return sum(len(chunk) for chunk in chunks)


async def check_facts(unit: Unit, customer_ids: Sequence[UUID] | None = None) -> list[UUID]:
    """Return the ids of these customers (None: all) and of their cards whose facts differ from their ledger rows; none, unless something is broken."""
    wrong: list[UUID] = []
    for chunk in await _chunks(unit, customer_ids):
        wrong += [row["id"] for row in await unit.rows(_WRONG_CUSTOMERS, ids=chunk)]
        wrong += [row["id"] for row in await unit.rows(_WRONG_CARDS, ids=await _cards_of(unit, chunk))]
    return wrong


async def _chunks(unit: Unit, customer_ids: Sequence[UUID] | None) -> list[list[UUID]]:
    if customer_ids is None:
        rows = await unit.run("select id from customer where merchant_id = :merchant order by id")
        ids = list(rows.scalars())
    else:
        ids = sorted(set(customer_ids))
    return [ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK)]


async def _cards_of(unit: Unit, customer_ids: Sequence[UUID]) -> list[UUID]:
    rows = await unit.run(
        "select id from card where merchant_id = :merchant and customer_id = any(cast(:ids as uuid[]))",
        ids=list(customer_ids),
    )
    return list(rows.scalars())
