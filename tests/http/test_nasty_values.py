"""Every field of every book and form with values nobody expects: each is taken or refused by name, none is a defect, and good neighbours are kept."""

from typing import Any

import pytest
from msgspec import structs

from tasks.callbacks.outcomes import OUTCOMES
from tasks.callbacks.tables import Outcome
from tasks.kernel.ids import new_id
from tests.http.salon import Salon
from tests.support.clock import TestClock

NASTY: tuple[Any, ...] = (
    None, "", " ", "x", "NaN", "Infinity", "-0", "1e99999", "1e-99999", "9" * 400, -1, 0, 2**31, 2**63 - 1, -(2**63), 2**70, 1.5, 1e308,
    True, [], {}, [[]], [None], {"a": {}}, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-03-01T12:00:00", "2026-03-01T12:00:00+23:59",
    "0001-01-01", "9999-12-31", "2026-02-29", "a" * 20_000, "\u202e", "\ufeff", "😀" * 50, "\u0001", "'; drop table task; --", "%s{0}{x}",
)  # fmt: skip
ENTRY = {"externalId": "KE", "kind": "open", "at": "2026-03-01T12:00:00+08:00", "principalCents": 1000, "store": "S1"}
LINE = {
    "product": "CUT",
    "description": "剪",
    "quantity": "1",
    "cashCents": 100,
    "cardCents": 0,
    "taxCents": 0,
    "staff": ["employee"],
    "requested": False,
}
BOOKS: dict[str, dict[str, Any]] = {
    "customers": {
        "externalId": "N", "name": "某", "nickname": "某", "remarkName": "某", "phones": [], "wechat": "w", "gender": "female",
        "birthdayOn": "1990-01-01", "birthdayKind": "solar", "source": "s", "level": "l", "homeStore": "S1", "customerSinceOn": "2020-01-01",
        "consultant": "employee", "technician": "employee", "anonymous": False, "internal": False, "notes": "n",
    },
    "products": {"code": "CUT", "name": "剪发", "kind": "service", "category": "c", "priceCents": 1, "cycleDays": 30, "upkeep": "u", "active": True},
    "card-products": {"code": "SV", "name": "充值卡", "kind": "stored_value", "promo": False, "active": True},
    "cards": {
        "externalId": "K", "product": "SV", "customer": "C-S1", "store": "S1", "soldBy": "employee", "openedOn": "2026-03-01", "holders": [],
        "items": [], "entries": [],
    },
    "sales": {"externalId": "R", "store": "S1", "at": "2026-03-01T12:00:00+08:00", "customer": "C-S1", "lines": []},
    "visits": {"customer": "C-S1", "store": "S1", "at": "2026-03-01T12:00:00+08:00", "staff": "employee", "service": "CUT"},
    "appointments": {
        "externalId": "A", "store": "S1", "startsAt": "2026-03-09T12:00:00+08:00", "customer": "C-S1", "staff": "employee", "service": "CUT",
        "precision": "exact", "status": "booked", "bookedAt": "2026-03-01T12:00:00+08:00", "cancelledAt": None, "depositCents": 0,
    },
}  # fmt: skip


def variants(kind: str) -> list[dict[str, Any]]:
    """The good item with one field at a time replaced, ids apart so that they do not shadow each other."""
    base = BOOKS[kind]
    found = [
        base | ({"externalId": f"{field}-{n}"} if "externalId" in base else {}) | {field: bad}
        for field in base
        for n, bad in enumerate(NASTY)
    ]
    if kind == "sales":
        found += [
            base | {"externalId": f"L-{f}-{n}", "lines": [LINE | {f: bad}]} for f in LINE for n, bad in enumerate(NASTY)
        ]
    if kind == "cards":
        found += [
            base | {"externalId": f"E-{f}-{n}", "entries": [ENTRY | {"externalId": f"E-{f}-{n}", f: bad}]}
            for f in ENTRY
            for n, bad in enumerate(NASTY)
        ]
    return found


@pytest.mark.parametrize("kind", sorted(BOOKS))
async def test_no_value_of_a_book_is_a_defect(salon: Salon, clock: TestClock, kind: str) -> None:
    await clock.now()
    key = await salon.caller("key")
    for name in ("products", "card-products"):
        assert (await key.put(f"/v1/intake/{name}:batch", {"items": [BOOKS[name]]})).status_code == 200
    path, items = f"/v1/intake/{kind}:batch", variants(kind)
    for start in range(0, len(items), 20):
        batch = [*items[start : start + 20], BOOKS[kind]]
        answer = await key.put(path, {"items": batch})
        if answer.status_code >= 500:  # find the one, for the reader of a failure
            for item in batch:
                alone = await key.put(path, {"items": [item]})
                assert alone.status_code == 200, f"{item!r:.600} {alone.text}"
        assert answer.status_code == 200, answer.text
        results = answer.json()["results"]
        assert [each["index"] for each in results] == list(range(len(batch)))
        assert results[-1]["status"] in {"accepted", "duplicate"}, results[-1]
        assert all(each.get("code") for each in results if each["status"] == "rejected")


