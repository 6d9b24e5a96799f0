"""`/v1/staff/uploads`: where the bytes of an attachment are sent. The address is the proof: a background upload outlives the access token."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any, Final

from litestar import Request, Router, put
from litestar.exceptions import InternalServerException
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, PathParameter

from backend.files.tickets import read_ticket
from backend.http.session import services_of
from backend.http.shown import shown
from tasks.files.faults import AttachmentDiffers, FilesUnavailable, UploadBroken, UploadExpired
from tasks.files.states import LARGEST, ContentType
from tasks.flow.receive_upload import Upload, receive_upload

TYPES: Final = tuple(kind.value for kind in ContentType)
PATIENCE_S: Final = 60.0
"""How long a phone may be silent in the middle of sending."""
InTicket = Annotated[FromPath[str], PathParameter(max_length=128, description="As in `uploadUrl`.")]


@dataclass
class Uploading(Operation):
    """An operation whose body is bytes of one of the types that are taken."""

    def __post_init__(self) -> None:
        """Say so; the handler reads the body as a stream, so its signature does not."""
        content = {media: OpenAPIMediaType(schema=_binary()) for media in TYPES}
        self.request_body = RequestBody(content=content, required=True, description="The content, as it was announced.")


def _binary() -> Schema:
    return Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, max_length=LARGEST)


@put(
    "/{ticket:str}",
    operation_id="UploadAttachment",
    summary="Upload the content of an attachment",
    status_code=204,
    request_max_body_size=LARGEST,
    operation_class=Uploading,
    opt=shown(
        AttachmentDiffers,
        UploadBroken,
        UploadExpired,
        FilesUnavailable,
        request="(the bytes of the file)",
        media=TYPES,
    ),
)
async def upload(request: Request[Any, Any, Any], ticket: InTicket) -> None:
    """Keep the bytes if they are what was announced, whatever type the request says. No token is needed; broken off, send all of it again: that is the same."""
    services = services_of(request)
    known = read_ticket(services.master, ticket)
    wanted = Upload(known.merchant_id, known.attachment_id, known.until, request.content_length)
    async with aclosing(arriving(request, PATIENCE_S)) as content:
        await receive_upload(services.units, services.files, wanted, content)


async def arriving(request: Request[Any, Any, Any], patience_s: float) -> AsyncGenerator[bytes, None]:
    """Yield the body as it comes; raises `UploadBroken` when the caller hangs up or falls silent."""
    chunks = request.stream()
    while True:
        try:
            async with asyncio.timeout(patience_s):
                chunk = await anext(chunks, None)
        except (TimeoutError, InternalServerException) as fault:
            raise UploadBroken from fault
        if chunk is None:
            return
        yield chunk


def router() -> Router:
    """Return the surface."""
    return Router("/v1/staff/uploads", route_handlers=[upload], tags=["staff"])
