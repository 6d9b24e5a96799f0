"""The queries over promises. One predicate says whether a promise was kept: on live books, on late ones, and when its time is over."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.promises.tables import HalfDay
from tasks.promises.terms import Term

_UNTIL: Final = "coalesce(p.until_on, p.promised_on)"

CAME: Final = f"""(
    exists (select from visit v where v.merchant_id = :merchant and v.customer_id = p.customer_id
            and v.visited_at > p.made_at and v.visited_on <= {_UNTIL})
    or exists (select from sale b where b.merchant_id = :merchant and b.customer_id = p.customer_id
            and b.sold_at > p.made_at and b.sold_on <= {_UNTIL} and b.cash_cents + b.card_cents > 0)
    or exists (select from card k join card_entry x on x.merchant_id = k.merchant_id and x.card_id = k.id and x.kind in ('consume', 'top_up')
            where k.merchant_id = :merchant and k.customer_id = p.customer_id and x.occurred_at > p.made_at and x.occurred_on <= {_UNTIL}))"""
"""Over `p` (promise): she came, bought or used her card after she said so, until the last day that keeps it; in whichever store of the merchant."""


HALVES: Final = {"morning": HalfDay.MORNING.value, "afternoon": HalfDay.AFTERNOON.value}
"""The half of a day as it is said, and as it is kept."""


class Promised(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer said: the store-local day, the half of it when she named one (`morning`, `afternoon`), to whom, when, in which callback of which task."""

    customer_id: UUID
    store_id: UUID
    staff_id: UUID
    promised_on: date
    made_at: datetime
    half_day: str | None = None
    task_id: UUID | None = None
    callback_id: UUID | None = None


async def insert_promise(unit: Unit, said: Promised, term: Term) -> UUID:
    """Write the promise; returns its id."""
    promise_id = new_id()
    await unit.run(
        "insert into promise (merchant_id, id, customer_id, store_id, staff_id, task_id, callback_id, promised_on, half_day, made_at, until_on, settle_at) "
        "values (:merchant, :id, :customer, :store, :staff, :task, :callback, :on, :half, :made, :until, :settle)",
        id=promise_id, customer=said.customer_id, store=said.store_id, staff=said.staff_id, task=said.task_id, callback=said.callback_id,
        on=said.promised_on, half=HALVES[said.half_day] if said.half_day else None, made=said.made_at, until=term.until_on, settle=term.settle_at,
    )  # fmt: skip
    return promise_id


_REPLACE: Final = f"""
update promise p set state = 'withdrawn', settled_at = :now
from store s
where p.merchant_id = :merchant and p.customer_id = :customer and p.state = 'open' and p.made_at <= :made
  and s.merchant_id = :merchant and s.id = p.store_id and {_UNTIL} >= (cast(:made as timestamptz) at time zone s.timezone)::date
"""


async def replace_open(unit: Unit, customer_id: UUID, made_at: datetime) -> None:
    """Withdraw what she promised before and could still have kept: another day takes its place."""
    await unit.run(_REPLACE, customer=customer_id, made=made_at)


_JUDGE: Final = f"""
with judged as (
    select p.id from promise p
    where p.merchant_id = :merchant and p.customer_id = any(cast(:customers as uuid[]))
      and case p.state when 'kept' then not {CAME} when 'withdrawn' then false else {CAME} end
    order by p.id for update of p)
update promise p set state = case p.state when 'kept' then 'open' else 'kept' end,
    settled_at = case when p.state <> 'kept' then cast(:now as timestamptz) end
from judged j where p.merchant_id = :merchant and p.id = j.id
returning p.id, p.state = 'kept' as kept, p.recovery_task_id
"""


class Judged(msgspec.Struct, frozen=True):
    """A promise that is kept after all, or open again."""

    id: UUID
    kept: bool
    recovery_task_id: UUID | None


