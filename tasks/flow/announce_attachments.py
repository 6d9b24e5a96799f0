"""What a phone says of an attachment before it uploads it, and what a task has."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.files.repository import AttachmentHead, attachments_of, sees_task
from tasks.files.service import Announcement, announce
from tasks.files.states import AttachmentKind, AttachmentState, ContentType
from tasks.kernel.errors import NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

__all__ = ["Announcement", "AttachmentKind", "AttachmentView", "ContentType", "Expected", "announce_attachment", "task_attachments"]  # fmt: skip

GOOD_FOR: Final = timedelta(hours=1)
"""How long an upload address can be used: a background upload outlives the access token."""


class Expected(msgspec.Struct, frozen=True):
    """An attachment that was announced; `until` is when its upload address ends."""

    id: UUID
    state: AttachmentState
    until: datetime


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An attachment of a task. `announced` ones are still on the phone."""

    id: UUID
    kind: AttachmentKind
    content_type: ContentType
    size: int = msgspec.field(name="bytes")
    state: AttachmentState
    callback_id: UUID | None
    staff_id: UUID
    announced_at: datetime


async def announce_attachment(unit: Unit, scope: StaffScope, said: Announcement) -> Expected:
    """Take note of an attachment and say until when it may be uploaded. Raises as `tasks.files.service.announce`."""
    known = await announce(unit, scope, said)
    return Expected(known.id, known.state, unit.now + GOOD_FOR)


async def task_attachments(unit: Unit, scope: StaffScope, task_id: UUID) -> Sequence[AttachmentView]:
    """Return the attachments of a task the caller may see, oldest first; at most as many as a task may have. Raises `NotFound`."""
    if not await sees_task(unit, scope, task_id):
        raise NotFound(what="任务/task")
    return [_view(each) for each in (await attachments_of(unit, [task_id])).get(task_id, [])]


def _view(head: AttachmentHead) -> AttachmentView:
    return AttachmentView(**{name: getattr(head, name) for name in AttachmentView.__struct_fields__})
