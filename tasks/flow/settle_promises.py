"""Promises and claims held against the books: when records come, and when their time is over."""

from collections.abc import Collection
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.promises.claims import verify_claims, verify_of
from tasks.promises.service import judge, settle_due

__all__ = ["follow_books", "settle_due", "verify_claims"]

_KNOWN = """
select exists (select from promise where merchant_id = :merchant and customer_id = any(cast(:customers as uuid[]))
               and state <> 'withdrawn') as promised,
       exists (select from callback where merchant_id = :merchant and customer_id = any(cast(:customers as uuid[]))
               and claim in ('pending', 'unverified')) as claimed
"""
"""Most customers have promised nothing, and of most nothing was claimed."""


async def follow_books(unit: Unit, customer_ids: Collection[UUID]) -> None:
    """Something was recorded of these customers: a promise may be kept by it, a claim verified. Called after tasks were closed, never before."""
    known = await unit.row(_KNOWN, customers=sorted(customer_ids)) if customer_ids else None
    if known and known["promised"]:
        await judge(unit, customer_ids)
    if known and known["claimed"]:
        await verify_of(unit, customer_ids)
