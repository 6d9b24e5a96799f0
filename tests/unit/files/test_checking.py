"""What content is, told by the content."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from tasks.files.checking import Announced, checked
from tasks.files.faults import AttachmentDiffers
from tasks.files.sniffing import sniff
from tasks.files.states import ENDINGS, IMAGES, LARGEST, MOST_BYTES, SOUND, TYPES, AttachmentKind, ContentType
from tests.support.files import HEADS, content

OTHERS = {
    "html": b"<!doctype html><html>",
    "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'>",
    "pdf": b"%PDF-1.7",
    "zip": b"PK\x03\x04",
    "windows program": b"MZ\x90\x00",
    "linux program": b"\x7fELF",
    "gif": b"GIF89a",
    "avif": b"\x00\x00\x00\x20ftypavif",
    "film": b"\x00\x00\x00\x20ftypqt  ",
    "wave": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "matroska": b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x82\x88matroska",
    "ogg of a film": b"OggS\x00\x02" + bytes(20) + b"\x2a\x80theora",
    "png without a header": b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dtEXt",
    "nothing": b"",
    "mpeg layer two": b"\xff\xfd\x80\x00",
}


@pytest.mark.parametrize("kind", list(ContentType))
def test_each_type_is_told(kind: ContentType) -> None:
    assert sniff(content(kind)[:512]) is kind
    assert len([one for one in HEADS if sniff(HEADS[one]) is kind]) == 1


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xfb\x90\x44", ContentType.MP3),
        (b"\xff\xf9\x50\x80", ContentType.AAC),
        (b"#!AMR-WB\n", ContentType.AMR),
        (b"\x00\x00\x00\x18ftypmp42", ContentType.M4A),
        (b"\x00\x00\x00\x18ftypmif1", ContentType.HEIC),
        (b"RIFF\x24\x00\x00\x00WEBPVP8X", ContentType.WEBP),
        (b"\xff\xd8\xff\xe1\x00\x10Exif", ContentType.JPEG),
    ],
)
def test_other_ways_to_begin(head: bytes, kind: ContentType) -> None:
    assert sniff(head) is kind


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_else_is_taken(name: str) -> None:
    assert sniff(OTHERS[name]) is None


def test_every_type_has_a_kind_a_limit_and_an_ending() -> None:
    assert set(IMAGES) | set(SOUND) == set(ContentType) == set(ENDINGS)
    assert set(TYPES) == set(MOST_BYTES) == set(AttachmentKind)
    assert max(MOST_BYTES.values()) == LARGEST


async def look(data: bytes, kind: ContentType, step: int) -> bytes:
    async def flow() -> AsyncIterator[bytes]:
        for at in range(0, len(data), step):
            yield data[at : at + step]
        yield b""

    said = Announced(kind, len(data), hashlib.sha256(data).digest())
    return b"".join([piece async for piece in checked(flow(), said)])


@pytest.mark.parametrize("step", [1, 7, 511, 512, 513, 10_000])
async def test_the_pieces_do_not_matter(step: int) -> None:
    for size in (40, 512, 2_000):
        data = content(ContentType.OGG, size)
        assert await look(data, ContentType.OGG, step) == data


@pytest.mark.parametrize("step", [1, 9, 10_000])
@pytest.mark.parametrize(
    ("kind", "mark"),
    [
        (ContentType.M4A, b"hdlr" + bytes(8) + b"vide"),
        (ContentType.WEBM, b"V_VP8"),
        (ContentType.OGG, b"\x80theora"),
    ],
)
async def test_a_film_is_no_sound_wherever_it_says_so(kind: ContentType, mark: bytes, step: int) -> None:
    sound = content(kind, 3_000)
    assert await look(sound, kind, step) == sound
    with pytest.raises(AttachmentDiffers):
        await look(sound[:1_500] + mark + sound[1_500:], kind, step)
    with pytest.raises(AttachmentDiffers):
        await look(sound + mark, kind, step)


async def test_a_picture_may_have_any_bytes() -> None:
    data = content(ContentType.JPEG) + b"V_VP8" + b"<script>"
    assert await look(data, ContentType.JPEG, 100) == data
