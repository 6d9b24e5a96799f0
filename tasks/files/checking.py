"""Content on its way in: passed on while it is what was announced, stopped at the byte that shows it is not."""

import hashlib
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from tasks.files.faults import AttachmentDiffers
from tasks.files.sniffing import HEAD, LONGEST_MARK, MOVING, sniff
from tasks.files.states import ContentType

SIZE: Final = "大小/size"
TYPE: Final = "类型/type"
CHECKSUM: Final = "校验值/checksum"


class Announced(msgspec.Struct, frozen=True):
    """What was said of content before it came: type, size in bytes, SHA-256."""

    content_type: ContentType
    size: int
    digest: bytes


async def checked(content: AsyncIterator[bytes], said: Announced) -> AsyncIterator[bytes]:
    """Yield the content; raises `AttachmentDiffers` as soon as size or type, and at the end when the checksum, is not the announced one."""
    check = _Check(said)
    async for chunk in content:
        check.see(chunk)
        yield chunk
    check.end()


class _Check:
    """Looks at content as it goes by."""

    def __init__(self, said: Announced) -> None:
        self._said = said
        self._size = 0
        self._digest = hashlib.sha256()
        self._head = b""
        self._tail = b""

    def see(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        self._size += len(chunk)
        if self._size > self._said.size:
            raise AttachmentDiffers(what=SIZE)
        self._digest.update(chunk)
        self._look_at_head(chunk)
        self._look_for_film(chunk)

    def end(self) -> None:
        """Say that there is no more."""
        if self._size != self._said.size:
            raise AttachmentDiffers(what=SIZE)
        if self._digest.digest() != self._said.digest:
            raise AttachmentDiffers(what=CHECKSUM)

    def _look_at_head(self, chunk: bytes) -> None:
        missing = min(HEAD, self._said.size) - len(self._head)
        if missing <= 0:
            return
        self._head += chunk[:missing]
        if len(chunk) >= missing and sniff(self._head) is not self._said.content_type:
            raise AttachmentDiffers(what=TYPE)

    def _look_for_film(self, chunk: bytes) -> None:
        mark = MOVING.get(self._said.content_type)
        if mark is None:
            return
        seen = self._tail + chunk
        if mark.search(seen):
            raise AttachmentDiffers(what=TYPE)
        self._tail = seen[-LONGEST_MARK:]
