"""What employees say was bought or topped up, held against the books: one statement for many callbacks."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.promises.rules import CLAIM_DAYS, CLAIM_ENDS_DAYS

_PAID: Final = """case c.outcome
    when 'purchased' then (select sum(b.cash_cents + b.card_cents) from sale b where b.merchant_id = :merchant and b.customer_id = c.customer_id
        and b.cash_cents + b.card_cents > 0 and b.sold_on between w.day_on - cast(:around as int) and w.day_on + cast(:around as int))
    else (select sum(x.principal_cents) from card k join card_entry x on x.merchant_id = k.merchant_id and x.card_id = k.id
        and x.kind in ('open', 'top_up') and x.principal_cents > 0
        where k.merchant_id = :merchant and k.customer_id = c.customer_id
          and x.occurred_on between w.day_on - cast(:around as int) and w.day_on + cast(:around as int)) end"""
"""What the books have of the days around the contact (分): receipts above zero, or what was paid onto cards; null when there is nothing."""

_CHECK: Final = f"""
with looked as (
    select c.id, c.claim, c.outcome, c.customer_id, c.occurred_at, cast(c.fields ->> 'amountCents' as bigint) as said, w.day_on,
        {_PAID} as paid
    from callback c join task t on t.merchant_id = c.merchant_id and t.id = c.task_id
    join store s on s.merchant_id = t.merchant_id and s.id = t.store_id
    cross join lateral (select (c.occurred_at at time zone s.timezone)::date as day_on) w
    where c.merchant_id = :merchant and c.void_at is null and c.outcome in ('purchased', 'topped_up') and {{which}}),
judged as (
    select l.id, case when l.paid is not null and l.paid >= coalesce(l.said, 0) then 'verified'
        when l.occurred_at <= cast(:now as timestamptz) - make_interval(days => :ends) then 'unverified' else 'pending' end as claim
    from looked l order by l.id)
update callback c set claim = j.claim, claim_checked_at = :now
from judged j where c.merchant_id = :merchant and c.id = j.id and (c.claim is distinct from j.claim or c.claim_checked_at is null)
returning c.id, j.claim
"""
"""A claim holds when the books have at least what was said; with nothing said, anything."""

_DUE: Final = """c.id in (
    select q.id from callback q where q.merchant_id = :merchant and q.claim = 'pending' and q.void_at is null
      and (q.claim_checked_at is null or q.occurred_at <= cast(:now as timestamptz) - make_interval(days => :ends))
    order by q.id limit :limit for update skip locked)"""
_TOUCHED: Final = "c.claim in ('pending', 'unverified') and c.customer_id = any(cast(:customers as uuid[]))"

_RULES: Final[dict[str, Any]] = {"around": CLAIM_DAYS, "ends": CLAIM_ENDS_DAYS}


async def verify_claims(unit: Unit, limit: int) -> int:
    """Look at claims nobody has looked at yet, and end those whose days are over: verified, or unverified for good; returns how many were decided upon."""
    return len(await unit.rows(_CHECK.format(which=_DUE), limit=limit, **_RULES))


async def verify_of(unit: Unit, customer_ids: Collection[UUID]) -> list[UUID]:
    """Look again at the claims about customers whose books changed; late books verify one that had been given up. Returns the callbacks."""
    rows = await unit.rows(_CHECK.format(which=_TOUCHED), customers=sorted(customer_ids), **_RULES)
    return [row["id"] for row in rows]
