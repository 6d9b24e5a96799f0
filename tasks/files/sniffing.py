"""What content is, told from the content: its name and what the phone says of it prove nothing."""

import re
from collections.abc import Callable
from typing import Final

from tasks.files.states import ContentType

HEAD: Final = 512
"""Bytes from the beginning that tell the type."""
_BRANDS_OF_IMAGES: Final = {b"heic", b"heix", b"heim", b"heis", b"mif1"}
_BRANDS_OF_SOUND: Final = {b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"3gp4", b"3gp5", b"3gp6"}  # fmt: skip
_CODECS: Final = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")
_FTYP: Final = slice(4, 8)
_BRAND: Final = slice(8, 12)
MOVING: Final = {
    ContentType.M4A: re.compile(rb"hdlr.{8}vide", re.DOTALL),
    ContentType.WEBM: re.compile(rb"V_(?:VP8|VP9|AV1|MPEG)"),
    ContentType.OGG: re.compile(rb"\x80theora"),
}
"""What a container of sound has in it when it is a film."""
LONGEST_MARK: Final = 16
"""Bytes that such a mark has at most."""


def _brand(head: bytes) -> bytes:
    return head[_BRAND] if head[_FTYP] == b"ftyp" else b""


def _mp3(head: bytes) -> bool:
    sync = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2  # noqa: PLR2004  # 11 bits of sync, layer III
    return head.startswith(b"ID3") or sync


_TELL: Final[dict[ContentType, Callable[[bytes], bool]]] = {
    ContentType.JPEG: lambda head: head.startswith(b"\xff\xd8\xff"),
    ContentType.PNG: lambda head: head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR",
    ContentType.WEBP: lambda head: head.startswith(b"RIFF") and head[8:15] == b"WEBPVP8",
    ContentType.HEIC: lambda head: _brand(head) in _BRANDS_OF_IMAGES,
    ContentType.M4A: lambda head: _brand(head) in _BRANDS_OF_SOUND,
    ContentType.AAC: lambda head: head[:1] == b"\xff" and head[1:2] in {b"\xf0", b"\xf1", b"\xf8", b"\xf9"},
    ContentType.MP3: _mp3,
    ContentType.OGG: lambda head: head.startswith(b"OggS") and any(codec in head for codec in _CODECS),
    ContentType.AMR: lambda head: head.startswith((b"#!AMR\n", b"#!AMR-WB\n")),
    ContentType.WEBM: lambda head: head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:64],
}


def sniff(head: bytes) -> ContentType | None:
    """Return what begins like this, None for everything that is not taken."""
    return next((kind for kind, tells in _TELL.items() if tells(head)), None)
