"""Keyset cursors: opaque, stable under inserts, refused when garbled."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec

from tasks.kernel.errors import FlowError

T = TypeVar("T")

MAX_LIMIT = 100
"""The most a page may hold (http.md)."""


class CursorGarbled(FlowError):
    """The cursor is not one of ours."""

    code = "cursor-garbled"
    status = 400
    zh = "分页游标无效，请从头开始"
    en = "The cursor is not valid; start again without one"


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list and, when more follows, the cursor of the next."""

    items: Sequence[T]
    next_cursor: str | None = None


def encode_cursor(keys: Sequence[Any]) -> str:
    """Return an opaque cursor for the sort keys of the last row shown."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(list(keys))).decode().rstrip("=")


def decode_cursor(cursor: str, shape: type[T]) -> T:
    """Return the sort keys as `shape` (a tuple type); raises `CursorGarbled`."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        return msgspec.msgpack.decode(raw, type=shape)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as fault:
        raise CursorGarbled(field="cursor") from fault
