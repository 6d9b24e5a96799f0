"""What is inside the sealed blobs of people."""

import os

import msgspec
from msgspec import msgpack

SALT_BYTES = 16


class CustomerSeal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The personal words of a customer; one blob per row."""

    name: str | None = None
    nickname: str | None = None
    remark_name: str | None = None
    external_id: str | None = None
    notes: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Everything she is found by."""
        return tuple(name for name in (self.name, self.nickname, self.remark_name) if name)


class StaffSeal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The personal words of a staff member."""

    name: str
    phone: str | None = None
    external_id: str | None = None


def packed(seal: CustomerSeal | StaffSeal) -> bytes:
    """Return the plain bytes that are then sealed."""
    return msgpack.encode(seal)


def new_salt() -> bytes:
    """Return a fresh salt; deleting it makes what was sealed under it unreadable for ever."""
    return os.urandom(SALT_BYTES)
