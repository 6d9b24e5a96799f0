"""Who sees which segment, who may change it, and what a segment may use."""

from typing import Protocol
from uuid import UUID

from tasks.audience.states import Visibility
from tasks.kernel.scope import Role, StaffScope


class Seen(Protocol):
    """What says who sees a segment: everybody who leads, who leads its store, or its author."""

    @property
    def seen_by(self) -> str:
        """A `Visibility`."""

    @property
    def store_id(self) -> UUID | None:
        """The store of a `store` segment."""

    @property
    def owner_id(self) -> UUID | None:
        """The author."""


def sees(who: StaffScope, segment: Seen) -> bool:
    """True when somebody may see and use a segment. What is personal is its author's alone, an owner does not see it either."""
    if segment.seen_by == Visibility.PERSONAL:
        return segment.owner_id == who.staff_id
    if segment.seen_by == Visibility.STORE:
        return who.role is Role.OWNER or segment.store_id in who.store_ids
    return True


def may_change(who: StaffScope, segment: Seen) -> bool:
    """True when somebody who sees a segment may change and delete it: a shared one only owners may."""
    return sees(who, segment) and (segment.seen_by != Visibility.SHARED or who.role is Role.OWNER)


def may_use(user: Seen, used: Seen, author: StaffScope | None) -> bool:
    """True when a segment may use another: everybody who sees `user` must see `used`.

    So shared ones use shared ones; a store's use shared ones and the same store's; a personal one uses whatever its author sees. `author` is who saves
    `user`; when that is not known (None), a personal one is only sure to see what is shared or of the same author.
    """
    if used.seen_by == Visibility.SHARED:
        return True
    if user.seen_by == Visibility.STORE:
        return used.seen_by == Visibility.STORE and used.store_id == user.store_id
    if user.seen_by == Visibility.PERSONAL:
        same = used.seen_by == Visibility.PERSONAL and used.owner_id == user.owner_id
        return same or (author is not None and author.staff_id == user.owner_id and sees(author, used))
    return False
