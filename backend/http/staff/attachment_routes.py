"""`/v1/staff/attachments`: photos, voice notes and chat screenshots of callbacks."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.response import Stream

from backend.files.tickets import Ticket, write_ticket
from backend.http.session import InScope, InUnit, looking_dependencies, services_of
from backend.http.shown import shown
from backend.http.staff.attachment_schemas import AttachmentIn, AttachmentOut, AttachmentsOut
from tasks.files.faults import AttachmentsSpent, FilesUnavailable
from tasks.files.states import AttachmentState, ContentType
from tasks.flow.announce_attachments import announce_attachment, task_attachments
from tasks.flow.serve_attachment import Content, find_attachment, open_content
from tasks.kernel.errors import Invalid
from tasks.kernel.scope import Role

UPLOADS: Final = "/v1/staff/uploads"
TYPES: Final = tuple(kind.value for kind in ContentType)
LOOKING: Final = looking_dependencies(Role.EMPLOYEE, leading=False)
EXAMPLE: Final = "01930000-0000-7000-8000-0000000000cc"
ASKED: Final = {
    "id": EXAMPLE,
    "taskId": "01930000-0000-7000-8000-0000000000dd",
    "kind": "screenshot",
    "contentType": "image/png",
    "bytes": 184_320,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
ANSWERED: Final = {
    "id": EXAMPLE,
    "state": "announced",
    "uploadUrl": f"{UPLOADS}/AZMAAAAAcACAAAAAAAAAqgGTAAAAAHAAgAAAAAAAAMwAAAAAaa5fQL7d1X0iGSmYCmMiZQVe7kw",
    "expiresAt": "2026-03-09T11:12:00Z",
}
LISTED: Final = {
    "items": [
        {
            "id": EXAMPLE,
            "kind": "screenshot",
            "contentType": "image/png",
            "bytes": 184_320,
            "state": "stored",
            "callbackId": "01930000-0000-7000-8000-0000000000ee",
            "staffId": "01930000-0000-7000-8000-0000000000ff",
            "announcedAt": "2026-03-09T10:12:00Z",
        }
    ]
}
HARMLESS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""A page that shows it can run nothing in it, whatever it is; a browser that is led to it saves it."""
IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", max_length=256, description="The ETag of the copy one has.")
]


@post(
    "/attachments",
    operation_id="AnnounceAttachment",
    summary="Get an address to upload an attachment to",
    opt=shown(Invalid, AttachmentsSpent, request=ASKED, answer=ANSWERED),
)
async def announce(
    request: Request[Any, Any, Any], data: JSONBody[AttachmentIn], unit: InUnit, who: InScope
) -> AttachmentOut:
    """Say what will be uploaded; the address is good for an hour. The same `id` with the same content gets another hour, as often as one likes."""
    expected = await announce_attachment(unit, who, data.said())
    if expected.state is AttachmentState.STORED:
        return AttachmentOut(expected.id, expected.state, None, None)
    until = expected.until.replace(microsecond=0)
    ticket = write_ticket(services_of(request).master, Ticket(who.merchant_id, expected.id, until))
    return AttachmentOut(expected.id, expected.state, f"{UPLOADS}/{ticket}", until)


@get(
    "/tasks/{task_id:uuid}/attachments",
    operation_id="ListTaskAttachments",
    summary="What is attached to a task",
    opt=shown(answer=LISTED),
)
async def listed(task_id: FromPath[UUID], unit: InUnit, who: InScope) -> AttachmentsOut:
    """Return what was announced and stored; `callbackId` says which callback names it."""
    return AttachmentsOut(list(await task_attachments(unit, who, task_id)))


@get(
    "/attachments/{attachment_id:uuid}",
    operation_id="GetAttachment",
    summary="The content of an attachment",
    dependencies=LOOKING,
    opt=shown(FilesUnavailable, unchanged=True, bytes=TYPES),
)
async def content(
    request: Request[Any, Any, Any], attachment_id: FromPath[UUID], who: InScope, if_none_match: IfNoneMatch = None
) -> Response[Any]:
    """Return the bytes as they were uploaded, in the type that was announced. Only those who may see the task; keep them no longer than one may."""
    services = services_of(request)
    found = await find_attachment(services.units, who, attachment_id)
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": "private, no-cache", **HARMLESS}
    if if_none_match and _names(if_none_match, found.tag):
        return Response(None, status_code=304, headers=headers)
    return Stream(
        await open_content(services.files, found), media_type=found.content_type, headers=headers | _described(found)
    )


def _names(if_none_match: str, tag: str) -> bool:
    return any(each.strip().removeprefix("W/") in {f'"{tag}"', "*"} for each in if_none_match.split(","))


def _described(found: Content) -> dict[str, str]:
    return {"Content-Length": str(found.size), "Content-Disposition": f'attachment; filename="{found.name}"'}


HANDLERS: Final = (announce, listed, content)
