"""Sync over HTTP: tags, waiting without holding anything, and the stream, on a real server where it must be one."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn

from backend.app import create_app
from backend.auth.access import standing_families
from backend.auth.tokens import read_access
from backend.db.engine import open_engine
from backend.db.units import Units
from backend.http.staff.sync_hints import Subscriber, hints
from backend.http.streaming import Stay
from backend.jobs.bell import Bell
from backend.jobs.delivery import Delivery
from backend.listeners.hub import MOST_EACH, Hub, Whom, Woken
from backend.listeners.relay import Relay
from backend.listeners.watch import EVERY_S, Watch
from backend.services import Services
from tasks.flow.work_task import start
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role, StaffScope
from tasks.people.inputs import StaffIn
from tasks.people.service import upsert_staff
from tasks.worklist.feed import feed
from tests.http.salon import Salon, open_salon
from tests.support.api import Api, Caller
from tests.support.waiting import until

SYNC = "/v1/staff/sync/tasks"
SOON_S = 10.0


@dataclass
class Running:
    """The application on a socket, and a salon in it."""

    salon: Salon
    services: Services
    base: str

    async def change(self, task_id: UUID, who: str = "employee") -> None:
        """Somebody begins a task, in a unit that tells this process."""
        salon = self.salon
        scope = StaffScope(salon.merchant_id, salon.staff[who], Role.EMPLOYEE, (salon.stores["S1"],))
        async with self.services.units.open(salon.merchant_id) as unit:
            await start(unit, scope, task_id)

    async def tell(self, task_id: UUID) -> None:
        await tell(self.services.units, self.salon, task_id)


async def tell(units: Units, salon: Salon, task_id: UUID) -> None:
    async with units.open(salon.merchant_id) as unit:
        feed(unit).changed(salon.stores["S1"], task_id)


@pytest.fixture
async def told(services: Services) -> AsyncIterator[Services]:
    """Services whose units tell the listeners of this process, and a stream that lasts."""
    hub = Hub()
    relay = Relay("redis://127.0.0.1:1/0", hub)
    units = replace(services.units, deliver=Delivery(Bell("redis://127.0.0.1:1/0"), relay))
    yield replace(services, units=units, hub=hub, stream_s=60.0)
    await hub.close()
    await relay.close()


@pytest.fixture
async def running(told: Services) -> AsyncIterator[Running]:
    app = create_app(told)
    salon = await open_salon(told, Api(app))
    async with serving(app) as base:
        yield Running(salon, told, base)
        await told.hub.close()


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
        answering = asyncio.ensure_future(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await answering


async def synced(caller: Caller, **params: Any) -> tuple[dict[str, Any], str]:
    answer = await caller.get(SYNC, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json(), answer.headers["etag"]


async def test_what_nobody_changed_is_not_sent_again(salon: Salon) -> None:
    task_id = await salon.task()
    caller = await salon.caller("employee")
    page, tag = await synced(caller)
    assert [item["id"] for item in page["items"]] == [str(task_id)]
    assert "overdue" not in page["items"][0]
    assert tag.startswith('W/"')
    same = await caller.get(SYNC, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    await tell(salon.services.units, salon, task_id)
    changed = await caller.get(SYNC, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    quiet, tag = await synced(caller, cursor=changed.json()["cursor"])
    assert (quiet["items"], quiet["removed"], quiet["hasMore"]) == ([], [], False)
    again = await caller.get(SYNC, params={"cursor": changed.json()["cursor"]}, headers={"If-None-Match": tag})
    assert again.status_code == 304


async def test_details_come_when_they_are_asked_for(salon: Salon) -> None:
    await salon.task()
    caller = await salon.caller("employee")
    page, plain = await synced(caller)
    assert page["items"][0]["detail"] is None
    page, tag = await synced(caller, include="detail")
    assert page["items"][0]["detail"]["customer"]["phones"][0]["masked"].count("*") == 4
    assert tag != plain


@pytest.mark.parametrize(
    ("cursor", "status", "code"), [("garbled", 400, "cursor-garbled"), ("other device", 403, "sync-foreign")]
)
async def test_a_wrong_cursor_is_a_problem(salon: Salon, cursor: str, status: int, code: str) -> None:
    caller = await salon.caller("employee")
    headers = {"Installation-Id": "phone-1"}
    if cursor == "other device":
        cursor = (await caller.ask("GET", SYNC, headers=headers))["cursor"]
        headers = {"Installation-Id": "phone-2"}
    for path, query, more in (
        (SYNC, {"cursor": cursor}, {}),
        ("/v1/staff/stream", {}, {"Last-Event-ID": cursor}),
    ):
        answer = await caller.get(path, params=query, headers=headers | more)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_changed_role_begins_anew(salon: Salon) -> None:
    caller = await salon.caller("employee")
    page, _ = await synced(caller)
    await salon.rows(
        "delete from membership where merchant_id = :merchant and staff_id = :s", s=salon.staff["employee"]
    )
    answer = await caller.get(SYNC, params={"cursor": page["cursor"]})
    assert (answer.status_code, answer.json()["code"]) == (410, "sync-reset")


async def test_waiting_ends_with_the_change_and_holds_no_connection(running: Running) -> None:
    salon = running.salon
    task_id = await salon.task()
    caller = await salon.caller("employee")
    page, _ = await synced(caller)
    waiting = asyncio.ensure_future(synced(caller, cursor=page["cursor"], wait=25))
    await listening(running.services.hub, salon.merchant_id)
    pool: Any = running.services.units.engine.pool
    began = monotonic()
    await running.change(task_id)
    found, _ = await waiting
    assert monotonic() - began < 2.0
    assert [item["status"] for item in found["items"]] == ["in_progress"]
    assert running.services.hub.of(salon.merchant_id) == []
    waiting = asyncio.ensure_future(synced(caller, cursor=found["cursor"], wait=25))
    await listening(running.services.hub, salon.merchant_id)
    held = pool.checkedout()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert held == 0


async def listening(hub: Hub, merchant_id: UUID, many: int = 1) -> None:
    """Until so many wait and have looked: what they know is then filled in."""

    async def ready() -> bool:
        return len([each for each in hub.of(merchant_id) if each.known]) >= many

    await until(ready, SOON_S)


async def test_a_colleagues_change_does_not_end_the_waiting(running: Running) -> None:
    salon = running.salon
    theirs = await salon.task("S1", "colleague")
    caller = await salon.caller("employee")
    page, _ = await synced(caller)
    waiting = asyncio.ensure_future(synced(caller, cursor=page["cursor"], wait=1))
    await listening(running.services.hub, salon.merchant_id)
    await running.change(theirs, "colleague")
    found, _ = await waiting
    assert (found["items"], found["removed"]) == ([], [])
    assert found["cursor"] != page["cursor"], "but the phone need not look at it again"


class Events:
    """A stream, event by event."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def next(self) -> dict[str, str]:
        """The next event or comment, as its fields."""
        found: dict[str, str] = {}
        async for line in self._lines:
            if not line and found:
                return found
            name, _, value = line.partition(":")
            if line:
                found[name or "comment"] = value.strip()
        raise EOFError

    async def hint(self) -> dict[str, str]:
        """The next event that is no heartbeat."""
        async with asyncio.timeout(SOON_S):
            while True:
                found = await self.next()
                if "event" in found:
                    return found


