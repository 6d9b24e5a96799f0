"""Where the sealed bytes of attachments are kept: what the flow asks of such a place. `backend.files` has the places."""

from collections.abc import AsyncIterator
from typing import Protocol
from uuid import UUID


class BlobMissing(Exception):  # a fact, not an "Error"
    """There is nothing under this key."""


class Storage(Protocol):
    """Keeps sealed bytes under keys; whatever cannot be done raises `FilesUnavailable`."""

    async def put(self, key: str, parts: AsyncIterator[bytes]) -> None:
        """Keep what `parts` yields, whole or not at all, in the place of what was there; what `parts` raises is raised."""

    def get(self, key: str) -> AsyncIterator[bytes]:
        """Yield what was put, in pieces of any size; raises `BlobMissing` at the first."""

    async def delete(self, key: str) -> None:
        """Forget it; nothing to do when there is nothing."""

    async def tidy(self) -> None:
        """Drop what uploads that died more than a day ago left behind."""


def key_of(merchant_id: UUID, attachment_id: UUID) -> str:
    """Return the key of an attachment: fan-out by the last two digits, which are random."""
    return f"{merchant_id.hex}/{attachment_id.hex[-2:]}/{attachment_id.hex}"
