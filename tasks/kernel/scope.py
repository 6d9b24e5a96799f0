"""Who is asking, and how far they may see."""

from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

MerchantId = NewType("MerchantId", UUID)


class Role(StrEnum):
    """What a person who logs in may do; a higher one may do what a lower one may, in its stores."""

    EMPLOYEE = "employee"
    """Works on tasks of the own stores."""
    MANAGER = "manager"
    """Sees and steers the stores of the membership."""
    OWNER = "owner"
    """Sees and steers every store of the merchant."""


class StaffScope(msgspec.Struct, frozen=True):
    """A logged-in staff member: the merchant, the stores they may see, and the role.

    Owners' `store_ids` are all stores of the merchant. Every query of the staff, manager and owner surfaces takes one.
    """

    merchant_id: UUID
    staff_id: UUID
    role: Role
    store_ids: tuple[UUID, ...]

    @property
    def leads(self) -> bool:
        """True for managers and owners."""
        return self.role is not Role.EMPLOYEE