async def test_no_value_of_an_event_is_a_defect(salon: Salon) -> None:
    key = await salon.caller("key")
    base: dict[str, Any] = {
        "specversion": "1.0", "id": "e", "source": "pos", "type": "complaint", "time": "2026-03-01T12:00:00+08:00", "subject": "C-S1", "data": {},
    }  # fmt: skip
    data = {
        "customer": "C-S1",
        "store": "S1",
        "staff": "employee",
        "at": "2026-03-01T12:00:00+08:00",
        "externalId": "X",
        "lines": [],
        "cashCents": 1,
    }
    events = [base | {"id": f"{field}{n}"} | {field: bad} for field in base for n, bad in enumerate(NASTY)]
    for kind in ("purchase", "service_completed", "card_used", "appointment_booked", "complaint"):
        events += [
            base | {"id": f"{kind}{f}{n}", "type": kind, "data": data | {f: bad}}
            for f in data
            for n, bad in enumerate(NASTY)
        ]
    for start in range(0, len(events), 50):
        batch = events[start : start + 50]
        answer = await key.post("/v1/intake/events", batch)
        if answer.status_code >= 500:
            for event in batch:
                alone = await key.post("/v1/intake/events", event)
                assert alone.status_code == 200, f"{event!r:.600} {alone.text}"
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["results"]) == len(batch)


@pytest.mark.parametrize("outcome", sorted(OUTCOMES))
async def test_no_value_of_a_callback_is_a_defect(salon: Salon, clock: TestClock, outcome: Outcome) -> None:
    await clock.now()
    employee = await salon.caller("employee")
    task = await salon.task("S1", "employee")
    base: dict[str, Any] = {
        "outcome": outcome,
        "occurredAt": "2026-03-02T08:00:00+08:00",
        "channel": "wechat",
        "note": "n",
        "fields": {},
        "corrects": None,
        "attachments": [],
    }
    names = [field.encode_name for field in structs.fields(OUTCOMES[outcome].fields)]
    fields = ["on", *names]
    bodies = [base | {field: bad} for field in base for bad in NASTY] + [
        base | {"fields": {field: bad}} for field in fields for bad in NASTY
    ]
    for body in bodies:
        answer = await employee.post(f"/v1/staff/tasks/{task}/callbacks", body | {"actionId": str(new_id())})
        assert answer.status_code < 500, f"{body!r:.600} {answer.text}"


async def test_no_value_of_a_move_a_copy_a_plan_or_a_log_in_is_a_defect(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    employee, owner = await salon.caller("employee"), await salon.caller("owner")
    task = await salon.task("S1", "employee")
    for bad in NASTY:
        answers = [
            await employee.post(f"/v1/staff/tasks/{task}/snooze", {"until": bad}),
            await employee.post(f"/v1/staff/tasks/{task}/script-copies", {"variant": "second_visit/a", "text": bad}),
            await employee.post(
                f"/v1/staff/tasks/{task}/script-copies", {"variant": bad, "text": "x", "copiedAt": bad}
            ),
            await owner.post("/v1/owner/plans", {"template": bad}),
            await owner.post("/v1/owner/plans", {"template": "second_visit", "changes": bad}),
            await owner.post("/v1/owner/plans", {"template": "second_visit", "changes": {"name": bad}}),
            await owner.post("/v1/owner/plans", {"template": "second_visit", "changes": {"audience": bad}}),
            await owner.post("/v1/owner/plans", {"template": "second_visit", "changes": {"trigger": bad}}),
            await owner.post("/v1/owner/plans:preview", {"template": "second_visit", "asOf": bad}),
            await owner.get("/v1/manager/completion", params={"from": str(bad), "to": str(bad), "by": "plan"}),
            await owner.get("/v1/staff/tasks", params={"cursor": str(bad), "limit": str(bad), "bucket": str(bad)}),
            await owner.post("/v1/owner/api-keys", {"name": bad, "scopes": bad}),
            await owner.post("/v1/auth/login", {"phone": bad, "password": bad, "device": bad}),
            await owner.post("/v1/auth/refresh", {"refreshToken": bad}),
        ]
        assert [answer.request.url.path for answer in answers if answer.status_code >= 500] == [], repr(bad)


@pytest.mark.parametrize("depth", [5, 50, 300, 600, 900, 5000])
async def test_no_depth_is_a_defect(salon: Salon, depth: int) -> None:
    owner, key = await salon.caller("owner"), await salon.caller("key")
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    header = {"content-type": "application/json"}
    plan = await owner.call(
        "POST", "/v1/owner/plans", content=b'{"template":"second_visit","changes":' + deep + b"}", headers=header
    )
    tree = b'{"not":' * depth + b"{}" + b"}" * depth
    audience = b'{"template":"second_visit","changes":{"audience":' + tree + b"}}"
    answers = [plan, await owner.call("POST", "/v1/owner/plans", content=audience, headers=header)]
    event = b'{"specversion":"1.0","id":"d","source":"s","type":"complaint","subject":"C-S1","data":' + deep + b"}"
    answers.append(await key.call("POST", "/v1/intake/events", content=event, headers=header))
    assert [answer.text for answer in answers if answer.status_code >= 500] == []
