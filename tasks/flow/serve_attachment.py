"""Showing an attachment to somebody who may see its task."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import structlog

from tasks.files.faults import FilesUnavailable
from tasks.files.repository import read_seen
from tasks.files.segments import SegmentSeal
from tasks.files.states import ENDINGS, AttachmentKind, AttachmentState, ContentType
from tasks.files.storing import BlobMissing, Storage, key_of
from tasks.flow.units import OpensUnits
from tasks.kernel.errors import NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.sealing import SealBroken

log = structlog.get_logger()


class Content(msgspec.Struct, frozen=True):
    """A stored attachment, not opened yet. `name` is safe in a header, `tag` changes with the content."""

    name: str
    content_type: ContentType
    size: int
    tag: str
    key: str
    seal: SegmentSeal


async def find_attachment(units: OpensUnits, scope: StaffScope, attachment_id: UUID) -> Content:
    """Return a stored attachment of a task the caller may see; raises `NotFound` for any other, and for an erased customer's."""
    async with units.open(scope.merchant_id) as unit:
        row = await read_seen(unit, scope, attachment_id)
        if row is None or row.salt is None or row.said is None or row.state is not AttachmentState.STORED:
            raise NotFound(what="附件/attachment")
        seal = SegmentSeal.of(unit.vault, row.salt, (row.customer_id, row.id), row.said.size)
    kind, said = row.kind or AttachmentKind.PHOTO, row.said
    name = f"{kind}-{row.id.hex[-8:]}.{ENDINGS[said.content_type]}"
    return Content(name, said.content_type, said.size, said.digest.hex(), key_of(scope.merchant_id, row.id), seal)


async def open_content(storage: Storage, content: Content) -> AsyncIterator[bytes]:
    """Return the plain content as a stream of which the first segment is known to be good; raises `FilesUnavailable`."""
    plain = _opened(storage, content)
    first = await anext(plain)
    return _chained(first, plain)


async def _opened(storage: Storage, content: Content) -> AsyncIterator[bytes]:
    try:
        async for piece in content.seal.opened(storage.get(content.key)):
            yield piece
    except (BlobMissing, SealBroken) as fault:
        log.error("attachment.open.failed", kind=type(fault).__name__, key=content.key)  # noqa: TRY400  # no trace is needed
        raise FilesUnavailable from fault


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
