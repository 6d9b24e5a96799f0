"""Which storage a deployment has decided for."""

from typing import Final
from urllib.parse import urlsplit

from backend.files.local_disk import LocalDisk
from backend.settings import Settings
from tasks.files.storing import Storage

FOLDER: Final = "files"
"""Below the home folder."""


def open_storage(settings: Settings) -> Storage:
    """Return the S3-compatible store of `HUIFANG_FILES_URL`, or the folder below the home folder; connects to nothing yet."""
    if settings.files_url is None:
        return LocalDisk(settings.home / FOLDER)
    from backend.files.s3 import S3, Bucket  # noqa: PLC0415  # a client that a deployment with a folder need not load

    address = urlsplit(settings.files_url)
    return S3(
        Bucket(
            name=address.netloc,
            prefix=address.path.strip("/") or None,
            endpoint=settings.files_endpoint,
            region=settings.files_region,
            access_key=settings.files_access_key or "",
            secret_key=settings.files_secret_key or "",
        )
    )
