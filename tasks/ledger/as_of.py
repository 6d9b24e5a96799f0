"""The facts as they stood at an instant: the columns of `customer_facts` and `card_facts`, read from the ledger rows that had occurred by `:at`.

Back-test and preview of a past day use these instead of the kept facts; a property test holds the two equal at the end of the books.
"""

CUSTOMER_FACTS_AS_OF = """
select v.first_visit_on, v.last_visit_on, coalesce(v.visit_count, 0) as visit_count,
    coalesce(s.spend_cash_cents, 0) as spend_cash_cents, coalesce(s.spend_card_cents, 0) as spend_card_cents,
    coalesce(s.purchase_count, 0) as purchase_count, s.first_purchase_at, s.last_purchase_at,
    coalesce(s.highest_payment_cents, 0) as highest_payment_cents,
    coalesce(b.card_principal_cents, 0) as card_principal_cents, coalesce(b.card_gift_cents, 0) as card_gift_cents,
    coalesce(b.card_uses_left, 0) as card_uses_left
from (select min(x.visited_on) as first_visit_on, max(x.visited_on) as last_visit_on, count(*)::int as visit_count
      from visit x where x.merchant_id = cu.merchant_id and x.customer_id = cu.id and x.visited_at <= :at) v
cross join (select sum(x.cash_cents)::bigint as spend_cash_cents, sum(x.card_cents)::bigint as spend_card_cents,
          (count(*) filter (where x.cash_cents + x.card_cents > 0))::int as purchase_count,
          min(x.sold_at) filter (where x.cash_cents + x.card_cents > 0) as first_purchase_at,
          max(x.sold_at) filter (where x.cash_cents + x.card_cents > 0) as last_purchase_at,
          max(x.cash_cents) as highest_payment_cents
      from sale x where x.merchant_id = cu.merchant_id and x.customer_id = cu.id and x.sold_at <= :at) s
cross join (select sum(x.principal_cents)::bigint as card_principal_cents, sum(x.gift_cents)::bigint as card_gift_cents,
          sum(x.uses)::int as card_uses_left
      from card c join card_entry x on x.merchant_id = c.merchant_id and x.card_id = c.id and x.occurred_at <= :at
      where c.merchant_id = cu.merchant_id and c.customer_id = cu.id) b
"""
"""Lateral to `cu`, a customer."""

CARD_FACTS_AS_OF = """
select x.merchant_id, x.card_id,
    case when bool_or(x.kind = 'close') then 'closed' else 'open' end as status,
    sum(x.principal_cents)::bigint as principal_cents, sum(x.gift_cents)::bigint as gift_cents,
    sum(x.principal_cents + x.gift_cents)::bigint as balance_cents, sum(x.uses)::int as uses_left,
    (array_agg(x.expires_on order by x.occurred_at desc, x.id desc) filter (where x.expires_on is not null))[1] as expires_on,
    coalesce((array_agg(x.frozen order by x.occurred_at desc, x.id desc) filter (where x.frozen is not null))[1], false) as frozen,
    max(x.occurred_at) filter (where x.kind = 'consume') as last_used_at,
    max(x.occurred_at) filter (where x.kind = 'top_up') as last_topped_up_at
from card_entry x where x.merchant_id = :merchant and x.occurred_at <= :at group by x.merchant_id, x.card_id
"""
"""One row per card that had an entry by then."""
