"""Promises and claims held against the books: when records come, and when their time is over."""

from collections.abc import Collection
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.promises.claims import verify_claims, verify_of
from tasks.promises.service import judge, settle_due

__all__ = ["follow_books", "settle_due", "verify_claims"]

_ANY = "select exists (select from promise where merchant_id = :merchant)"


async def follow_books(unit: Unit, customer_ids: Collection[UUID]) -> None:
    """Something was recorded of these customers: a promise may be kept by it, a claim verified. Called after tasks were closed, never before."""
    if customer_ids and await unit.scalar(_ANY):
        await judge(unit, customer_ids)
    await verify_of(unit, customer_ids)
