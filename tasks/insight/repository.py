"""Every look-up and mark around the computations: rules, runs, due marks, slices, birthdays that a POS made up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.insight.rules import Cuts, InsightRulesIn, read_rules, store_rules
from tasks.insight.states import Reason
from tasks.insight.tiers import Outcome
from tasks.insight.whom import Today, Whom, today_in
from tasks.kernel.errors import FlowError
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.people.followed import FOLLOWABLE

KEPT_RUNS: Final = 400
"""Runs that are kept, newest first."""
SHARED_AT_LEAST: Final = 20
"""Customers who share a birthday before it can be one that a POS made up."""
SHARED_PERCENT: Final = 1
"""Percent of the customers with a birthday, which they must exceed."""

_STANDING: Final = """
select i.rules as wanted, coalesce(i.etag, 0) as etag, r.rules as judged, r.cuts, m.timezone,
  array(select distinct s.timezone from store s where s.merchant_id = m.merchant_id) as zones
from merchant m left join insight_rules i on i.merchant_id = m.merchant_id
left join lateral (
  select rules, cuts from insight_run x where x.merchant_id = m.merchant_id order by x.computed_on desc, x.id desc limit 1) r on true
where m.merchant_id = :merchant
"""
_BIRTHDAYS: Final = f"""
with shared as (
  select birthday_on from (
    select cu.birthday_on, count(*) as n, sum(count(*)) over () as everybody
    from customer cu where cu.merchant_id = :merchant and {FOLLOWABLE} and cu.birthday_on is not null group by cu.birthday_on) b
  where n >= :at_least and n * 100 > everybody * :percent),
gone as (delete from birthday_default d where d.merchant_id = :merchant and d.birthday_on not in (select birthday_on from shared))
insert into birthday_default (merchant_id, birthday_on) select :merchant, birthday_on from shared on conflict do nothing
"""
_PUT: Final = """
insert into insight_rules as i (merchant_id, rules, etag, changed_at) values (:merchant, cast(:rules as jsonb), 1, :now)
on conflict (merchant_id) do update set rules = excluded.rules, etag = i.etag + 1, changed_at = :now
where cast(:seen as bigint) is null or i.etag = cast(:seen as bigint) returning etag
"""


class InsightRulesChanged(FlowError):
    """Somebody changed the rules after they were read."""

    code = "insight-rules-changed"
    status = 412
    zh = "客户价值规则已被修改，请刷新后重试"
    en = "The rules of customer value were changed meanwhile; refresh and try again"


@dataclass(frozen=True)
class Standing:
    """The merchant's rules, the version of them, the rules and cuts of its last computation (None before the first), and the day it is."""

    wanted: InsightRulesIn
    etag: int
    judged: InsightRulesIn | None
    cuts: Cuts | None
    today: Today


class LastRun(msgspec.Struct, frozen=True, rename="camel"):
    """The last computation over everybody: its local day, when it was done, how many customers it looked at and how many movements it found."""

    computed_on: date
    finished_at: datetime
    customers: int
    moved: int


async def standing(unit: Unit) -> Standing:
    """Return by what the merchant's customers are judged."""
    row = await unit.row(_STANDING)
    assert row is not None  # noqa: S101  # the unit is open for it
    ran = row["judged"] is not None
    return Standing(
        read_rules(row["wanted"]),
        row["etag"],
        read_rules(row["judged"]) if ran else None,
        msgspec.convert(row["cuts"], Cuts) if ran else None,
        today_in(unit.now, row["timezone"], row["zones"]),
    )


async def put_rules(unit: Unit, rules: InsightRulesIn, seen: int | None) -> int:
    """Store the rules and return their version; `seen` is the version the caller read, 0 for the defaults. Raises `InsightRulesChanged`."""
    if seen:
        known = await unit.scalar("select etag from insight_rules where merchant_id = :merchant for update")
        if known != seen:
            raise InsightRulesChanged
    etag = await unit.scalar(_PUT, rules=msgspec.json.encode(store_rules(rules)).decode(), seen=seen)
    if etag is None:
        raise InsightRulesChanged
    return int(etag)


