"""What a batch answers for each of its items."""

from enum import StrEnum
from uuid import UUID

import msgspec


class Taken(StrEnum):
    """What became of one item of a batch."""

    ACCEPTED = "accepted"
    """Stored, new or changed."""
    DUPLICATE = "duplicate"
    """Exactly this was stored before."""
    REJECTED = "rejected"
    """Not stored; `code` and `field` say why."""


class ItemVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer for item `index` of a batch. `detail` is a short English phrase without personal data; `id` is the stored row."""

    index: int
    status: Taken
    id: UUID | None = None
    code: str | None = None
    field: str | None = None
    detail: str | None = None
