"""Many customers with cards and visits, written straight into the tables: what a plan run reads, at any size, in seconds."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from backend.bench.salons import Size, found_salon
from backend.bench.stage import Database
from tasks.flow.record_books import record_books
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import CardProductIn
from tasks.ledger.states import CardKind

EVERY: Final = 5
"""One customer in so many has a card that runs low."""
PART: Final = 100_000
"""Customers per transaction."""
SHOPS: Final = 5_000
"""Customers per store."""
HANDS: Final = 10
"""Staff per store."""

_CROWD: Final = """
create temporary table crowd on commit drop as
select i as no, new_uuid7() as id, i % array_length(s.ids, 1) as store_no, s.ids[1 + i % array_length(s.ids, 1)] as store_id
from generate_series(cast(:first as int), cast(:last as int)) i,
     (select array_agg(id order by id) as ids from store where merchant_id = :merchant) s
"""
_CARDS: Final = """
create temporary table wallet on commit drop as
select new_uuid7() as id, c.no, c.id as customer_id, c.store_id, case when c.no % :low = 0 then 30000 else 200000 end as left_cents
from crowd c where c.no % :every in (0, 1)
"""
_ROWS: Final = (
    # Sealed bytes are as long as real ones; nothing here opens them.
    """insert into customer (merchant_id, id, external_index, sealed, salt, home_store_id, customer_since_on, created_at)
       select :merchant, id, gen_random_uuid(), decode(repeat(md5(no::text), 4), 'hex'), decode(md5(id::text), 'hex'), store_id,
         cast(:today as date) - 400, :now from crowd order by id""",
    # Of those with a low card 3 % refuse contact, 5 % have booked, 10 % were contacted three days ago.
    """insert into customer_contact_state (merchant_id, customer_id, no_contact_at)
       select :merchant, id, case when no / :every % 33 = 0 then cast(:now as timestamptz) end from crowd order by id""",
    """insert into customer_facts (merchant_id, customer_id, first_visit_on, last_visit_on, visit_count, spend_cash_cents, purchase_count)
       select :merchant, id, cast(:today as date) - 400, cast(:today as date) - 20, 2, 50000, 2 from crowd order by id""",
    """insert into contact_point (merchant_id, id, customer_id, value_index, sealed, created_at)
       select :merchant, new_uuid7(), id, gen_random_uuid(), decode(repeat(md5(no::text), 3), 'hex'), :now from crowd order by id""",
    """insert into customer_staff (merchant_id, id, customer_id, staff_id, from_on)
       select :merchant, new_uuid7(), c.id, m.staff[1 + c.no / :every % array_length(m.staff, 1)], cast(:today as date) - 300
       from crowd c join (select store_id, array_agg(staff_id order by staff_id) as staff from membership where merchant_id = :merchant group by 1) m
         on m.store_id = c.store_id where c.no % 10 < 7 order by c.id""",
    """insert into visit (merchant_id, id, customer_id, store_id, visited_on, visited_at, served_by, recorded_at)
       select :merchant, new_uuid7(), c.id, c.store_id, cast(:today as date) - d.ago, cast(:now as timestamptz) - make_interval(days => d.ago),
         m.staff[1 + c.no / :every % array_length(m.staff, 1)], :now
       from crowd c cross join (values (400), (20)) as d(ago)
       join (select store_id, array_agg(staff_id order by staff_id) as staff from membership where merchant_id = :merchant group by 1) m
         on m.store_id = c.store_id order by d.ago desc, c.id""",
    """insert into appointment (merchant_id, id, customer_id, store_id, starts_at, starts_on, recorded_at)
       select :merchant, new_uuid7(), id, store_id, cast(:now as timestamptz) + interval '3 days', cast(:today as date) + 3, :now
       from crowd where no % (:every * 20) = 0 order by id""",
    """insert into contact (merchant_id, id, customer_id, channel, marketing, reached, contacted_at, contacted_on)
       select :merchant, new_uuid7(), id, 'phone', true, true, cast(:now as timestamptz) - interval '3 days', cast(:today as date) - 3
       from crowd where no % (:every * 10) = :every order by id""",
    """insert into card (merchant_id, id, external_id, card_product_id, customer_id, store_id, opened_on, recorded_at)
       select :merchant, w.id, w.id::text, p.id, w.customer_id, w.store_id, cast(:today as date) - 90, :now
       from wallet w, card_product p where p.merchant_id = :merchant order by w.id""",
    """insert into card_holder (merchant_id, card_id, customer_id, from_on)
       select :merchant, id, customer_id, cast(:today as date) - 90 from wallet order by id""",
    """insert into card_entry (merchant_id, id, card_id, external_id, kind, principal_cents, occurred_at, occurred_on, recorded_at)
       select :merchant, new_uuid7(), w.id, w.id::text || e.kind, e.kind, case e.kind when 'open' then 300000 else w.left_cents - 300000 end,
         cast(:now as timestamptz) - make_interval(days => e.ago), cast(:today as date) - e.ago, :now
       from wallet w cross join (values ('open', 90), ('consume', 20)) as e(kind, ago) order by e.ago desc, w.id""",
    """insert into card_facts (merchant_id, card_id, principal_cents, balance_cents, last_used_at, last_topped_up_at)
       select :merchant, id, left_cents, left_cents, cast(:now as timestamptz) - interval '20 days', cast(:now as timestamptz) - interval '90 days'
       from wallet order by id""",
)


@dataclass(frozen=True)
class Crowd:
    """How many customers, and one in how many (a multiple of five) has a card that `card_balance_low` matches; two in five have a card."""

    customers: int
    one_in: int = EVERY

    @property
    def matched(self) -> int:
        """How many cards run low."""
        return self.customers // self.one_in

    @property
    def size(self) -> Size:
        """The salon around them."""
        stores = max(1, self.customers // SHOPS)
        return Size(stores=stores, staff=stores * HANDS)


async def found_crowd(database: Database, crowd: Crowd) -> UUID:
    """A chain with its customers; returns the merchant's id."""
    merchant_id = await found_salon(database, crowd.size)
    async with database.units.open(merchant_id) as unit:
        await record_books(
            unit, "card_products", [CardProductIn(code="VALUE", name="充值卡", kind=CardKind.STORED_VALUE)]
        )
        # Room for everybody, so that the run assigns rather than gives up: about 80 tasks for each.
        await unit.run(
            "update staff set max_open = 200, max_new_weekday = 60, max_new_weekend = 60 where merchant_id = :merchant"
        )
    for first in range(1, crowd.customers + 1, PART):
        async with database.units.open(merchant_id) as unit:
            await _fill(unit, crowd, first, min(first + PART - 1, crowd.customers))
    return merchant_id


async def _fill(unit: Unit, crowd: Crowd, first: int, last: int) -> None:
    await unit.run(_CROWD, first=first, last=last)
    await unit.run(_CARDS, every=EVERY, low=crowd.one_in)
    for statement in _ROWS:
        await unit.run(statement, every=EVERY, today=unit.now.date())
