"""What an attachment can be and where it stands."""

from enum import StrEnum
from typing import Final


class AttachmentKind(StrEnum):
    """What an employee attaches."""

    PHOTO = "photo"
    """照片"""
    SCREENSHOT = "screenshot"
    """聊天截图"""
    VOICE = "voice"
    """语音"""


class AttachmentState(StrEnum):
    """How far an attachment has come."""

    PROMISED = "promised"
    """A callback names it, and the phone has not announced it yet."""
    ANNOUNCED = "announced"
    """Its size, type and checksum are known; the bytes are still on the phone."""
    STORED = "stored"
    """It is here, complete, checked and sealed."""


class ContentType(StrEnum):
    """The types of content that are taken; images and sound only."""

    JPEG = "image/jpeg"
    """A photo of most phones."""
    PNG = "image/png"
    """A screenshot of most phones."""
    WEBP = "image/webp"
    """An image that a web page or WeChat made."""
    HEIC = "image/heic"
    """A photo of an iPhone."""
    M4A = "audio/mp4"
    """A recording of an iPhone or of Android (AAC in MP4)."""
    AAC = "audio/aac"
    """A recording of Android (AAC in ADTS)."""
    MP3 = "audio/mpeg"
    """A recording of a headset or a dictating machine."""
    OGG = "audio/ogg"
    """A recording of a browser or of WhatsApp."""
    AMR = "audio/amr"
    """A recording of an old Android phone, or of WeChat."""
    WEBM = "audio/webm"
    """A recording of a browser."""


MIB: Final = 1024 * 1024
IMAGES: Final = (ContentType.JPEG, ContentType.PNG, ContentType.WEBP, ContentType.HEIC)
SOUND: Final = (
    ContentType.M4A,
    ContentType.AAC,
    ContentType.MP3,
    ContentType.OGG,
    ContentType.AMR,
    ContentType.WEBM,
)
TYPES: Final = {AttachmentKind.PHOTO: IMAGES, AttachmentKind.SCREENSHOT: IMAGES, AttachmentKind.VOICE: SOUND}
"""Kind → the types it may have."""
MOST_BYTES: Final = {
    AttachmentKind.PHOTO: 12 * MIB,
    AttachmentKind.SCREENSHOT: 8 * MIB,
    AttachmentKind.VOICE: 16 * MIB,
}
"""Kind → the most bytes it may have: a photo as the phone takes it, a quarter of an hour of speech."""
LARGEST: Final = max(MOST_BYTES.values())
ENDINGS: Final = {
    ContentType.JPEG: "jpg",
    ContentType.PNG: "png",
    ContentType.WEBP: "webp",
    ContentType.HEIC: "heic",
    ContentType.M4A: "m4a",
    ContentType.AAC: "aac",
    ContentType.MP3: "mp3",
    ContentType.OGG: "ogg",
    ContentType.AMR: "amr",
    ContentType.WEBM: "webm",
}
"""Type → how the name of a downloaded file ends."""
