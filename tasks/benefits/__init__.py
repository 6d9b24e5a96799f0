"""Member days (会员日) and what applies right now: points, discounts and member prices on days, for levels, stores and items.

The days of an active benefit are written ahead as rows of a time range, so that a till's question is one look at an index. What was given is
counted under the benefit's own row: a budget or a cap is never exceeded, and the same redemption counts once.
"""
