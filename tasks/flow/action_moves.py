"""Moves by hand and copies as actions: done as of when they were made, and kept back when something later has moved the task already."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import msgspec

from tasks.actions.tables import Verdict
from tasks.flow.action_sent import Acted
from tasks.flow.check_moot import check_opened
from tasks.flow.copy_script import CopyFact, copy_script
from tasks.kernel.errors import Invalid
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.moves import claim, release, snooze, start
from tasks.worklist.overtaken import overtaken
from tasks.worklist.repository import read_task
from tasks.worklist.views import TaskMove

Move = Callable[..., Awaitable[TaskMove]]


class OnTask(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which task."""

    task_id: UUID


class SnoozeBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which task, and when it is to come back."""

    task_id: UUID
    until: datetime


class CopyBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which variant was copied for which task, and the exact text; `edited` when it was changed before copying."""

    task_id: UUID
    variant: str
    text: str
    edited: bool = False
    copied_at: datetime | None = None


class CopyKept(msgspec.Struct, frozen=True):
    """The record of the copy."""

    id: UUID


async def run_claim(unit: Unit, scope: StaffScope, body: OnTask, at: datetime) -> Acted:
    """Take it from the pool."""
    return await _move(unit, scope, body.task_id, at, claim)


async def run_start(unit: Unit, scope: StaffScope, body: OnTask, at: datetime) -> Acted:
    """Begin working on it; one that nobody needs any more closes instead, and the answer says so."""
    if await check_opened(unit, scope, body.task_id):
        task = await read_task(unit, scope, body.task_id)
        return Acted(task.as_move(changed=False), Verdict.SUPERSEDED)
    return await _move(unit, scope, body.task_id, at, start)


async def run_release(unit: Unit, scope: StaffScope, body: OnTask, at: datetime) -> Acted:
    """Give it back."""
    return await _move(unit, scope, body.task_id, at, release)


async def run_snooze(unit: Unit, scope: StaffScope, body: SnoozeBody, at: datetime) -> Acted:
    """Let it come back later. A time that was ahead when it was chosen and has come meanwhile puts nothing off any more."""
    if body.until.tzinfo is None:
        raise Invalid("until", "needs a time zone")
    late = await overtaken(unit, scope, body.task_id, at, over=body.until if at < unit.now else None)
    return Acted(late, Verdict.SUPERSEDED) if late else Acted(await snooze(unit, scope, body.task_id, body.until, at))


async def run_copy(unit: Unit, scope: StaffScope, body: CopyBody, at: datetime) -> CopyKept:
    """Keep the variant and the exact text; a copy moves nothing, so none is too late."""
    fact = CopyFact(
        task_id=body.task_id,
        variant=body.variant,
        text=body.text,
        edited=body.edited,
        copied_at=body.copied_at or at,
    )
    return CopyKept(await copy_script(unit, scope, fact))


async def _move(unit: Unit, scope: StaffScope, task_id: UUID, at: datetime, move: Move) -> Acted:
    late = await overtaken(unit, scope, task_id, at)
    return Acted(late, Verdict.SUPERSEDED) if late else Acted(await move(unit, scope, task_id, at))
