"""Customers with whole lives: profiles, receipts, visits, cards, contacts, appointments, tags and events, written straight into the tables."""

from typing import Final
from uuid import UUID

from backend.bench.salons import Size, found_salon
from backend.bench.stage import Database
from tasks.flow.record_books import record_books
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import CardProductIn
from tasks.ledger.states import CardKind

PART: Final = 50_000
"""Customers per transaction."""
SHOPS: Final = 20_000
"""Customers per store."""
DAYS: Final = 720
"""How long the books go back."""
TAGS: Final = 12
_LEVELS: Final = ("silver", "gold", "platinum", "diamond")
_SOURCES: Final = ("dianping", "meituan", "douyin", "xiaohongshu", "referral", "walk_in")

_CROWD: Final = """
create temporary table crowd on commit drop as
select i as no, new_uuid7() as id, s.ids[1 + i % array_length(s.ids, 1)] as store_id, m.staff[1 + i % array_length(m.staff, 1)] as staff_id,
    (i * cast(7919 as bigint) % 997)::int as luck
from generate_series(cast(:first as int), cast(:last as int)) i
cross join (select array_agg(id order by id) as ids from store where merchant_id = :merchant) s
cross join (select array_agg(id order by id) as staff from staff where merchant_id = :merchant) m
"""
_RECEIPTS: Final = """
create temporary table receipt on commit drop as
select new_uuid7() as id, c.no, c.id as customer_id, c.store_id, c.staff_id, n.k, p.products[1 + (c.no + n.k * 3) % array_length(p.products, 1)] as product_id,
    (c.no + n.k * 3) % 2 = 0 as service, (c.no * 31 + n.k * 97 + c.luck) % :days as ago, 5000 + (c.no * 13 + n.k * 7001) % 60000 as cents,
    (c.no + n.k) % 3 = 0 as by_card
from crowd c cross join lateral generate_series(1, 1 + c.luck % 5) as n(k)
cross join (select array_agg(id order by length(code), code) as products from product where merchant_id = :merchant) p
"""
_WALLET: Final = """
create temporary table wallet on commit drop as
select new_uuid7() as id, c.no, c.id as customer_id, c.store_id, c.luck, p.id as product_id, p.kind
from crowd c join card_product p on p.merchant_id = :merchant and p.code = case when c.no % 10 < 3 then 'VALUE' else 'TIMES' end
where c.no % 10 < 5
"""
_ROWS: Final = (
    """insert into customer (merchant_id, id, external_index, sealed, salt, gender, birthday_on, birthday_kind, source, level, home_store_id,
         customer_since_on, created_at)
       select :merchant, id, gen_random_uuid(), decode(repeat(md5(no::text), 4), 'hex'), decode(md5(id::text), 'hex'),
         case when luck % 10 < 7 then 'female' when luck % 10 < 9 then 'male' end,
         case when luck % 5 > 0 then date '1960-01-01' + (no * 37 % 16000) end, case when luck % 10 = 3 then 'lunar' else 'solar' end,
         (cast(:sources as text[]))[1 + no % 6], case when luck % 5 < 3 then (cast(:levels as text[]))[1 + no % 4] end, store_id,
         cast(:today as date) - (luck * 2 + 1), :now from crowd order by id""",
    """insert into customer_contact_state (merchant_id, customer_id, no_contact_at)
       select :merchant, id, case when no % 50 = 0 then cast(:now as timestamptz) end from crowd order by id""",
    """insert into sale (merchant_id, id, external_id, store_id, customer_id, sold_at, sold_on, cash_cents, card_cents, recorded_at)
       select :merchant, id, id::text, store_id, customer_id, cast(:now as timestamptz) - make_interval(days => ago), cast(:today as date) - ago,
         case when by_card then 0 else cents end, case when by_card then cents else 0 end, :now from receipt""",
    """insert into sale_line (merchant_id, sale_id, line_no, product_id, quantity, cash_cents, card_cents, staff_id)
       select :merchant, id, 1, product_id, 1, case when by_card then 0 else cents end, case when by_card then cents else 0 end, staff_id from receipt""",
    """insert into visit (merchant_id, id, customer_id, store_id, visited_on, visited_at, served_by, product_id, recorded_at)
       select :merchant, new_uuid7(), customer_id, store_id, cast(:today as date) - ago, cast(:now as timestamptz) - make_interval(days => ago), staff_id,
         product_id, :now from receipt where service on conflict do nothing""",
    """insert into event (merchant_id, id, source, type, customer_id, store_id, ledger_kind, ledger_id, historic, occurred_at, received_at)
       select :merchant, new_uuid7(), 'huifang:ledger', 'purchase', customer_id, store_id, 'sale', id, true,
         cast(:now as timestamptz) - make_interval(days => ago), :now from receipt""",
    """insert into event (merchant_id, id, source, external_id, type, customer_id, store_id, historic, occurred_at, received_at)
       select :merchant, id, 'bench', id::text, 'voucher_redeemed', id, store_id, true, cast(:now as timestamptz) - make_interval(days => luck % 300), :now
       from crowd where no % 5 = 0""",
    """insert into event_field (merchant_id, event_id, name, text_value, number_milli)
       select :merchant, c.id, f.name, case f.name when 'platform' then (array['meituan', 'douyin'])[1 + c.no % 2] end,
         case f.name when 'priceCents' then (c.luck * 100)::bigint * 1000 end
       from crowd c cross join (values ('platform'), ('priceCents')) as f(name) where c.no % 5 = 0""",
    """insert into contact_point (merchant_id, id, customer_id, kind, value_index, sealed, held_by, created_at)
       select :merchant, new_uuid7(), c.id, k.kind, gen_random_uuid(), decode(repeat(md5(c.no::text), 3), 'hex'),
         case when k.kind = 'wechat' then c.staff_id end, :now
       from crowd c cross join (values ('phone'), ('wechat')) as k(kind) where k.kind = 'phone' or c.no % 3 = 0""",
    """insert into consent (merchant_id, id, customer_id, kind, granted, source, at)
       select :merchant, new_uuid7(), id, 'person', true, 'bench', :now from crowd""",
    """insert into customer_staff (merchant_id, id, customer_id, staff_id, from_on)
       select :merchant, new_uuid7(), id, staff_id, cast(:today as date) - 300 from crowd where no % 10 < 7""",
    """insert into contact (merchant_id, id, customer_id, staff_id, channel, marketing, reached, contacted_at, contacted_on)
       select :merchant, new_uuid7(), c.id, c.staff_id, 'phone', true, (c.no + k) % 2 = 0,
         cast(:now as timestamptz) - make_interval(days => (c.luck + k * 40) % 400), cast(:today as date) - (c.luck + k * 40) % 400
       from crowd c cross join generate_series(1, 2) k where c.no % 5 < 2""",
    """insert into appointment (merchant_id, id, customer_id, store_id, starts_at, starts_on, status, recorded_at)
       select :merchant, new_uuid7(), id, store_id, cast(:now as timestamptz) + make_interval(days => 5 - luck % 90), cast(:today as date) + 5 - luck % 90,
         case when luck % 90 < 5 then 'booked' when no % 4 = 0 then 'missed' else 'arrived' end, :now from crowd where no % 5 = 1""",
    """insert into promise (merchant_id, id, customer_id, store_id, staff_id, promised_on, state, made_at, settled_at)
       select :merchant, new_uuid7(), id, store_id, staff_id, cast(:today as date) - luck % 60, case when no % 3 = 0 then 'broken' else 'kept' end, :now, :now
       from crowd where no % 25 = 2""",
    """insert into customer_tag (merchant_id, customer_id, tag_id, hand, set_at)
       select :merchant, c.id, t.tags[1 + c.no % array_length(t.tags, 1)], 'import', :now
       from crowd c cross join (select array_agg(id order by id) as tags from tag where merchant_id = :merchant) t where c.no % 2 = 0""",
    """insert into card (merchant_id, id, external_id, card_product_id, customer_id, store_id, opened_on, recorded_at)
       select :merchant, id, id::text, product_id, customer_id, store_id, cast(:today as date) - 90, :now from wallet""",
    """insert into card_holder (merchant_id, card_id, customer_id, from_on)
       select :merchant, id, customer_id, cast(:today as date) - 90 from wallet""",
    """insert into card_facts (merchant_id, card_id, principal_cents, balance_cents, uses_left, expires_on, last_used_at)
       select :merchant, id, m.cents, m.cents, case when kind = 'times' then luck % 11 else 0 end,
         cast(:today as date) + (luck % 400) - 30, cast(:now as timestamptz) - make_interval(days => luck % 300)
       from wallet cross join lateral (select (case when kind = 'times' then 0 else luck * 300 end)::bigint as cents) m""",
    """insert into point_entry (merchant_id, id, customer_id, points, expires_on, occurred_at)
       select :merchant, new_uuid7(), id, 100 + luck, cast(:today as date) + luck % 400, cast(:now as timestamptz) - make_interval(days => luck % 300)
       from crowd where no % 4 = 0""",
    """insert into customer_facts (merchant_id, customer_id, first_visit_on, last_visit_on, visit_count, spend_cash_cents, spend_card_cents,
         purchase_count, first_purchase_at, last_purchase_at, highest_payment_cents, card_count, card_principal_cents, card_uses_left, points)
       select :merchant, c.id, v.first_on, v.last_on, coalesce(v.times, 0), s.cash, s.card, s.times, s.first_at, s.last_at, s.highest,
         coalesce(k.cards, 0), coalesce(k.cents, 0), coalesce(k.uses, 0), case when c.no % 4 = 0 then 100 + c.luck else 0 end
       from crowd c
       join (select r.customer_id, sum(case when by_card then 0 else cents end) as cash, sum(case when by_card then cents else 0 end) as card,
               count(*) as times, max(cents) as highest, cast(:now as timestamptz) - make_interval(days => max(ago)) as first_at,
               cast(:now as timestamptz) - make_interval(days => min(ago)) as last_at from receipt r group by 1) s on s.customer_id = c.id
       left join (select r.customer_id, count(distinct ago) as times, cast(:today as date) - max(ago) as first_on, cast(:today as date) - min(ago) as last_on
               from receipt r where service group by 1) v on v.customer_id = c.id
       left join (select w.customer_id, count(*) as cards, sum(case when w.kind = 'times' then 0 else w.luck * 300 end) as cents,
               sum(case when w.kind = 'times' then w.luck % 11 else 0 end) as uses from wallet w group by 1) k on k.customer_id = c.id
       order by c.id""",
)


