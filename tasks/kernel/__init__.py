"""Time, ids, errors, scope, money, paging and sealing: what every step stands on, and no business word among it.

Promises: ids sort by creation, instants are UTC, a merchant's sealed bytes open only with that merchant's key, and a unit of work commits whole or not
at all.
"""
