"""What crosses the edge when segments are saved."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tasks.audience.states import Visibility
from tasks.flow.manage_segments import SegmentView, SegmentWish


class SegmentIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A segment. `seenBy`: shared (owners save it, whoever leads uses it), store (with `storeId`: who leads it, and owners), personal (its author).

    Its tree may use segments that everybody sees who sees this one; `{}` means everybody.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    tree: dict[str, Any]
    seen_by: Visibility
    store_id: UUID | None = None

    def wish(self) -> SegmentWish:
        """Return what is asked for."""
        return SegmentWish(name=self.name, tree=self.tree, seen_by=self.seen_by, store_id=self.store_id)


class SegmentsOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of segments, and the cursor of the next."""

    items: Sequence[SegmentView]
    next_cursor: str | None = None
