"""What crosses the edge for managers."""

from datetime import date

import msgspec

from tasks.stats.rules import By
from tasks.stats.service import CompletionRow


class CompletionOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The tasks that opened from the first to the last day (store-local, both included), one row per `by`."""

    from_on: date = msgspec.field(name="from")
    to_on: date = msgspec.field(name="to")
    by: By
    items: list[CompletionRow]
