"""Merchants, stores, staff and customers: who there is, who looks after whom, who may be contacted.

Promises: a name or phone is never in a column in the clear, look-up by phone works, one contact-state row per customer is the lock that every refusal and
every run takes.
"""
