"""Books in: CSV and XLSX of any shape, through a mapping, into the ledger.

Promises: a file can be sent again without doubling anything, every row that is not taken is listed with its reason, and
nothing is half-written.
"""
