"""The signed addresses of uploads: whoever holds one may send the bytes of one attachment for an hour, and nothing else."""

import base64
import binascii
import hmac
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import NotFound
from tasks.kernel.sealing import MasterKey, derive

_BODY: Final = 16 + 16 + 8
_MAC: Final = 16
_PURPOSE: Final = "upload"


class Ticket(msgspec.Struct, frozen=True):
    """What an upload address says: whose attachment, and until when it may be used."""

    merchant_id: UUID
    attachment_id: UUID
    until: datetime


def write_ticket(master: MasterKey, ticket: Ticket) -> str:
    """Return the ticket as the last part of a path; only the holder of the master key can make one."""
    body = ticket.merchant_id.bytes + ticket.attachment_id.bytes + int(ticket.until.timestamp()).to_bytes(8)
    return base64.urlsafe_b64encode(body + _mac(master, body)).decode().rstrip("=")


def read_ticket(master: MasterKey, text: str) -> Ticket:
    """Return what was written, whether it still may be used or not; raises `NotFound` for what we never wrote."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as fault:
        raise NotFound(what="上传/upload") from fault
    body, mac = raw[:_BODY], raw[_BODY:]
    if not hmac.compare_digest(mac, _mac(master, body)):
        raise NotFound(what="上传/upload")
    until = datetime.fromtimestamp(int.from_bytes(body[32:]), UTC)
    return Ticket(UUID(bytes=body[:16]), UUID(bytes=body[16:32]), until)


def _mac(master: MasterKey, body: bytes) -> bytes:
    return derive(master.token_key(_PURPOSE), body)[:_MAC]