async def judge(unit: Unit, customer_ids: Collection[UUID]) -> list[Judged]:
    """Hold the promises of these customers against the books; returns those whose state changed.

    An open or broken one that was kept after all is kept; one that was kept by a record that is gone is open again, and settled by the sweep.
    """
    return await unit.structs(Judged, _JUDGE, customers=sorted(customer_ids))


_DUE: Final = "select id, customer_id from promise where merchant_id = :merchant and state = 'open' and settle_at <= :now order by id limit :limit"


async def due_customers(unit: Unit, limit: int) -> list[UUID]:
    """Return the customers of promises whose time is over; nothing is locked."""
    return sorted({row["customer_id"] for row in await unit.rows(_DUE, limit=limit)})


class Due(msgspec.Struct, frozen=True):
    """A promise whose time is over, locked. `came` says that it was kept."""

    id: UUID
    customer_id: UUID
    store_id: UUID
    staff_id: UUID
    task_id: UUID | None
    promised_on: date
    until_on: date
    settle_at: datetime
    came: bool


_LOCKED: Final = f"""
select p.id, p.customer_id, p.store_id, p.staff_id, p.task_id, p.promised_on, {_UNTIL} as until_on, p.settle_at, {CAME} as came
from promise p where p.merchant_id = :merchant and p.state = 'open' and p.settle_at <= :now and p.customer_id = any(cast(:customers as uuid[]))
order by p.id for update of p skip locked
"""


async def lock_due(unit: Unit, customer_ids: Sequence[UUID]) -> list[Due]:
    """Lock what is still due of these customers, in id order; the caller holds their contact states."""
    return await unit.structs(Due, _LOCKED, customers=list(customer_ids))


async def put_off(unit: Unit, promise_id: UUID, term: Term) -> None:
    """The store has been closed meanwhile: the clock stopped."""
    await unit.run(
        "update promise set until_on = :until, settle_at = :settle where merchant_id = :merchant and id = :id",
        id=promise_id, until=term.until_on, settle=term.settle_at,
    )  # fmt: skip


async def settle(unit: Unit, promise_id: UUID, state: str, recovery_task_id: UUID | None) -> None:
    """Write what became of a locked promise, and the task it led to; the task of an earlier look stays."""
    await unit.run(
        "update promise set state = :state, settled_at = :now, recovery_task_id = coalesce(recovery_task_id, cast(:task as uuid)) "
        "where merchant_id = :merchant and id = :id",
        id=promise_id, state=state, task=recovery_task_id,
    )  # fmt: skip


class Kept(msgspec.Struct, frozen=True):
    """The settled promises of one customer."""

    customer_id: UUID
    kept: int
    settled: int


async def count_kept(unit: Unit, customer_ids: Collection[UUID]) -> list[Kept]:
    """Return how many of their promises these customers kept; who has none settled is absent."""
    return await unit.structs(
        Kept,
        "select customer_id, count(*) filter (where state = 'kept') as kept, count(*) as settled from promise "
        "where merchant_id = :merchant and customer_id = any(cast(:customers as uuid[])) and state in ('kept', 'broken') group by customer_id",
        customers=sorted(customer_ids),
    )  # fmt: skip


class OfCallback(msgspec.Struct, frozen=True):
    """A promise of a callback, with the recovery task that it led to."""

    id: UUID
    recovery_task_id: UUID | None


async def of_callback(unit: Unit, callback_id: UUID) -> list[OfCallback]:
    """Return what was promised in a callback and counts."""
    return await unit.structs(
        OfCallback,
        "select id, recovery_task_id from promise where merchant_id = :merchant and callback_id = :callback and state <> 'withdrawn' order by id",
        callback=callback_id,
    )  # fmt: skip


async def withdraw_promises(unit: Unit, promise_ids: Sequence[UUID]) -> None:
    """They count for nothing any more."""
    await unit.run(
        "update promise set state = 'withdrawn', settled_at = :now where merchant_id = :merchant and id = any(cast(:ids as uuid[]))",
        ids=list(promise_ids),
    )
