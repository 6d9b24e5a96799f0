"""The numbers of promises and claims. Pure."""

from datetime import time
from typing import Final

import msgspec

MORNING: Final = time(9)
"""When the promises of the day before are looked at: after the night's books, before the shift."""
RECOVERY_DAYS: Final = 7
"""A promise that is found broken later than this many days after its last day leads to no task: nobody remembers it."""
CLAIM_DAYS: Final = 3
"""So many days before and after a contact the books may say that she bought (或 充值)."""
CLAIM_ENDS_DAYS: Final = 5
"""So many days after a contact nothing is waited for any more: books lag a day or two behind the last day that counts."""


class KeptRate(msgspec.Struct, frozen=True, rename="camel"):
    """How many of her settled promises a customer kept."""

    kept: int
    settled: int

    @property
    def percent(self) -> int:
        """The share kept, in whole percent, rounded down."""
        return 100 * self.kept // self.settled
