"""Every outcome mistaken for every other: after the correction the customer stands as if only the right one had been logged."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.callbacks.tables import Outcome
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.outcomes import Logs
from tests.support.rows import Ask, Made, make_plan, make_task, task_row
from tests.support.world import make_world

CLOSED = {"done", "moot"}
_STANDS = """
select s.no_phone_at is not null as no_phone, s.no_wechat_at is not null as no_wechat, s.no_contact_at is not null as no_contact,
       s.wrong_number_at is not null as wrong_number, s.complaint_at is not null as complaint, s.marketing_frozen_until is not null as frozen,
       (select count(*) from contact_point p where p.merchant_id = :merchant and p.customer_id = :customer and p.valid) as numbers,
       (select count(*) from appointment a where a.merchant_id = :merchant and a.customer_id = :customer and a.status = 'booked') as booked,
       (select count(*) from promise p where p.merchant_id = :merchant and p.customer_id = :customer and p.state = 'open') as promised,
       (select count(*) from event e where e.merchant_id = :merchant and e.customer_id = :customer and e.state <> 'withdrawn') as events,
       (select count(*) from credit k where k.merchant_id = :merchant and k.customer_id = :customer and k.revoked_at is null) as credited,
       (select count(*) from callback b where b.merchant_id = :merchant and b.customer_id = :customer and b.void_at is null and b.claim = 'pending') as claims,
       (select count(*) from task t
        where t.merchant_id = :merchant and t.customer_id = :customer and t.origin = 'recovery' and t.status = 'open') as recovering,
       (select array_agg(c.channel || ':' || c.reached) from contact c where c.merchant_id = :merchant and c.customer_id = :customer and c.human) as contacts,
       (select k.granted from consent k where k.merchant_id = :merchant and k.customer_id = :customer and k.kind = 'person'
        order by k.at desc, k.id desc limit 1) as consents,
       (select array_agg(b.outcome) from callback b where b.merchant_id = :merchant and b.customer_id = :customer and b.void_at is null) as said
from customer_contact_state s where s.merchant_id = :merchant and s.customer_id = :customer
"""


async def stands(logs: Logs, customer_id: UUID) -> dict[str, Any]:
    return await logs.one(_STANDS, customer=customer_id)


async def task_of(logs: Logs, task: Made) -> tuple[Any, ...]:
    row = await task_row(logs.world, task.task_id)
    _, _, result = await logs.reason(task)
    return row["status"], row["close_reason"], row["wait_kind"], row["attempts"], row["assignee_id"], result


@pytest.mark.parametrize("wrong", list(Outcome))
async def test_the_customer_stands_as_if_only_the_right_one_had_been_said(
    units: Units, master: MasterKey, clock: TestClock, wrong: Outcome
) -> None:
    every = list(Outcome)
    await corrects(units, master, clock, (wrong, every[every.index(wrong) % 4 :: 4]))


@pytest.mark.faults
@pytest.mark.parametrize("wrong", list(Outcome))
async def test_every_pair_of_outcomes(units: Units, master: MasterKey, clock: TestClock, wrong: Outcome) -> None:
    await corrects(units, master, clock, (wrong, list(Outcome)))


async def corrects(units: Units, master: MasterKey, clock: TestClock, pairs: tuple[Outcome, Sequence[Outcome]]) -> None:
    """One customer for whom the wrong outcome is logged and corrected, and one for whom only the right one is, for each right one."""
    wrong, rights = pairs
    await clock.set(shanghai("2026-03-02 12:00"))
    logs = Logs(await make_world(units, master, employees=1, customers=2 * len(rights)), clock)
    plan = await make_plan(logs.world)
    for number, right in enumerate(rights):
        mistaken = await make_task(logs.world, Ask(f"C{2 * number + 1}"), plan)
        straight = await make_task(logs.world, Ask(f"C{2 * number + 2}"), plan)
        first = await logs.says(mistaken, wrong.value)
        answer = await logs.says(mistaken, right.value, corrects=first.callback_id)
        await logs.says(straight, right.value)
        assert await stands(logs, mistaken.customer_id) == await stands(logs, straight.customer_id), right
        corrected, plain = await task_of(logs, mistaken), await task_of(logs, straight)
        assert answer.verdict == "applied"
        assert corrected[3:5] == plain[3:5], f"attempts and employee of {right}"
        if first.status in CLOSED:
            assert (corrected[0], corrected[2], corrected[5]) == (first.status, None, right.value), "closed for good"
        else:
            assert corrected == plain, right
