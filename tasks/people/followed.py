"""Who is followed up at all, as SQL over the customer's row."""

from typing import Final

FOLLOWABLE: Final = "cu.status = 'active' and not cu.anonymous and not cu.internal"
"""散客 and internal records count as sales and are never followed up; neither is who was merged or erased."""
UNFOLLOWED: Final = "(x.status <> 'active' or x.anonymous or x.internal)"
"""The opposite, over a customer `x`: those are few and have an index (ix_customer_unfollowed)."""
