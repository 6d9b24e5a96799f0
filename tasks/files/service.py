"""Announcing attachments, and letting callbacks name them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from tasks.files.faults import AttachmentsSpent
from tasks.files.repository import (
    AttachmentRow,
    announce_again,
    count_of_task,
    insert_announced,
    name_attachments,
    read_attachment,
)
from tasks.files.states import MOST_BYTES, TYPES, AttachmentKind, AttachmentState, ContentType
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.repository import read_task

MOST_OF_TASK: Final = 50
"""Attachments that one task may have."""
MOST_OF_CALLBACK: Final = 20
"""Attachments that one callback may name."""


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone is about to upload: `digest` is the SHA-256 of the content, `size` its bytes; `id` is the phone's own UUIDv7, if it made one."""

    task_id: UUID
    kind: AttachmentKind
    content_type: ContentType
    size: int
    digest: bytes
    id: UUID | None = None


async def announce(unit: Unit, scope: StaffScope, said: Announcement) -> AttachmentRow:
    """Take note of what will be uploaded to a task of the caller's stores, and return it; announcing it again is the same.

    Raises `NotFound`, `Invalid` (type or size does not go with the kind; the id has another content) or `AttachmentsSpent`.
    """
    _check(said)
    task = await read_task(unit, scope, said.task_id)
    known = await read_attachment(unit, said.id, lock=True) if said.id else None
    if known is None and await count_of_task(unit, task.id) >= MOST_OF_TASK:
        raise AttachmentsSpent(limit=MOST_OF_TASK)
    wanted = _row(unit, scope, said, task.customer_id)
    if (known is None or known.said is None) and await insert_announced(unit, wanted):
        known = await read_attachment(unit, wanted.id)
    known = known or await read_attachment(unit, wanted.id)
    if known is None or not _same(known, wanted):
        raise Invalid("id", "another attachment has it")
    if known.salt is None:
        raise NotFound(what="客户/customer")
    await announce_again(unit, known.id)
    return known


def _check(said: Announcement) -> None:
    if said.content_type not in TYPES[said.kind]:
        raise Invalid("contentType", f"does not belong to {said.kind}")
    if said.size > MOST_BYTES[said.kind]:
        raise Invalid("bytes", f"is larger than {MOST_BYTES[said.kind]} bytes")


def _row(unit: Unit, scope: StaffScope, said: Announcement, customer_id: UUID) -> AttachmentRow:
    return AttachmentRow(
        id=said.id or new_id(),
        task_id=said.task_id,
        customer_id=customer_id,
        staff_id=scope.staff_id,
        callback_id=None,
        state=AttachmentState.ANNOUNCED,
        kind=said.kind,
        content_type=said.content_type,
        size=said.size,
        digest=said.digest,
        announced_at=unit.now,
        salt=None,
    )


def _same(known: AttachmentRow, wanted: AttachmentRow) -> bool:
    return (known.task_id, known.staff_id, known.kind, known.said) == (
        wanted.task_id, wanted.staff_id, wanted.kind, wanted.said,
    )  # fmt: skip


async def attach(
    unit: Unit, scope: StaffScope, attachment_ids: Sequence[UUID], callback_id: UUID, customer_id: UUID
) -> None:
    """Let a kept callback name attachments: uploaded, announced, or not announced yet, so that bad reception never holds a callback up.

    A correction takes them over from the callback it corrects. Raises `Invalid` (field `attachments[n]`) for those of a colleague or another customer.
    """
    if len(attachment_ids) > MOST_OF_CALLBACK:
        raise Invalid("attachments", f"more than {MOST_OF_CALLBACK}")
    if not attachment_ids:
        return
    named = await name_attachments(unit, scope, attachment_ids, (callback_id, customer_id))
    for place, each in enumerate(attachment_ids):
        if each not in named:
            raise Invalid(f"attachments[{place}]", "is not known")
