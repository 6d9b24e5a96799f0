"""Tasks: one contact to make, its reasons, and how both move.

Promises: at most one live plan-made task per customer in the merchant, one table of transitions taken by compare-and-set, and every committed change has a
row in the change feed of its store, numbered by a revision that the transaction raises last.
"""
