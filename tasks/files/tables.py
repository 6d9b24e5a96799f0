"""The attachments; their bytes are kept elsewhere (tasks/files/storing.py)."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from tasks.files.states import LARGEST, AttachmentKind, AttachmentState, ContentType
from tasks.kernel.columns import Row, big, blob, check, index, instant, key, one_of, refers, text


class Attachment(Row, table=True):
    """A photo, voice note or screenshot about a customer, and the callback that names it.

    `digest` is the SHA-256 of the plain content; the content itself is sealed under the customer's salt. What a callback names before the phone has
    announced it has no kind, type, size and digest yet.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    task_id: UUID | None = Field(default=None)
    customer_id: UUID
    staff_id: UUID
    callback_id: UUID | None = Field(default=None)
    state: str = text()
    kind: str | None = text(default=None)
    content_type: str | None = text(default=None)
    size: int | None = big(default=None)
    digest: bytes | None = blob(default=None)
    announced_at: datetime = instant()
    stored_at: datetime | None = instant(default=None)

    __table_args__ = (
        refers("task_id", "task"),
        refers("customer_id", "customer"),
        refers("staff_id", "staff"),
        refers("callback_id", "callback"),
        one_of("state", AttachmentState),
        one_of("kind", AttachmentKind),
        one_of("content_type", ContentType),
        check("size", f"size between 1 and {LARGEST}"),
        check("digest", "length(digest) = 32"),
        check(
            "announced",
            "state = 'promised' or (task_id is not null and kind is not null and content_type is not null and size is not null "
            "and digest is not null)",
        ),
        check("stored", "(state = 'stored') = (stored_at is not null)"),
        index("ix_attachment_task", "task_id", where="task_id is not null"),
        index("ix_attachment_callback", "callback_id", where="callback_id is not null"),
        index("ix_attachment_customer", "customer_id"),
        index("ix_attachment_waiting", "announced_at", where="state <> 'stored'"),
    )