@asynccontextmanager
async def streaming(running: Running, caller: Caller, **headers: str) -> AsyncIterator[Events]:
    sent = {"authorization": f"Bearer {caller.token}"} | headers
    async with (
        httpx.AsyncClient(base_url=running.base, timeout=SOON_S) as client,
        client.stream("GET", "/v1/staff/stream", headers=sent) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Events(answer)


async def test_a_stream_hints_goes_on_where_it_stood_and_tells_nothing(running: Running) -> None:
    salon = running.salon
    task_id = await salon.task()
    caller = await salon.caller("employee")
    page, _ = await synced(caller)
    async with streaming(running, caller, **{"Last-Event-ID": page["cursor"]}) as events:
        await listening(running.services.hub, salon.merchant_id)
        await running.change(task_id)
        hint = await events.hint()
        assert hint["event"] == "tasks"
        assert str(task_id) not in str(hint)
    found, _ = await synced(caller, cursor=hint["id"])
    assert [item["status"] for item in found["items"]] == ["in_progress"]
    await running.tell(task_id)
    async with streaming(running, caller, **{"Last-Event-ID": found["cursor"]}) as events:
        missed = await events.hint()
    assert missed["id"] == found["cursor"], "what happened while it was away is told at once"


async def test_a_stream_tells_of_notices(running: Running) -> None:
    salon = running.salon
    caller = await salon.caller("employee")
    page, _ = await synced(caller)
    async with streaming(running, caller, **{"Last-Event-ID": page["cursor"]}) as events:
        await listening(running.services.hub, salon.merchant_id)
        running.services.hub.tell(salon.merchant_id, staff_ids=[salon.staff["colleague"]])
        running.services.hub.tell(salon.merchant_id, staff_ids=[salon.staff["employee"]])
        assert (await events.hint())["event"] == "notice"


async def test_who_is_removed_is_out_within_five_seconds(running: Running) -> None:
    salon = running.salon
    caller = await salon.caller("employee")
    async with streaming(running, caller) as events:
        assert (await events.hint())["event"] == "tasks", "without a position there is something to sync"
        await listening(running.services.hub, salon.merchant_id)
        async with running.services.units.open(salon.merchant_id) as unit:
            gone = StaffIn(external_id="employee", name="走了", active=False)
            await upsert_staff(unit, running.services.master, [gone])
        began = monotonic()
        with pytest.raises((EOFError, StopAsyncIteration)):
            await events.hint()
        assert monotonic() - began < 5.0


async def test_a_stream_ends_with_its_token_and_with_the_server(running: Running) -> None:
    caller = await running.salon.caller("employee")
    stay = Stay(running.services, read_access(running.services.master, str(caller.token)), str(caller.token))
    async with stay.work() as (unit, scope):
        assert 0 < await stay.seconds_left(unit) <= 600
    said = [part async for part in hints(Subscriber(stay, stay.whom(scope), "", 0.3), None)]
    assert said[0].startswith(b"retry:")
    async with streaming(running, caller) as events:
        await events.hint()
        await running.services.hub.close()
        with pytest.raises((EOFError, StopAsyncIteration)):
            await events.hint()


async def test_a_stream_ends_when_it_cannot_look(running: Running) -> None:
    caller = await running.salon.caller("employee")
    stay = Stay(running.services, read_access(running.services.master, str(caller.token)), str(caller.token))
    async with stay.work() as (_, scope):
        told = Subscriber(stay, stay.whom(scope), "", 30.0)
    away = replace(
        running.services, units=Units(open_engine("postgresql://nobody@127.0.0.1:1/none"), running.services.master)
    )
    said = [part async for part in hints(replace(told, stay=replace(stay, services=away)), None)]
    assert b"event: tasks" in said[-1], "a sync says what is wrong"


async def test_what_no_message_told_is_found_by_looking(running: Running, units: Units) -> None:
    salon, hub = running.salon, running.services.hub
    task_id = await salon.task()
    caller = await salon.caller("employee")
    page, _ = await synced(caller)
    waiting = asyncio.ensure_future(synced(caller, cursor=page["cursor"], wait=25))
    await listening(hub, salon.merchant_id)
    began = monotonic()
    await tell(units, salon, task_id)  # these units tell nobody
    found, _ = await waiting
    assert [item["id"] for item in found["items"]] == [str(task_id)]
    assert monotonic() - began < 2 * EVERY_S


async def test_a_look_that_fails_sends_nobody_away_and_a_merchant_that_is_gone_everybody(told: Services) -> None:
    whom = Whom(new_id(), new_id(), new_id(), frozenset([new_id()]))
    away = Units(open_engine("postgresql://nobody@127.0.0.1:1/none"), told.master)
    with told.hub.listen(whom) as listener:
        await Watch(away, told.hub)._look_at(whom.merchant_id)
        assert await listener.wait(0) == Woken()
        await Watch(told.units, told.hub).look(whom.merchant_id)
        assert await listener.wait(0) == Woken(gone=True)
    await Watch(told.units, told.hub).look(whom.merchant_id)


async def test_one_look_is_for_all_who_wait(running: Running, units: Units) -> None:
    salon, hub = running.salon, running.services.hub
    caller = await salon.caller("employee")
    claims = read_access(running.services.master, str(caller.token))
    store = salon.stores["S1"]
    async with units.open(salon.merchant_id) as unit:
        assert await standing_families(unit, [claims.family_id, new_id()]) == {claims.family_id}
    whom = Whom(salon.merchant_id, claims.staff_id, claims.family_id, frozenset([store]))
    with hub.listen(whom) as first, hub.listen(whom) as second, hub.listen(replace(whom, family_id=new_id())) as ended:
        first.known, second.known, ended.known = {store: 0}, {store: 1}, {store: 1}
        await tell(units, salon, await salon.task())
        await Watch(units, hub).look(salon.merchant_id)
        assert (await first.wait(0)).tasks
        assert not (await second.wait(0)).tasks, "that one knows"
        assert (await ended.wait(0)).gone


async def test_too_many_listeners_of_one_log_in_push_out_the_eldest(told: Services) -> None:
    whom = Whom(new_id(), new_id(), new_id(), frozenset([new_id()]))
    from contextlib import ExitStack  # noqa: PLC0415  # only here

    with ExitStack() as stack:
        mine = [stack.enter_context(told.hub.listen(whom)) for _ in range(MOST_EACH + 2)]
        gone = [(await each.wait(0)).gone for each in mine]
    assert gone == [True, True, *[False] * MOST_EACH]


async def test_a_thousand_changes_are_one_hint_for_who_does_not_read(told: Services) -> None:
    whom = Whom(new_id(), new_id(), new_id(), frozenset([new_id()]))
    with told.hub.listen(whom) as listener:
        for _ in range(1_000):
            told.hub.tell(whom.merchant_id, whom.store_ids, [whom.staff_id])
        woken = await listener.wait(0)
        assert (woken.tasks, woken.notice, woken.gone) == (True, True, False)
        assert await listener.wait(0) == Woken()
