"""Whether an action is the same as before, and the answer it had."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from tasks.actions.faults import ActionRefused, ActionReused
from tasks.actions.repository import close_action, open_action
from tasks.actions.tables import Verdict
from tasks.kernel.connection import Row

__all__ = ["UNREADABLE", "check_same", "close_action", "digest_of", "first_answer", "open_action", "replay"]

T = TypeVar("T")

UNREADABLE: Final = b""
"""The digest of a body that could not be read: it stays rejected whatever comes under its id."""


def digest_of(body: msgspec.Struct) -> bytes:
    """Return the digest of a body: equal for the same words in any order of fields, different for any other body.

    Fields that a later version added are left out while they have their default (the class names them in `digested_later`): what a phone sent before
    an upgrade is known again after it.
    """
    words: dict[str, Any] = {}
    later: frozenset[str] = getattr(type(body), "digested_later", frozenset())
    for field in msgspec.structs.fields(body):
        value = getattr(body, field.name)
        if field.name not in later or value != _default(field):
            words[field.encode_name] = value
    return hashlib.sha256(msgspec.json.encode(words, order="sorted")).digest()


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def check_same(earlier: Row, kind: str, digest: bytes) -> None:
    """Raise `ActionReused` when the kind or the body was another one."""
    stored = bytes(earlier["digest"])
    if UNREADABLE not in {stored, digest} and (earlier["kind"] != kind or stored != digest):
        raise ActionReused(field="actionId")


def first_answer(earlier: Row) -> Mapping[str, Any]:
    """Return the stored answer as plain values; the driver gives it decoded."""
    answer: Mapping[str, Any] = earlier["answer"]
    return answer


def replay(earlier: Row, kind: str, digest: bytes, shape: type[T]) -> T:
    """Return the first answer as `shape`; raises `ActionReused` when the kind or the body was another one, `ActionRefused` when it was rejected."""
    check_same(earlier, kind, digest)
    answer = first_answer(earlier)
    if earlier["verdict"] == Verdict.REJECTED:
        raise ActionRefused(reason=answer.get("code", ""))
    return msgspec.convert(answer, shape)
