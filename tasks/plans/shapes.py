"""The shape of every part of a definition."""

from datetime import time
from typing import Annotated

import msgspec


class Struct(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Immutable, camelCase outside, unknown fields refused."""


WallTime = Annotated[time, msgspec.Meta(tz=False)]
"""A time on a store's wall: it has no zone of its own."""
