"""Taking the bytes of an announced attachment: checked, sealed and kept as they come, no transaction held meanwhile."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec

from tasks.files.checking import SIZE, Announced, checked
from tasks.files.faults import AttachmentDiffers, UploadExpired
from tasks.files.repository import KEPT_WAITING, AttachmentRow, read_attachment, set_stored, uploader_works
from tasks.files.segments import SegmentSeal
from tasks.files.states import AttachmentState
from tasks.files.storing import Storage, key_of
from tasks.flow.units import OpensUnits
from tasks.kernel.errors import NotFound
from tasks.kernel.unit import Unit


class Upload(msgspec.Struct, frozen=True):
    """An upload that knocks: what its address says, and how many bytes the caller announces (None: unsaid)."""

    merchant_id: UUID
    attachment_id: UUID
    until: datetime
    length: int | None = None


async def receive_upload(units: OpensUnits, storage: Storage, upload: Upload, content: AsyncIterator[bytes]) -> None:
    """Keep the content if it is what was announced; sending it again is the same. Memory: a few segments.

    Raises `NotFound` (forgotten, or the uploader or the customer is gone), `UploadExpired`, `AttachmentDiffers` or `FilesUnavailable`; then nothing is kept.
    """
    async with units.open(upload.merchant_id) as unit:
        row, said = await _expected(unit, upload)
        seal = SegmentSeal.of(unit.vault, row.salt or b"", (row.customer_id, row.id), said.size)
    if row.state is AttachmentState.STORED:
        await _let_pass(content)
        return
    if upload.length not in {None, said.size}:
        raise AttachmentDiffers(what=SIZE)
    key = key_of(upload.merchant_id, row.id)
    await storage.put(key, seal.sealed(checked(content, said)))
    async with units.open(upload.merchant_id) as unit:
        kept = await set_stored(unit, row.id, said.digest) or await _was_stored(unit, row.id)
    if not kept:  # forgotten while it came
        await storage.delete(key)
        raise NotFound(what="上传/upload")


async def _expected(unit: Unit, upload: Upload) -> tuple[AttachmentRow, Announced]:
    row = await read_attachment(unit, upload.attachment_id)
    if row is None or row.said is None or row.salt is None or not await uploader_works(unit, row.staff_id):
        raise NotFound(what="上传/upload")
    if row.state is not AttachmentState.STORED:
        if row.announced_at + KEPT_WAITING < unit.now:
            raise NotFound(what="上传/upload")
        if upload.until < unit.now:
            raise UploadExpired
    return row, row.said


async def _was_stored(unit: Unit, attachment_id: UUID) -> bool:
    row = await read_attachment(unit, attachment_id)
    return row is not None and row.state is AttachmentState.STORED


async def _let_pass(content: AsyncIterator[bytes]) -> None:
    """Read to the end: answered in the middle of sending, a phone may miss the answer and begin anew."""
    async for _ in content:
        pass
