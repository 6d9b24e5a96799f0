"""An action as it comes from a phone, and what became of it, as values."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tasks.actions.tables import Verdict

__all__ = ["Acted", "Performed", "Refusal", "Said", "Sent", "Verdict"]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One action: its id, its kind, when the phone says it was, and its body in the kind's shape; `seq` is the phone's own count, from 1."""

    action_id: UUID
    kind: str
    occurred_at: datetime
    body: msgspec.Struct
    device: str | None = None
    seq: int | None = None


class Acted(msgspec.Struct, frozen=True):
    """What a kind did, when it was not plainly applied: `superseded` says that something later had happened already and nothing was moved."""

    answer: Any
    verdict: Verdict = Verdict.APPLIED


class Said(msgspec.Struct, frozen=True):
    """A problem in one language: a sentence, and field, code and sentence of each field to blame."""

    detail: str
    errors: tuple[tuple[str, str, str], ...] = ()


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why an action was rejected. `final` False means that nothing was kept and the phone should send it again."""

    code: str
    status: int
    final: bool
    zh: Said
    en: Said


class Performed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an action; `first` is the verdict that stands for ever, `verdict` says `duplicate` when it had been given before."""

    action_id: UUID | None
    verdict: Verdict
    first: Verdict
    answer: Any = None
    refusal: Refusal | None = None
    occurred_at: datetime | None = None
    received_at: datetime | None = None
    suspect: bool = False
    seq_repeated: bool = False
