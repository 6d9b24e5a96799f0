"""Promises: "Thursday afternoon" becomes a dated promise, and visits and sales say whether it was kept.

Promises: a promise is settled once, by what the books say of its day, and what a customer keeps of her promises can be asked for.
"""
