"""The front desk: books typed in by hand for a salon without a POS link, finding a customer, and contacts nobody asked for.

Promises: what is typed in goes through the same ledger and makes the same events as what a POS sends, says who typed it, and can be voided; nobody lists
customers by asking for them, and nobody sees one who is no customer of an own store.
"""
