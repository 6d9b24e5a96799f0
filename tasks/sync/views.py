"""What a sync asks and answers."""

from enum import StrEnum
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.kernel.paging import MAX_LIMIT
from tasks.worklist.views import TaskShown


class Gone(StrEnum):
    """Why a phone must let go of a task."""

    REASSIGNED = "reassigned"
    """Somebody else has it now."""
    CLOSED = "closed"
    """It is over, and not the caller's own of the last day."""
    DELETED = "deleted"
    """It is not there any more."""


class SyncQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a device asks: from where, how many at most, in which language; `device` is its installation id, if it says one."""

    cursor: str | None = None
    limit: int = MAX_LIMIT
    device: str = ""
    locale: Locale = "zh-CN"


class Removed(msgspec.Struct, frozen=True, rename="camel"):
    """A task that the caller does not show any more; let it go unless a higher `rev` of it is known already."""

    id: UUID
    rev: int
    reason: Gone


class SyncTask(TaskShown, frozen=True, kw_only=True, rename="camel"):
    """A task as a phone keeps it.

    It carries instants and no judgement of them: what is overdue or due today the phone works out itself. `rev` grows within a store: of two states of one
    task the higher one is newer.
    """

    rev: int
