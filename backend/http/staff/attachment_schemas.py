"""What crosses the edge about attachments."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from tasks.flow.announce_attachments import Announcement, AttachmentKind, AttachmentView, ContentType

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of the content, in hexadecimal.")]
Bytes = Annotated[int, msgspec.Meta(ge=1, le=16 * 1024 * 1024, description="Size of the content.")]


class AttachmentIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What will be uploaded. `id` is the phone's own UUIDv7, so that a callback can name it before it is announced; without one we make it."""

    task_id: UUID
    kind: AttachmentKind
    content_type: ContentType
    size: Bytes = msgspec.field(name="bytes")
    sha256: Digest
    id: UUID | None = None

    def said(self) -> Announcement:
        """Return it as the flow takes it."""
        return Announcement(
            task_id=self.task_id,
            kind=self.kind,
            content_type=self.content_type,
            size=self.size,
            digest=bytes.fromhex(self.sha256),
            id=self.id,
        )


class AttachmentOut(msgspec.Struct, frozen=True, rename="camel"):
    """Where to send the bytes: a path of this API that needs no other proof. Null once they are here (`state` is `stored`)."""

    id: UUID
    state: str
    upload_url: str | None
    expires_at: datetime | None


class AttachmentsOut(msgspec.Struct, frozen=True):
    """The attachments of a task, oldest first; never more than fifty."""

    items: list[AttachmentView]
