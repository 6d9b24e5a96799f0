"""Who leads a store, as SQL over a row `c` of the chunk."""

MANAGER = """(select m.staff_id from membership m join staff s on s.merchant_id = m.merchant_id and s.id = m.staff_id and s.status = 'active'
        where m.merchant_id = :merchant and m.store_id = c.store_id and m.role = 'manager' order by s.role = 'owner', m.staff_id limit 1)"""
"""A manager of the store, an owner only where nobody else is; none when it has none."""

OWNER = """(select s.id from staff s where s.merchant_id = :merchant and s.role = 'owner' and s.status = 'active' order by s.id limit 1)"""
"""The merchant's owner."""
