"""Attachments of tests: beginnings of real files with noise behind them, and what a phone says of them."""

import hashlib
import random
from typing import Any
from uuid import UUID

from tasks.files.states import ContentType

HEADS: dict[ContentType, bytes] = {
    ContentType.JPEG: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    ContentType.PNG: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    ContentType.WEBP: b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    ContentType.HEIC: b"\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic",
    ContentType.M4A: b"\x00\x00\x00\x1cftypM4A \x00\x00\x00\x00M4A mp42isom",
    ContentType.AAC: b"\xff\xf1\x50\x80",
    ContentType.MP3: b"ID3\x04\x00\x00",
    ContentType.OGG: b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead",
    ContentType.AMR: b"#!AMR\n",
    ContentType.WEBM: b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x82\x84webm",
}
"""How a file of each type begins."""


def content(kind: ContentType, size: int = 3_000) -> bytes:
    """A file of a type and size, the same each time; the noise holds no mark of anything."""
    noise = random.Random(size).randbytes(size).replace(b"V_", b"v_")  # noqa: S311  # no secret
    return (HEADS[kind] + noise)[:size]


PNG = content(ContentType.PNG)


def announcement(task_id: UUID, data: bytes, **said: Any) -> dict[str, Any]:
    """The body a phone sends before it uploads a screenshot, changed as said."""
    body = {
        "taskId": str(task_id),
        "kind": "screenshot",
        "contentType": "image/png",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return body | said
