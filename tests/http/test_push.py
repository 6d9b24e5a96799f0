"""Devices, notifications and group robots as a phone and a manager's browser see them."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from backend.push.vapid import base64url, from_base64url, point
from tasks.kernel.ids import new_id
from tasks.notices.states import NoticeKind
from tasks.notices.telling import Telling, tell_staff
from tests.http.salon import PASSWORD, Salon
from tests.support.clock import TestClock

TOKEN = {"provider": "fcm", "address": "token-1", "addressKind": "token", "appVersion": "1.0", "locale": "en"}
URL = "https://oapi.dingtalk.com/robot/send?access_token=the-secret-token"


async def tell(salon: Salon, *kinds: NoticeKind, who: str = "employee") -> None:
    told = [
        Telling(staff_id=salon.staff[who], kind=kind, key=f"test:{new_id()}", facts={"open": 3, "overdue": 1})
        for kind in kinds
    ]
    async with salon.services.units.open(salon.merchant_id) as unit:
        await tell_staff(unit, told)


async def devices(salon: Salon) -> list[dict[str, Any]]:
    return await salon.rows("select staff_id, provider, locale from device where merchant_id = :merchant")


def subscription() -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    keys = {"p256dh": base64url(point(key)), "auth": base64url(b"0" * 16)}
    return {"endpoint": "https://updates.push.services.mozilla.com/wpush/v2/x", "expirationTime": None, "keys": keys}


async def test_a_phone_says_where_it_is_and_leaves(salon: Salon, clock: TestClock) -> None:
    employee = await salon.caller("employee")
    path = f"/v1/staff/devices/phone-{new_id()}"
    first = await employee.ask("PUT", path, json=TOKEN)
    assert first == await employee.ask("PUT", path, json=TOKEN), "again changes nothing"
    assert "token-1" not in str(first)
    assert [row["locale"] for row in await devices(salon)] == ["en"]
    assert (await employee.delete(path)).status_code == 204
    assert (await employee.delete(path)).status_code == 404
    assert await devices(salon) == []


async def test_a_browser_subscribes_under_our_key(salon: Salon, clock: TestClock) -> None:
    employee = await salon.caller("employee")
    said = await employee.ask("GET", "/v1/staff/push")
    assert said["fcm"] is False
    assert len(from_base64url(said["vapidPublicKey"])) == 65
    body = {"provider": "webpush", "subscription": subscription()}
    answer = await employee.ask("PUT", f"/v1/staff/devices/browser-{new_id()}", json=body)
    assert answer["addressKind"] == "subscription"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"provider": "fcm"}, "addressKind"),
        ({"provider": "fcm", "address": "a"}, "addressKind"),
        ({"provider": "fcm", "addressKind": "fid"}, "address"),
        ({"provider": "inapp", "address": "a", "addressKind": "token"}, "addressKind"),
        ({"provider": "webpush"}, "subscription"),
        ({"provider": "fcm", "subscription": subscription()}, "subscription"),
        ({"provider": "webpush", "subscription": subscription(), "address": "a"}, "address"),
        (
            {"provider": "webpush", "subscription": subscription() | {"keys": {"p256dh": "A" * 87, "auth": "A" * 22}}},
            "subscription.keys",
        ),
    ],
)
async def test_what_does_not_go_together_is_refused(
    salon: Salon, clock: TestClock, body: dict[str, Any], field: str
) -> None:
    employee = await salon.caller("employee")
    answer = await employee.put(f"/v1/staff/devices/phone-{new_id()}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text


@pytest.mark.parametrize("endpoint", ["http://push.test/x", "https:/x", "ftp://x", "https://"])
async def test_a_subscription_that_is_no_https_address_is_refused(
    salon: Salon, clock: TestClock, endpoint: str
) -> None:
    employee = await salon.caller("employee")
    body = {"provider": "webpush", "subscription": subscription() | {"endpoint": endpoint}}
    assert (await employee.put(f"/v1/staff/devices/browser-{new_id()}", json=body)).status_code == 422


async def test_logging_out_detaches_the_phone(salon: Salon, clock: TestClock) -> None:
    caller = await salon.api.login(salon.phones["colleague"], PASSWORD, device="phone-of-colleague")
    await caller.ask("PUT", "/v1/staff/devices/phone-of-colleague", json=TOKEN | {"address": "token-of-colleague"})
    assert len(await devices(salon)) == 1
    await caller.post("/v1/auth/logout")
    assert await devices(salon) == []


async def test_notifications_are_read_in_ones_own_language(salon: Salon, clock: TestClock) -> None:
    employee = await salon.caller("employee")
    await tell(salon, NoticeKind.DIGEST, NoticeKind.URGED)
    await tell(salon, NoticeKind.ALERT, who="colleague")
    page = await employee.ask("GET", "/v1/staff/notifications", headers={"accept-language": "en"})
    assert [(one["kind"], one["title"], one["body"]) for one in page["items"]] == [
        ("urged", "Urged by your manager: 1", "1 overdue"),
        ("digest", "Follow-ups today: 3", "1 overdue"),
    ]
    chinese = await employee.ask("GET", "/v1/staff/notifications")
    assert chinese["items"][1]["title"] == "今日回访 3 条"
    assert page["unread"] == 2


async def test_notifications_are_paged_and_marked(salon: Salon, clock: TestClock) -> None:
    employee = await salon.caller("employee")
    await tell(salon, *[NoticeKind.DIGEST] * 5)
    first = await employee.get("/v1/staff/notifications?limit=2&unread=true")
    assert 'rel="next"' in first.headers["link"]
    ids = [one["id"] for one in first.json()["items"]]
    following = await employee.ask("GET", f"/v1/staff/notifications?limit=100&cursor={first.json()['nextCursor']}")
    assert len(following["items"]) == 3
    assert await employee.ask("POST", "/v1/staff/notifications/read", json={"ids": ids[:1]}) == {"unread": 4}
    assert await employee.ask("POST", "/v1/staff/notifications/read", json={"upTo": ids[1]}) == {"unread": 0}
    colleague = await salon.caller("colleague")
    await tell(salon, NoticeKind.DIGEST)
    newest = (await employee.ask("GET", "/v1/staff/notifications"))["items"][0]["id"]
    assert await colleague.ask("POST", "/v1/staff/notifications/read", json={"ids": [newest]}) == {"unread": 0}
    assert (await employee.ask("GET", "/v1/staff/notifications"))["unread"] == 1, "a colleague reads one's own only"
    assert (await employee.get("/v1/staff/notifications?cursor=AAAA")).status_code == 400


async def test_a_phone_that_was_offline_marks_them_by_an_action(salon: Salon, clock: TestClock) -> None:
    employee = await salon.caller("employee")
    await tell(salon, NoticeKind.DIGEST)
    (notice,) = (await employee.ask("GET", "/v1/staff/notifications"))["items"]
    act = {
        "actionId": str(new_id()),
        "kind": "mark_read",
        "occurredAt": (await clock.now()).isoformat(),
        "body": {"upTo": notice["id"]},
    }
    answer = await employee.ask("POST", "/v1/staff/actions", json={"actions": [act]})
    assert [one["verdict"] for one in answer["results"]] == ["applied"], answer
    assert (await employee.ask("GET", "/v1/staff/notifications"))["unread"] == 0


async def test_a_robot_is_given_tried_and_taken_and_its_address_never_shown(salon: Salon, clock: TestClock) -> None:
    manager = await salon.caller("manager")
    path = f"/v1/manager/stores/{salon.stores['S1']}/robot"
    assert (await manager.get(path)).status_code == 404
    given = await manager.ask("PUT", path, json={"url": URL, "secret": "SECxyz"})
    assert (given["kind"], given["sentAt"]) == ("dingtalk", None)
    assert "the-secret-token" not in str(given)
    tried = await manager.post(f"{path}/test")
    assert tried.status_code == 202
    assert tried.json()["pushId"]
    (row,) = await salon.rows("select sealed from store_robot where merchant_id = :merchant")
    assert b"the-secret-token" not in row["sealed"]
    assert (await manager.delete(path)).status_code == 204
    assert (await manager.post(f"{path}/test")).status_code == 404


@pytest.mark.parametrize(
    "url", ["https://evil.test/robot/send?access_token=x", "http://oapi.dingtalk.com/robot/send", "https://127.0.0.1/x"]
)
async def test_a_robot_lives_at_known_hosts_only(salon: Salon, clock: TestClock, url: str) -> None:
    manager = await salon.caller("manager")
    answer = await manager.put(f"/v1/manager/stores/{salon.stores['S1']}/robot", json={"url": url})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "url")
    assert "群机器人" in answer.text
