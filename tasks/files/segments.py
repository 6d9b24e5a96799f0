"""Content of any length, sealed in segments, so that neither sealing nor opening holds more than one of them in memory.

Each attachment has a key of its own: HMAC-SHA256(merchant key, customer's salt, attachment), as the sealed columns have (ADR 6). A segment authenticates its
number and whether it is the last, so segments can be neither exchanged, left out, repeated nor cut off without `SealBroken`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from tasks.kernel.sealing import OVERHEAD, SealBroken, Vault, derive, seal, unseal

SEGMENT: Final = 64 * 1024
"""Plain bytes of every segment but the last: 0.7 ms of sealing, so the event loop is not held up."""


@dataclass(frozen=True)
class SegmentSeal:
    """Seals and opens the segments of one attachment.

    Attributes:
        key: of this attachment alone.
        context: whose it is; authenticated, not stored.
        size: plain bytes of the whole.
    """

    key: bytes = field(repr=False)
    context: bytes
    size: int

    @classmethod
    def of(cls, vault: Vault, salt: bytes, ids: tuple[UUID, UUID], size: int) -> Self:
        """Return the seal of (customer, attachment)."""
        customer, attachment = (each.bytes for each in ids)
        key = derive(vault.key, b"attachment", salt, attachment)
        return cls(key, vault.merchant_id.bytes + customer + attachment, size)

    @property
    def last(self) -> int:
        """Number of the last segment, counted from zero."""
        return (self.size - 1) // SEGMENT

    async def sealed(self, plain: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the sealed segments of `plain`, which is `size` bytes long."""
        number = 0
        async for piece in cut(plain, SEGMENT):
            yield seal(self.key, piece, self._about(number))
            number += 1

    async def opened(self, kept: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the plain segments; raises `SealBroken` when anything was changed, moved or cut off."""
        number = 0
        async for piece in cut(kept, SEGMENT + OVERHEAD):
            yield unseal(self.key, piece, self._about(number))
            number += 1
        if number != self.last + 1:
            raise SealBroken

    def _about(self, number: int) -> bytes:
        return self.context + number.to_bytes(8) + bytes([number == self.last])


async def cut(chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Yield the same bytes in pieces of `size`, the last one shorter; never an empty one."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
