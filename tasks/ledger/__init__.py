"""Cards, sales, visits and appointments: what happened, as rows that are only ever added to, and the facts that follow from them.

Promises: a record sent twice counts once, late and out-of-order records give the same `customer_facts` and `card_facts` as on-time ones, and the facts are
kept in the transaction of the record that changes them.
"""
