"""A phone that syncs: it keeps what it is told to keep, lets go of what it is told to let go of, and knows nothing else."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tasks.flow.sync_tasks import Removed, SyncAsked, SyncItem, SyncPage, sync_tasks
from tests.support.rows import rows_of
from tests.support.world import World

SEEN = ("id", "status", "assignee_id", "attempts", "wait_until", "due_at", "close_reason")
"""What is compared between a phone and the database."""
_SERVER = """
select id, status, assignee_id, attempts, wait_until, due_at, close_reason from task
where merchant_id = :merchant and store_id = any(cast(:stores as uuid[]))
  and ((status in ('queued', 'open', 'in_progress', 'waiting') and (:leads or assignee_id is null or assignee_id = :me))
       or (assignee_id = :me and closed_at > cast(:now as timestamptz) - interval '26 hours'))
"""


@dataclass
class Phone:
    """The phone of `who`; `tasks` is what it shows."""

    world: World
    who: str
    device: str = ""
    limit: int = 100
    cursor: str | None = None
    tasks: dict[UUID, SyncItem] = field(default_factory=dict)
    let_go: list[Removed] = field(default_factory=list)

    async def page(self, **asked: Any) -> SyncPage:
        """One answer, not yet taken in."""
        question = SyncAsked(cursor=self.cursor, device=self.device, limit=self.limit, **asked)
        found = await self.world.do(lambda unit: sync_tasks(unit, self.world.scope(self.who), question))
        assert found.page is not None
        return found.page

    def take(self, page: SyncPage) -> None:
        for item in page.items:
            known = self.tasks.get(item.id)
            assert known is None or known.rev <= item.rev, "a revision never goes back"
            self.tasks[item.id] = item
        for gone in page.removed:
            self.tasks.pop(gone.id, None)
        self.let_go += page.removed
        self.cursor = page.cursor

    async def sync(self, **asked: Any) -> int:
        """Ask until there is no more; returns how many tasks were told of."""
        told = 0
        while True:
            page = await self.page(**asked)
            assert len(page.items) + len(page.removed) <= self.limit
            told += len(page.items) + len(page.removed)
            self.take(page)
            if not page.has_more:
                return told

    def shows(self) -> dict[UUID, tuple[object, ...]]:
        """What it shows, comparable with `server_shows`."""
        return {each.id: tuple(getattr(each, name) for name in SEEN) for each in self.tasks.values()}


async def server_shows(world: World, who: str) -> dict[UUID, tuple[object, ...]]:
    """What a phone of `who` ought to show, asked of the rows."""
    scope = world.scope(who)
    found = await rows_of(world, _SERVER, me=scope.staff_id, stores=list(scope.store_ids), leads=scope.leads)
    return {row["id"]: tuple(row[name] for name in SEEN) for row in found}  # type: ignore[misc]  # untyped on purpose: a test row
