"""What crosses the edge when tags are kept, given and taken."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tasks.flow.manage_tags import TagView, TagWish
from tasks.flow.tag_customers import MOST_AT_ONCE, Whom
from tasks.people.states import Pace
from tasks.people.tagging import MOST_LETTERS


class TagIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A tag; with `rule`, a condition tree, and `pace` it is given and taken by itself: with every event of the customer, or every half hour."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_LETTERS)]
    rule: dict[str, Any] | None = None
    pace: Pace | None = None

    def wish(self) -> TagWish:
        """Return what is asked for."""
        return TagWish(name=self.name, rule=self.rule, pace=self.pace)


class WhomIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Up to ten thousand customers of the own stores: by their ids, or by a condition tree; one of the two."""

    customer_ids: Annotated[tuple[UUID, ...], msgspec.Meta(max_length=MOST_AT_ONCE)] | None = None
    tree: dict[str, Any] | None = None

    def whom(self) -> Whom:
        """Return who is meant."""
        return Whom(customer_ids=self.customer_ids, tree=self.tree)


class TagsOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of tags, and the cursor of the next."""

    items: Sequence[TagView]
    next_cursor: str | None = None
