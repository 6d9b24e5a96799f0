"""One answer of the sync: what a device must show and let go of to be where the database is.

The revisions are read before the tasks, each in a statement of its own: what the tasks say is then at least as new as the revisions that the cursor keeps, and
whatever is newer comes again with the next answer. A row that was seen too new is harmless, one that is missed is not.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tasks.kernel.paging import MAX_LIMIT
from tasks.kernel.unit import Unit
from tasks.sync.cursors import Holder, Position, read_cursor, tag_of, write_cursor
from tasks.sync.faults import SyncReset
from tasks.sync.repository import (
    Change,
    Revision,
    Span,
    read_changes,
    read_everything,
    read_revisions,
    read_rows,
)
from tasks.sync.views import Gone, Removed, SyncQuery, SyncTask
from tasks.worklist.service import worded
from tasks.worklist.views import TaskShown


class Standing(msgspec.Struct, frozen=True):
    """What lies before a device: the pages from `since` (None: from nothing) past `after` to `upto`; `tag` is the same while that is the same."""

    holder: Holder
    upto: tuple[int, ...]
    since: tuple[int, ...] | None
    after: UUID | None
    tag: str

    @property
    def quiet(self) -> bool:
        """True when nothing in the stores changed: nobody need look."""
        return self.since == self.upto and self.after is None

    @property
    def revisions(self) -> Mapping[UUID, int]:
        """The revision of each store that the answer brings the device to."""
        return dict(zip(self.holder.stores, self.upto, strict=True))


class Delivered(msgspec.Struct, frozen=True):
    """A page: tasks to show, tasks to let go of, and the cursor to ask with next, at once when there is more."""

    tasks: Sequence[SyncTask]
    removed: Sequence[Removed]
    cursor: str
    has_more: bool


async def stand(unit: Unit, holder: Holder, query: SyncQuery) -> Standing:
    """Return what lies before a device; raises `CursorGarbled`, `SyncForeign`, or `SyncReset` when it must begin anew."""
    found = await read_revisions(unit, holder.stores)
    revisions = [found.get(store) or Revision(store, 0, 0) for store in holder.stores]
    now = tuple(each.rev for each in revisions)
    if query.cursor is None:
        return _standing(unit, query, holder, Position(unit.now, now))
    position = read_cursor(unit.vault, holder, query.cursor, unit.now)
    _check(position, revisions)
    if position.after is not None:
        return _standing(unit, query, holder, position)
    return _standing(unit, query, holder, Position(unit.now, now, position.upto))


def _standing(unit: Unit, query: SyncQuery, holder: Holder, position: Position) -> Standing:
    after = str(position.after)
    told = (str(holder.scope.staff_id), holder.scope.role.value, holder.device, position.upto, position.since, after)
    tag = tag_of(unit.vault, *told, query.limit, query.locale)
    return Standing(holder, position.upto, position.since, position.after, tag)


def _check(position: Position, revisions: Sequence[Revision]) -> None:
    """Whoever stands before what is forgotten, or ahead of a database that was put back, begins anew."""
    low = position.upto if position.since is None else position.since
    reached = zip(low, position.upto, revisions, strict=True)
    if any(first < each.floor_rev or last > each.rev for first, last, each in reached):
        raise SyncReset(field="cursor")


async def concerns(unit: Unit, standing: Standing) -> bool:
    """Return whether anything lies before the device that is its business."""
    if standing.quiet:
        return False
    return standing.since is None or bool(await _changes(unit, standing, standing.since, 1))


def here(unit: Unit, standing: Standing) -> str:
    """Return the cursor of a device that has everything up to there."""
    return write_cursor(unit.vault, standing.holder, Position(unit.now, standing.upto))


async def deliver(unit: Unit, standing: Standing, query: SyncQuery) -> Delivered:
    """Return the next page."""
    limit = max(1, min(query.limit, MAX_LIMIT))
    changes: Sequence[Change] = ()
    if standing.since is None:
        ids = await read_everything(unit, standing.holder.scope, standing.after, limit + 1)
    elif not standing.quiet:
        changes = await _changes(unit, standing, standing.since, limit + 1)
        ids = [each.id for each in changes]
    else:
        ids = []
    more = len(ids) > limit
    shown = [each.id for each in changes if each.shown] if changes else ids
    kept = set(ids[:limit])
    return Delivered(
        await read_tasks(unit, standing, [each for each in shown if each in kept], query),
        [_removed(standing, each) for each in changes if not each.shown and each.id in kept],
        _next(unit, standing, ids[limit - 1]) if more else here(unit, standing),
        more,
    )


async def _changes(unit: Unit, standing: Standing, since: tuple[int, ...], limit: int) -> list[Change]:
    return await read_changes(unit, standing.holder.scope, Span(since, standing.upto, standing.after), limit)


def _next(unit: Unit, standing: Standing, after: UUID) -> str:
    position = Position(unit.now, standing.upto, standing.since, after)
    return write_cursor(unit.vault, standing.holder, position)


def _removed(standing: Standing, change: Change) -> Removed:
    why = Gone.DELETED if not change.there else Gone.CLOSED if change.closed else Gone.REASSIGNED
    return Removed(change.id, standing.revisions[change.store_id], why)


async def read_tasks(unit: Unit, standing: Standing, ids: Sequence[UUID], query: SyncQuery) -> list[SyncTask]:
    """Return the tasks as phones keep them, in id order. Three or four statements, however many."""
    if not ids:
        return []
    rows = await read_rows(unit, standing.holder.scope, ids)
    revisions = standing.revisions
    shown = await worded(unit, rows, query.locale)
    return [
        SyncTask(rev=revisions[row.store_id], **{name: getattr(row, name) for name in TaskShown.__struct_fields__})
        for row in shown
    ]
