"""Sync: what a phone must show and let go of since it last asked, with everything that working without a network needs."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tasks.flow.task_detail import TaskDetail
from tasks.flow.view_task import view_tasks
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.sync.cursors import LONGEST, Holder
from tasks.sync.faults import SyncForeign, SyncReset
from tasks.sync.service import Standing, concerns, deliver, here, stand
from tasks.sync.views import Gone, Removed, SyncQuery, SyncTask

__all__ = [
    "LONGEST",
    "Glimpse",
    "Gone",
    "Removed",
    "SyncAsked",
    "SyncForeign",
    "SyncItem",
    "SyncPage",
    "SyncQuery",
    "SyncReset",
    "Synced",
    "glimpse",
    "sync_tasks",
]


class SyncAsked(SyncQuery, frozen=True, kw_only=True):
    """A sync as a phone asks for it: `detail` puts each task's page in, `seen` is the tag of the answer it has for the same question."""

    detail: bool = False
    seen: str | None = None


class SyncItem(SyncTask, frozen=True, kw_only=True, rename="camel"):
    """A task as a phone keeps it; `detail` is its page (why, cards, scripts filled in) as of `serverTime`, when it was asked for."""

    detail: TaskDetail | None = None


class SyncPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Tasks to keep, tasks to let go of, and the cursor to ask with next: at once while `hasMore`. `serverTime` is the instant of the reading."""

    items: Sequence[SyncItem]
    removed: Sequence[Removed]
    cursor: str
    has_more: bool
    server_time: datetime


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """An answer and its tag; without a page the caller has it already. `quiet` says that there was nothing for them, `revisions` where they now stand."""

    tag: str
    page: SyncPage | None
    quiet: bool
    standing: Standing


async def sync_tasks(unit: Unit, scope: StaffScope, asked: SyncAsked) -> Synced:
    """Return the next page for a device. Raises `CursorGarbled`, `SyncForeign` or `SyncReset`."""
    standing = await stand(unit, Holder(scope, asked.device), asked)
    tag = f"{standing.tag}{'d' if asked.detail else ''}"
    if asked.seen == tag:
        return Synced(tag=tag, page=None, quiet=asked.cursor is not None, standing=standing)
    found = await deliver(unit, standing, asked)
    details = await view_tasks(unit, scope, [task.id for task in found.tasks], asked.locale) if asked.detail else {}
    page = SyncPage(
        items=[SyncItem(**{name: getattr(task, name) for name in _PLAIN}, detail=details.get(task.id)) for task in found.tasks],
        removed=found.removed,
        cursor=found.cursor,
        has_more=found.has_more,
        server_time=unit.now,
    )  # fmt: skip
    quiet = asked.cursor is not None and not (page.items or page.removed or page.has_more)
    return Synced(tag=tag, page=page, quiet=quiet, standing=standing)


_PLAIN = SyncTask.__struct_fields__


class Glimpse(msgspec.Struct, frozen=True):
    """Whether there is anything for a device past its cursor, and the cursor of where the stores are now."""

    news: bool
    cursor: str
    standing: Standing


async def glimpse(unit: Unit, scope: StaffScope, cursor: str | None, device: str = "") -> Glimpse:
    """Look without reading a task: for streams, which only say that there is something. Without a cursor there is. Raises as `sync_tasks` does."""
    standing = await stand(unit, Holder(scope, device), SyncQuery(cursor=cursor, device=device))
    return Glimpse(await concerns(unit, standing), here(unit, standing), standing)
