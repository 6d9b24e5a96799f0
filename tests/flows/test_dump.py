"""A stolen dump is worthless: names, phones, notes and copied texts are in no column in any encoding a grep would try; look-up by phone works."""

import base64
import subprocess
from collections.abc import AsyncIterator

import pytest

from backend import embedded
from backend.db.engine import driver_url
from backend.db.units import Units
from backend.embedded.programs import POSTGRES_BIN
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.people.lookups import customer_ids
from tasks.people.persons import find_by_name, find_by_phone, open_customers
from tests.http.salon import Salon, open_salon
from tests.support.api import Api, quick_services
from tests.support.clock import TestClock, shanghai
from tests.support.clouds import cloud
from tests.support.plans import sweep
from tests.support.world import World

NAME, PHONE, NOTE, SAID, CODE = "诸葛紫鸢", "13987650123", "不要提她的前夫柳", "她说想换成淡金色亚麻", "VIP-诸葛-77"
PLAIN = "明文对照产品甲"
GRIEF, WISH, WHY, LONG = "毛巾有股霉味还漏水", "想给婆婆也办一张", "嫌隔壁太吵退掉了", "整段聊天记录" * 40
DEAL = "明文对照团购乙"


@pytest.fixture
async def api(units: Units, master: MasterKey) -> AsyncIterator[Api]:
    made = Api.of(quick_services(units, master))
    yield made
    await made.client.aclose()


def dump(servers: embedded.Servers) -> bytes:
    """Every row of the database, as a thief who is superuser would take it."""
    parsed = driver_url(servers.database_url)
    command = [
        str(POSTGRES_BIN / "pg_dump"),
        "--data-only",
        "-h",
        str(parsed.query["host"]),
        "-U",
        "postgres",
        str(parsed.database),
    ]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603  # our own wheel's program


def disguises(text: str) -> list[bytes]:
    """The text as a dump could hold it: plain, GB18030, hex and base64 of both."""
    plain = [text.encode(), text.encode("gb18030")]
    return [*plain, *(raw.hex().encode() for raw in plain), *(base64.b64encode(raw).rstrip(b"=")[:-1] for raw in plain)]


async def live_a_little(salon: Salon, clock: TestClock) -> None:
    """A customer with everything personal goes through the main job: task, copy, reveal, callback with a note."""
    await come_once(salon)
    await clock.set(shanghai("2026-03-09 10:00"))
    await sweep(World(salon.services.units, salon.services.master, salon.merchant_id))
    employee = await salon.caller("employee")
    (card,) = (await employee.ask("GET", "/v1/staff/tasks?bucket=today"))["items"]
    task = f"/v1/staff/tasks/{card['id']}"
    page = await employee.ask("GET", task)
    script = page["scripts"][0]
    assert NAME in script["text"]
    await employee.ask("POST", f"{task}/script-copies", json={"variant": script["variant"], "text": script["text"]})
    await employee.ask("POST", f"/v1/staff/customers/{page['customer']['id']}/reveal-phone")
    said = {
        "actionId": str(new_id()),
        "outcome": "no_answer",
        "note": SAID,
        "occurredAt": shanghai("2026-03-09 10:00").isoformat(),
    }
    await employee.ask("POST", f"{task}/callbacks", json=said)


async def come_once(salon: Salon) -> None:
    """A new customer with a note, a plan that waits for her, and her first visit."""
    pos, owner = await salon.caller("key"), await salon.caller("owner")
    service = {"code": "CUT", "name": PLAIN, "kind": "service", "cycleDays": 30}
    await pos.ask("PUT", "/v1/intake/products:batch", json={"items": [service]})
    person = {"externalId": CODE, "name": NAME, "nickname": NAME, "phones": [PHONE], "notes": NOTE, "homeStore": "S1"}
    await pos.ask("PUT", "/v1/intake/customers:batch", json={"items": [person]})
    plan = await owner.ask("POST", "/v1/owner/plans", json={"template": "second_visit"})
    match = {"if-match": f'"{plan["etag"]}"'}
    await owner.ask("POST", f"/v1/owner/plans/{plan['id']}/activate", headers=match)
    at = shanghai("2026-03-02 07:00").isoformat()
    visit = {"customer": CODE, "store": "S1", "at": at, "staff": "employee", "service": "CUT"}
    await pos.ask("PUT", "/v1/intake/visits:batch", json={"items": [visit]})
    await say_much(salon)


async def say_much(salon: Salon) -> None:
    """Events with free words, undeclared fields, and a field whose text is too long to be anything but somebody's words."""
    pos, at = await salon.caller("key"), shanghai("2026-03-02 07:30")
    declared = {"code": "stars", "name": "星", "kind": "number", "eventType": "custom.survey"}
    await pos.ask("PUT", "/v1/intake/attributes:batch", json={"items": [declared]})
    told = [
        cloud("bad_review", at, customer="C-S1", category="环境", text=GRIEF),
        cloud("tried_not_bought", at, customer=CODE, product=LONG, text=GRIEF),
        cloud("order_closed", at, customer=CODE, reason=WHY),
        cloud("custom.survey", at, customer=CODE, fields={"stars": 2, "wish": WISH}),
        cloud("custom.unheard", at, customer=CODE, fields={"wish": WISH}),
        cloud("custom.survey", at, customer="NOBODY-YET", fields={"stars": 3, "wish": WISH}),
        cloud("voucher_redeemed", at, customer=CODE, platform="meituan", deal=DEAL),
    ]
    answer = await pos.ask("POST", "/v1/intake/events", json=told)
    assert {one["status"] for one in answer["results"]} == {"accepted"}


async def test_a_dump_says_nothing_of_anybody(
    servers: embedded.Servers, api: Api, units: Units, master: MasterKey, clock: TestClock
) -> None:
    salon = await open_salon(quick_services(units, master), api)
    await live_a_little(salon, clock)
    taken = dump(servers)
    assert PLAIN.encode() in taken
    assert DEAL.encode() in taken
    words = (NAME, PHONE, NOTE, SAID, CODE, GRIEF, WISH, WHY, LONG)
    found = [(secret, form) for secret in words for form in disguises(secret) if form in taken]
    assert found == []


async def test_look_up_by_phone_and_name_works(api: Api, units: Units, master: MasterKey, clock: TestClock) -> None:
    salon = await open_salon(quick_services(units, master), api)
    await live_a_little(salon, clock)
    async with units.open(salon.merchant_id) as unit:
        found = await customer_ids(unit, [CODE])
        assert (
            list(found.values()) == await find_by_phone(unit, "+86 139-8765-0123") == await find_by_name(unit, "诸葛")
        )
        (person,) = (await open_customers(unit, list(found.values()))).values()
        assert (person.name, person.notes) == (NAME, NOTE)
