"""What crosses the edge at the till beside the flow's own shapes."""

import msgspec

from tasks.benefits.shapes import Code


class TakeBackIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The redemption whose bill was cancelled, by the id it was reported under."""

    external_id: Code