async def mark(unit: Unit, reason: Reason) -> None:
    """Note that everybody must be computed anew; a row of its own, so that nobody waits for another."""
    await unit.run(
        "insert into insight_due (merchant_id, id, reason, marked_at) values (:merchant, :id, :reason, :now)",
        id=new_id(),
        reason=reason,
    )


async def marks(unit: Unit) -> list[UUID]:
    """Return the marks there are."""
    rows = await unit.run("select id from insight_due where merchant_id = :merchant order by id")
    return list(rows.scalars())


async def is_marked(unit: Unit) -> bool:
    """True when there is a mark."""
    found: bool = await unit.scalar("select exists (select from insight_due where merchant_id = :merchant)")
    return found


async def unmark(unit: Unit, ids: Sequence[UUID]) -> None:
    """Take away marks whose computation is done; later ones stay."""
    await unit.run(
        "delete from insight_due where merchant_id = :merchant and id = any(cast(:ids as uuid[]))", ids=list(ids)
    )


async def begin_run(unit: Unit, computed_on: date, rules: InsightRulesIn, cuts: Cuts) -> UUID:
    """Write the run, by whose rules and cuts customers are judged from now on; returns its id."""
    run_id = new_id()
    await unit.run(
        """insert into insight_run (merchant_id, id, computed_on, rules, cuts, finished_at)
           values (:merchant, :id, :computed_on, cast(:rules as jsonb), cast(:cuts as jsonb), :now)""",
        id=run_id,
        computed_on=computed_on,
        rules=msgspec.json.encode(store_rules(rules)).decode(),
        cuts=msgspec.json.encode(cuts).decode(),
    )
    return run_id


async def end_run(unit: Unit, run_id: UUID, outcome: Outcome) -> None:
    """Note what the run found, and forget runs of long ago."""
    await unit.run(
        "update insight_run set customers = :customers, moved = :moved, finished_at = :now where merchant_id = :merchant and id = :id",
        id=run_id,
        customers=outcome.customers,
        moved=outcome.moved,
    )
    await unit.run(
        """delete from insight_run where merchant_id = :merchant and id in (
             select id from insight_run where merchant_id = :merchant order by computed_on desc, id desc offset :kept)""",
        kept=KEPT_RUNS,
    )


async def last_run(unit: Unit) -> LastRun | None:
    """Return the last computation, None before the first."""
    rows = await unit.structs(
        LastRun,
        """select computed_on, finished_at, customers, moved from insight_run
           where merchant_id = :merchant order by computed_on desc, id desc limit 1""",
    )
    return rows[0] if rows else None


async def lock(unit: Unit, whom: Whom) -> None:
    """Lock the facts of these customers in id order: whoever records something of them takes turns with the computation (tasks.ledger.facts)."""
    await unit.run(
        f"""select count(*) from (select from customer_facts f where f.merchant_id = :merchant and {whom.of("f.customer_id")}
            order by f.customer_id for no key update) locked""",
        **whom.values,
    )


async def slices(unit: Unit, size: int) -> list[Whom]:
    """Return everybody in ranges of `size` ids; the last has no end, so that who comes meanwhile is in it."""
    rows = await unit.rows(
        """select id from (select id, row_number() over (order by id) as n from customer where merchant_id = :merchant) numbered
           where n % cast(:size as int) = 0 order by id""",
        size=size,
    )
    ends = [row["id"] for row in rows]
    return [Whom(after=after, until=until) for after, until in zip([None, *ends], [*ends, None], strict=True)]


async def alone(unit: Unit) -> bool:
    """True when nobody else computes this merchant at this moment; holds until the transaction ends."""
    found: bool = await unit.scalar(
        "select pg_try_advisory_xact_lock(('x' || left(md5('insight:' || cast(cast(:merchant as uuid) as text)), 16))::bit(64)::bigint)"
    )
    return found


async def find_made_up_birthdays(unit: Unit) -> None:
    """Keep the birthdays that more than a percent of the customers with one share, and at least twenty: a POS made them up."""
    await unit.run(_BIRTHDAYS, at_least=SHARED_AT_LEAST, percent=SHARED_PERCENT)
