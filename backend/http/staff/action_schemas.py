"""What crosses the edge when a phone sends what it did without reception: each action is read by itself, so that a bad one costs only itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Union
from uuid import UUID

import msgspec

from backend.http.problems.faults import Fault, read_fault, unstorable
from backend.http.problems.mapper import Problem
from backend.http.requests import JSON, suspect
from tasks.flow.action_kinds import KINDS
from tasks.flow.action_sent import Verdict
from tasks.flow.replay_actions import MOST

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Device = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


def _shape(name: str) -> type[msgspec.Struct]:
    """Return the envelope of a kind, told apart by `kind`; its body is the kind's own."""
    title = "".join(part.capitalize() for part in name.split("_"))
    return msgspec.defstruct(
        f"{title}Action",
        [("action_id", UUID), ("occurred_at", Instant), ("body", KINDS[name].shape), ("seq", Number | None, None)],
        namespace={"__doc__": f"`{name}`: {(KINDS[name].shape.__doc__ or '').strip()}"},
        tag_field="kind", tag=name, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True,
    )  # fmt: skip


SHAPES: Final = {name: _shape(name) for name in KINDS}
ActionIn: Any = Union[tuple(SHAPES.values())]  # noqa: UP007  # made from the registry
"""One action of any kind."""


class Unreadable(msgspec.Struct, frozen=True):
    """An action that could not be read, and why; `action_id` is None when not even that was there. `unknown` says that the kind is none of ours."""

    fault: Fault
    action_id: UUID | None
    kind: str
    unknown: bool


class _Head(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    actions: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MOST)]
    installation_id: Device | None = None


class _Name(msgspec.Struct, rename="camel"):
    action_id: UUID
    kind: str = ""


class ActionsIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Up to a hundred actions of one phone. `installationId` is the app's own id on that phone: with it, `seq` counts from 1, and gaps are told."""

    MEDIA: ClassVar[frozenset[str]] = JSON

    actions: Annotated[list[ActionIn], msgspec.Meta(min_length=1, max_length=MOST)]
    installation_id: Device | None = None

    @classmethod
    def read(cls, body: bytes, _media: str) -> "ActionsIn":
        """Return them, `Unreadable` in place of one that is not an action; raises `msgspec.MsgspecError` for what is no list of actions at all."""
        head = _head.decode(body)
        return cls(actions=[_read(each) for each in head.actions], installation_id=head.installation_id)


_head = msgspec.json.Decoder(_Head)
_name = msgspec.json.Decoder(_Name)
_action = msgspec.json.Decoder(ActionIn)


def _read(raw: msgspec.Raw) -> Any:
    try:
        action = _action.decode(raw)
    except (msgspec.ValidationError, RecursionError) as fault:
        return _unreadable(raw, read_fault(str(fault)))
    wrong = unstorable(action) if suspect(bytes(raw)) else None
    return _unreadable(raw, wrong) if wrong else action


def _unreadable(raw: msgspec.Raw, fault: Fault) -> Unreadable:
    try:
        named = _name.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return Unreadable(fault, None, "", unknown=False)
    if named.kind not in KINDS:
        return Unreadable(("kind", "choice", {}), named.action_id, "", unknown=True)
    return Unreadable(fault, named.action_id, named.kind, unknown=False)


class ActionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one action.

    `verdict` is `duplicate` when it came before; `first` is the verdict that stands for ever. `answer` is what the call of its own answers, `problem` why it
    was rejected. `final` False: nothing was kept, send it again later. `occurredAt` is the instant that is reckoned with, `suspectClock` says that the
    phone's was not believed; `seqRepeated` says that the phone gave the number to another action before.
    """

    action_id: UUID | None
    verdict: Verdict
    first: Verdict
    final: bool
    answer: dict[str, Any] | None = None
    problem: Problem | None = None
    occurred_at: datetime | None = None
    received_at: datetime | None = None
    suspect_clock: bool = False
    seq_repeated: bool = False


class SequenceOut(msgspec.Struct, frozen=True, rename="camel"):
    """The highest number the phone has given, and the numbers below it that never came: send those again."""

    highest: int
    missing: Sequence[int]


class ActionsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One result for each action, in the order they were sent; `sequence` when the phone counts."""

    results: Sequence[ActionOut]
    sequence: SequenceOut | None
    server_time: datetime
