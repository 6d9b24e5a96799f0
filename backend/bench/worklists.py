"""Employees with lists to read: two hundred thousand tasks, most of them done, whose customers have names under real seals."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec

from backend.auth.sessions import open_session
from backend.bench.salons import Size, found_salon, name_of
from backend.bench.stage import Database
from tasks.flow.manage_plans import create_plan
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import new_salt
from tasks.kernel.unit import Unit
from tasks.people.seals import CustomerSeal, packed

PART: Final = 20_000
LIVE_EACH: Final = 40
"""Tasks an employee holds: as many as assignment gives."""
HANDS: Final = 10
"""Employees of a store."""
POOLED: Final = 24
"""Tasks of a store that nobody has taken."""

_CUSTOMERS: Final = """
insert into customer (merchant_id, id, external_index, sealed, salt, gender, source, level, home_store_id, customer_since_on, created_at)
select :merchant, u.id, gen_random_uuid(), u.sealed, u.salt, 'female', '点评', '金卡', s.ids[1 + u.no % array_length(s.ids, 1)],
       cast(:today as date) - 30, :now
from unnest(cast(:ids as uuid[]), cast(:sealed as bytea[]), cast(:salts as bytea[]), cast(:numbers as int[])) as u(id, sealed, salt, no),
     (select array_agg(id order by code) as ids from store where merchant_id = :merchant) s
"""
_BOOKS: Final = (
    """insert into customer_facts (merchant_id, customer_id, first_visit_on, last_visit_on, visit_count, spend_cash_cents, purchase_count)
       select :merchant, id, cast(:today as date) - 7, cast(:today as date) - 7, 1, 20000, 1 from customer where merchant_id = :merchant""",
    """insert into contact_point (merchant_id, id, customer_id, value_index, sealed, created_at)
       select :merchant, new_uuid7(), id, gen_random_uuid(), decode(repeat(md5(id::text), 3), 'hex'), :now from customer where merchant_id = :merchant""",
    # Forty live tasks for each employee, two dozen in each store's pool; the others were done over the last months.
    """insert into task (merchant_id, id, store_id, customer_id, assignee_id, origin, status, priority, value_cents, opens_at, opens_on, contact_from,
                         due_at, expires_at, attempts, closed_at, close_reason, created_at)
       select :merchant, new_uuid7(), m.store_id, c.id, case when c.n <= :pooled then null else m.staff_id end, 'plan',
         case when c.n <= :live then 'open' else 'done' end, 400 + (c.n % 200), c.n % 5 * 10000, cast(:now as timestamptz) - interval '2 days',
         cast(:today as date) - 2, cast(:now as timestamptz) - interval '2 days', cast(:now as timestamptz) + make_interval(hours => (c.n % 90)::int - 20),
         cast(:now as timestamptz) + interval '5 days', c.n % 3,
         case when c.n > :live then cast(:now as timestamptz) - make_interval(mins => (c.n - :live)::int) end,
         case when c.n > :live then 'callback' end, cast(:now as timestamptz) - interval '2 days'
       from (select id, row_number() over (order by id) as n from customer where merchant_id = :merchant) c
       join (select staff_id, store_id, row_number() over (order by staff_id) - 1 as k from membership where merchant_id = :merchant) m
         on m.k = c.n % :hands""",
    """insert into enrolment (merchant_id, id, plan_id, version_id, scope_id, entry_key, customer_id, state, fire_at, fires_on, created_at)
       select :merchant, t.id, p.id, p.version_id, t.customer_id, t.id::text, t.customer_id, 'active', t.opens_at, t.opens_on, t.created_at
       from task t, plan p where t.merchant_id = :merchant and p.merchant_id = :merchant""",
    """insert into task_reason (merchant_id, id, task_id, plan_id, version_id, enrolment_id, priority, state, closed_at, created_at)
       select :merchant, new_uuid7(), t.id, p.id, p.version_id, t.id, t.priority, case when t.closed_at is null then 'live' else 'closed' end, t.closed_at,
         t.created_at from task t, plan p where t.merchant_id = :merchant and p.merchant_id = :merchant""",
)


@dataclass(frozen=True)
class Looker:
    """An employee: who they are, where, and the token that reads the list."""

    staff_id: UUID
    store_id: UUID
    token: str


async def found_worklists(database: Database, tasks: int, lookers: int) -> tuple[UUID, list[Looker]]:
    """A chain with so many tasks; returns the merchant and some of its employees, logged in."""
    stores = max(2, tasks // (2_500 * 2))
    hands = stores * HANDS
    merchant_id = await found_salon(database, Size(stores=stores, staff=hands, products=2))
    async with database.units.open(merchant_id) as unit:
        await create_plan(unit, "second_visit", None)
    for first in range(0, tasks, PART):
        async with database.units.open(merchant_id) as unit:
            await _customers(unit, range(first, min(first + PART, tasks)))
    pooled = stores * POOLED
    sizes = {"pooled": pooled, "hands": hands, "live": hands * LIVE_EACH + pooled}
    async with database.units.open(merchant_id) as unit:
        for statement in _BOOKS:
            await unit.run(statement, today=unit.now.date(), **sizes)
    return merchant_id, await _log_in(database, merchant_id, lookers)


async def _customers(unit: Unit, numbers: range) -> None:
    ids, salts, seals = [new_id() for _ in numbers], [new_salt() for _ in numbers], []
    for number, ident, salt in zip(numbers, ids, salts, strict=True):
        seals.append(unit.vault.seal(salt, ident, packed(CustomerSeal(name=name_of(number)))))
    await unit.run(_CUSTOMERS, ids=ids, salts=salts, sealed=seals, numbers=list(numbers), today=unit.now.date())


async def _log_in(database: Database, merchant_id: UUID, many: int) -> list[Looker]:
    async with database.units.open(merchant_id) as unit:
        rows = await unit.rows(
            "select staff_id, store_id from membership where merchant_id = :merchant order by md5(staff_id::text) limit :many",
            many=many,
        )
        return [
            Looker(
                row["staff_id"],
                row["store_id"],
                (await open_session(unit, database.master, row["staff_id"], "bench")).access_token,
            )
            for row in rows
        ]


class Page(msgspec.Struct):
    """What two servers must agree on."""

    items: list[dict[str, object]]
    counts: dict[str, int]
