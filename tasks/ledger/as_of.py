"""The facts as they stood at an instant: the columns of `customer_facts` and `card_facts`, read from the ledger rows that had occurred by `:at`.

Back-test and preview of a past day use these instead of the kept facts; a property test holds the two equal at the end of the books. A card without an
entry by then counts from the day it was opened, `:today` at the latest. Whose a card is has no history (`card.customer_id`); who holds it does.
"""

POINTS_AS_OF = """
select coalesce((select x.balance from point_entry x
        where x.merchant_id = cu.merchant_id and x.customer_id = cu.id and x.occurred_at <= :at and x.balance is not null
        order by x.occurred_at desc, x.sender_key desc, x.id desc limit 1), 0)
    + coalesce((select sum(x.points) from point_entry x
        where x.merchant_id = cu.merchant_id and x.customer_id = cu.id and x.occurred_at <= :at and not exists (
          select from point_entry said where said.merchant_id = cu.merchant_id and said.customer_id = cu.id and said.occurred_at <= :at
            and said.balance is not null and (said.occurred_at, said.sender_key, said.id) >= (x.occurred_at, x.sender_key, x.id))), 0)::bigint as points
"""
"""A customer's points: what the sender last said was left, and what was added or taken since; without such a word, all that was added and taken."""

CUSTOMER_FACTS_AS_OF = f"""
select v.first_visit_on, v.last_visit_on, coalesce(v.visit_count, 0) as visit_count,
    coalesce(s.spend_cash_cents, 0) as spend_cash_cents, coalesce(s.spend_card_cents, 0) as spend_card_cents,
    coalesce(s.purchase_count, 0) as purchase_count, s.first_purchase_at, s.last_purchase_at,
    coalesce(s.highest_payment_cents, 0) as highest_payment_cents, b.card_count,
    coalesce(b.card_principal_cents, 0) as card_principal_cents, coalesce(b.card_gift_cents, 0) as card_gift_cents,
    coalesce(b.card_uses_left, 0) as card_uses_left, p.points
from (select min(x.visited_on) as first_visit_on, max(x.visited_on) as last_visit_on, count(*)::int as visit_count
      from visit x where x.merchant_id = cu.merchant_id and x.customer_id = cu.id and x.visited_at <= :at) v
cross join (select sum(x.cash_cents)::bigint as spend_cash_cents, sum(x.card_cents)::bigint as spend_card_cents,
          (count(*) filter (where x.cash_cents + x.card_cents > 0))::int as purchase_count,
          min(x.sold_at) filter (where x.cash_cents + x.card_cents > 0) as first_purchase_at,
          max(x.sold_at) filter (where x.cash_cents + x.card_cents > 0) as last_purchase_at,
          max(x.cash_cents + x.card_cents) filter (where x.cash_cents + x.card_cents > 0) as highest_payment_cents
      from sale x where x.merchant_id = cu.merchant_id and x.customer_id = cu.id and x.sold_at <= :at) s
cross join (select count(*)::int as card_count, sum(o.principal_cents)::bigint as card_principal_cents, sum(o.gift_cents)::bigint as card_gift_cents,
          sum(o.uses)::int as card_uses_left
      from (select sum(x.principal_cents) as principal_cents, sum(x.gift_cents) as gift_cents, sum(x.uses) as uses
            from card c left join card_entry x on x.merchant_id = c.merchant_id and x.card_id = c.id and x.occurred_at <= :at
            where c.merchant_id = cu.merchant_id and c.customer_id = cu.id group by c.merchant_id, c.id
            having not coalesce(bool_or(x.kind = 'close'), false) and (count(x.id) > 0 or c.opened_on <= cast(:today as date))) o) b
cross join ({POINTS_AS_OF}) p
"""
"""Lateral to `cu`, a customer."""

CARD_FACTS_AS_OF = """
select c.merchant_id, c.id as card_id,
    case when coalesce(bool_or(x.kind = 'close'), false) then 'closed' else 'open' end as status,
    coalesce(sum(x.principal_cents), 0)::bigint as principal_cents, coalesce(sum(x.gift_cents), 0)::bigint as gift_cents,
    coalesce(sum(x.principal_cents + x.gift_cents), 0)::bigint as balance_cents, coalesce(sum(x.uses), 0)::int as uses_left,
    (array_agg(x.expires_on order by x.occurred_at desc, x.external_id desc) filter (where x.expires_on is not null))[1] as expires_on,
    coalesce((array_agg(x.frozen order by x.occurred_at desc, x.external_id desc) filter (where x.frozen is not null))[1], false) as frozen,
    max(x.occurred_at) filter (where x.kind = 'consume') as last_used_at,
    max(x.occurred_at) filter (where x.kind in ('open', 'top_up') and x.principal_cents + x.gift_cents > 0) as last_topped_up_at
from card c left join card_entry x on x.merchant_id = c.merchant_id and x.card_id = c.id and x.occurred_at <= :at
where c.merchant_id = :merchant group by c.merchant_id, c.id having count(x.id) > 0 or c.opened_on <= cast(:today as date)
"""
"""One row per card that was there by then."""