async def found_patrons(database: Database, customers: int) -> UUID:
    """A chain whose customers have lives of two years; returns the merchant's id. Statistics are the caller's to refresh."""
    merchant_id = await found_salon(database, Size(stores=max(2, customers // SHOPS), staff=max(8, customers // 2_000)))
    async with database.units.open(merchant_id) as unit:
        cards = [
            CardProductIn(code="VALUE", name="充值卡", kind=CardKind.STORED_VALUE),
            CardProductIn(code="TIMES", name="次卡", kind=CardKind.TIMES),
        ]
        await record_books(unit, "card_products", cards)
        await unit.run(
            "update product set category = 'k' || (length(name) + ascii(right(code, 1))) % 4 where merchant_id = :merchant"
        )
        await unit.run(
            "insert into tag (merchant_id, id, name, created_at) select :merchant, new_uuid7(), 'T' || i, :now from generate_series(1, :tags) i",
            tags=TAGS,
        )
    for first in range(1, customers + 1, PART):
        async with database.units.open(merchant_id) as unit:
            await _fill(unit, first, min(first + PART - 1, customers))
    return merchant_id


async def _fill(unit: Unit, first: int, last: int) -> None:
    values = {"today": unit.now.date(), "levels": list(_LEVELS), "sources": list(_SOURCES)}
    await unit.run(_CROWD, first=first, last=last)
    await unit.run(_RECEIPTS, days=DAYS)
    await unit.run(_WALLET)
    for statement in _ROWS:
        await unit.run(statement, **values)
