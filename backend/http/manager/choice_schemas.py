"""What crosses the edge where forms offer choices."""

import msgspec

from tasks.flow.offer_choices import Choice


class ChoicesOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of choices by name."""

    items: list[Choice]
    next_cursor: str | None = None
