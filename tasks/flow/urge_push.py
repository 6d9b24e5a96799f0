"""What a person does that others are told of at once: an urge, a hand-over."""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.notices.robots import Saying, say
from tasks.notices.states import NoticeKind
from tasks.notices.telling import Telling, tell_staff

_URGED: Final = """
select id, store_id, assignee_id from task
where merchant_id = :merchant and id = any(cast(:tasks as uuid[])) and closed_at is null order by id
"""


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """A task that changed hands; `by` is who decided it."""

    task_id: UUID
    before: UUID | None
    after: UUID | None
    by: UUID


async def urge_push(unit: Unit, task_ids: Sequence[UUID]) -> int:
    """Tell the assignees of live tasks, and the groups of their stores, that these are wanted done; at once by day. Returns how many people were told."""
    rows = await unit.rows(_URGED, tasks=sorted(set(task_ids)))
    urge = new_id()
    of_people: dict[UUID, list[UUID]] = {}
    for row in rows:
        if row["assignee_id"] is not None:
            of_people.setdefault(row["assignee_id"], []).append(row["id"])
    of_stores = Counter(row["store_id"] for row in rows)
    groups = [Saying(store_id=one, kind=NoticeKind.URGED, facts={"count": n}) for one, n in of_stores.items()]
    await say(unit, groups)
    return await tell_staff(unit, [_telling(one, NoticeKind.URGED, urge, tasks) for one, tasks in of_people.items()])


async def tell_hand_overs(unit: Unit, moves: Sequence[HandOver]) -> int:
    """Tell who got tasks and who lost them, one notice each; nobody is told what they did themselves. Returns how many were told."""
    act = new_id()
    got: dict[tuple[UUID, NoticeKind], list[UUID]] = {}
    for move in moves:
        for who, kind in ((move.after, NoticeKind.HANDED_OVER), (move.before, NoticeKind.TAKEN_OVER)):
            if who is not None and who != move.by and move.before != move.after:
                got.setdefault((who, kind), []).append(move.task_id)
    return await tell_staff(unit, [_telling(who, kind, act, tasks) for (who, kind), tasks in got.items()])


def _telling(staff_id: UUID, kind: NoticeKind, act: UUID, tasks: Sequence[UUID]) -> Telling:
    return Telling(
        staff_id=staff_id,
        kind=kind,
        key=f"{kind}:{act}:{staff_id}",
        facts={"count": len(tasks)},
        task_id=tasks[0] if len(tasks) == 1 else None,
    )
