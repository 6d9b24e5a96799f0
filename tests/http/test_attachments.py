"""Photos and voice notes over HTTP: announced, uploaded by address, shown to those who may see the task, and harmless to whoever looks."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

from backend.app import create_app
from backend.http.staff.upload_routes import arriving
from tasks.files.faults import UploadBroken
from tasks.files.states import ContentType
from tasks.kernel.ids import new_id
from tests.http.salon import Salon
from tests.support.clock import TestClock, shanghai
from tests.support.files import HEADS, PNG, announcement, content

ATTACHMENTS = "/v1/staff/attachments"


async def announce(salon: Salon, who: str = "employee", data: bytes = PNG, **said: Any) -> dict[str, Any]:
    task_id = said.pop("task", None) or await salon.task("S1", "employee")
    body = announcement(task_id, data, **said)
    found: dict[str, Any] = await (await salon.caller(who)).ask("POST", ATTACHMENTS, json=body)
    return found | {"task": task_id}


async def send(salon: Salon, url: str, data: Any = PNG) -> Response:
    """As a background upload does: without any token."""
    return await salon.api.nobody().call("PUT", url, content=data)


async def get(salon: Salon, ident: str, who: str = "employee", **headers: str) -> Response:
    return await (await salon.caller(who)).get(f"{ATTACHMENTS}/{ident}", headers=headers)


def code(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_screenshot_goes_up_and_comes_back_harmless(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    said = await announce(salon)
    assert said["state"] == "announced"
    assert code(await get(salon, said["id"])) == (404, "not-found"), "the bytes are not here yet"
    assert (await send(salon, said["uploadUrl"])).status_code == 204
    answer = await get(salon, said["id"])
    assert answer.status_code == 200
    assert answer.content == PNG
    told = {
        "content-type": "image/png",
        "content-length": str(len(PNG)),
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "private, no-cache",
        "content-disposition": f'attachment; filename="screenshot-{said["id"].replace("-", "")[-8:]}.png"',
    }
    assert {name: answer.headers[name] for name in told} == told
    unchanged = await get(salon, said["id"], **{"if-none-match": answer.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (await get(salon, said["id"], **{"if-none-match": '"another"'})).content == PNG
    (listed,) = (await (await salon.caller("employee")).get(f"/v1/staff/tasks/{said['task']}/attachments")).json()[
        "items"
    ]
    assert (listed["id"], listed["state"], listed["bytes"], listed["callbackId"]) == (
        said["id"],
        "stored",
        len(PNG),
        None,
    )


@pytest.mark.parametrize("kind", sorted(HEADS))
async def test_every_type_that_is_taken(salon: Salon, clock: TestClock, kind: ContentType) -> None:
    await clock.now()
    data = content(kind)
    what = "photo" if kind.startswith("image") else "voice"
    said = await announce(salon, data=data, kind=what, contentType=kind)
    assert (await send(salon, said["uploadUrl"], data)).status_code == 204
    answer = await get(salon, said["id"])
    assert (answer.content, answer.headers["content-type"]) == (data, kind.value)


@pytest.mark.parametrize(
    ("data", "said", "what"),
    [
        (PNG + b"1", {}, "size"),
        (PNG[:-1], {}, "size"),
        (PNG[:-1] + b"\x00", {}, "checksum"),
        (b"<html><script>alert(1)</script>".ljust(len(PNG)), {}, "type"),
        (b"MZ\x90\x00".ljust(len(PNG), b"\x00"), {}, "type"),
        (b"PK\x03\x04".ljust(len(PNG), b"\x00"), {}, "type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>".ljust(len(PNG)), {}, "type"),
        (content(ContentType.JPEG), {}, "type"),
        (content(ContentType.M4A)[:1000] + b"hdlr" + bytes(8) + b"vide" + bytes(1984), {"kind": "voice", "contentType": "audio/mp4"}, "type"),
        (content(ContentType.WEBM)[:1000] + b"V_VP9" + bytes(1995), {"kind": "voice", "contentType": "audio/webm"}, "type"),
    ],
)  # fmt: skip
async def test_what_was_not_announced_is_not_kept(
    salon: Salon, clock: TestClock, data: bytes, said: dict[str, Any], what: str
) -> None:
    await clock.now()
    known = await announce(salon, **said)

    async def unsized() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 700):
            yield data[start : start + 700]

    for sent in (data, unsized()):
        answer = await send(salon, known["uploadUrl"], sent)
        assert code(answer) == (422, "attachment-differs")
    english = {"accept-language": "en"}
    told = await salon.api.nobody().call("PUT", known["uploadUrl"], content=data, headers=english)
    assert told.json()["detail"].endswith(f"({what})")
    assert code(await get(salon, known["id"])) == (404, "not-found")
    (row,) = await salon.rows(
        "select state from attachment where merchant_id = :merchant and id = :id", id=UUID(known["id"])
    )
    assert row["state"] == "announced"


async def test_sent_again_it_is_the_same(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    said = await announce(salon, id=str(new_id()))
    answers = await asyncio.gather(*(send(salon, said["uploadUrl"]) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [204] * 4
    assert (await send(salon, said["uploadUrl"], b"whatever comes now")).status_code == 204
    assert (await get(salon, said["id"])).content == PNG
    again = await announce(salon, task=said["task"], id=said["id"])
    assert (again["state"], again["uploadUrl"]) == ("stored", None)


async def test_one_id_is_one_content(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    said = await announce(salon, id=str(new_id()))
    assert (await announce(salon, task=said["task"], id=said["id"]))["state"] == "announced"
    for who, data in (("employee", PNG + b"other"), ("colleague", PNG)):
        caller = await salon.caller(who)
        body = announcement(said["task"], data, id=said["id"])
        assert code(await caller.post(ATTACHMENTS, body)) == (422, "invalid")


async def test_an_address_ends_after_an_hour_and_a_new_one_can_be_had(salon: Salon, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-02 10:00"))
    said = await announce(salon, id=str(new_id()))
    await clock.set(shanghai("2026-03-02 11:01"))
    assert code(await send(salon, said["uploadUrl"])) == (410, "upload-expired")
    anew = await announce(salon, task=said["task"], id=said["id"])
    assert (await send(salon, anew["uploadUrl"])).status_code == 204


async def test_a_forged_address_is_nothing(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    said = await announce(salon)
    url: str = said["uploadUrl"]
    ticket = url.rsplit("/", 1)[1]
    flipped = "A" if ticket[25] != "A" else "B"
    for forged in (ticket[:25] + flipped + ticket[26:], ticket[:-2], "x", "%20", "é" * 10, ticket + "AA"):
        assert (await send(salon, f"{url.rsplit('/', 1)[0]}/{forged}")).status_code == 404
    assert code(await get(salon, said["id"])) == (404, "not-found")


async def test_a_removed_uploader_is_out(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    said = await announce(salon)
    await salon.rows(
        "update staff set status = 'removed' where merchant_id = :merchant and id = :id", id=salon.staff["employee"]
    )
    assert code(await send(salon, said["uploadUrl"])) == (404, "not-found")


async def test_only_who_sees_the_task_sees_the_picture(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    said = await announce(salon)
    await send(salon, said["uploadUrl"])
    seen = {who: (await get(salon, said["id"], who)).status_code for who in salon.staff if who != "removed"}
    assert seen == {"employee": 200, "colleague": 404, "manager": 200, "owner": 200, "employee2": 404, "manager2": 404}
    await salon.rows(
        "update task set assignee_id = :colleague where merchant_id = :merchant and id = :id",
        colleague=salon.staff["colleague"], id=said["task"],
    )  # fmt: skip
    assert [(await get(salon, said["id"], who)).status_code for who in ("employee", "colleague")] == [404, 200]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"contentType": "text/html"}, "contentType"),
        ({"contentType": "image/svg+xml"}, "contentType"),
        ({"contentType": "audio/mp4"}, "contentType"),
        ({"kind": "video"}, "kind"),
        ({"bytes": 8 * 1024 * 1024 + 1}, "bytes"),
        ({"bytes": 0}, "bytes"),
        ({"sha256": "abc"}, "sha256"),
        ({"name": "x.png"}, "name"),
    ],
)
async def test_what_cannot_be_announced(salon: Salon, clock: TestClock, said: dict[str, Any], field: str) -> None:
    await clock.now()
    body = announcement(await salon.task(), PNG, **said)
    answer = await (await salon.caller("employee")).post(ATTACHMENTS, body)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


async def test_a_body_that_is_too_large_is_cut_off(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    said = await announce(salon)
    answer = await salon.api.nobody().call(
        "PUT", said["uploadUrl"], content=PNG, headers={"content-length": str(17 * 1024 * 1024)}
    )
    assert answer.status_code in {413, 422}


async def test_a_phone_that_hangs_up_is_no_defect_of_ours(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    said = await announce(salon)
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": PNG[:100], "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send_back(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PUT", "scheme": "http", "path": said["uploadUrl"],
        "raw_path": said["uploadUrl"].encode(), "root_path": "", "query_string": b"", "headers": [], "client": None, "server": None,
    }  # fmt: skip
    app: Any = create_app(salon.services)
    await app(scope, receive, send_back)
    assert (sent[0]["status"], json.loads(sent[1]["body"])["code"]) == (400, "upload-broken")
    assert (await send(salon, said["uploadUrl"])).status_code == 204


async def test_a_phone_that_falls_silent_is_not_waited_for() -> None:
    class Silent:
        async def stream(self) -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.Event().wait()

    pieces = arriving(Silent(), 0.01)  # type: ignore[arg-type]  # all that is asked of a request
    assert await anext(pieces) == b"first"
    with pytest.raises(UploadBroken):
        await anext(pieces)


async def test_a_task_takes_fifty(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    task_id = await salon.task()
    for _ in range(50):
        await announce(salon, task=task_id)
    answer = await (await salon.caller("employee")).post(ATTACHMENTS, announcement(task_id, PNG))
    assert code(answer) == (429, "attachments-spent")
