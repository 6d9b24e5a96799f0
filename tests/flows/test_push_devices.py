"""A device belongs to one log-in, an address to one device, and who leaves is pushed no more."""

import asyncio
from functools import partial
from uuid import UUID

import pytest

from backend.auth.sessions import revoke_family
from backend.db.units import Units
from backend.push.provider import Message, Result, Verdict
from tasks.flow.urge_push import HandOver, tell_hand_overs, urge_push
from tasks.kernel.errors import NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.notices.devices import DeviceFact, detach_login, register, unregister
from tasks.notices.inbox import NoticeQuery, ReadFact, list_notices, mark_read
from tasks.notices.outbox import forget_pushes
from tasks.notices.states import AddressKind, NoticeKind, Provider
from tasks.notices.telling import Telling, tell_staff
from tasks.people.inputs import StaffIn
from tasks.people.service import upsert_staff
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, rows
from tests.support.pushes import Carrier, kinds, log_in, phone, pushes, send, states
from tests.support.rows import Ask, make_task
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, customers=3)


async def tell(world: World, *who: str, kind: NoticeKind = NoticeKind.URGED) -> None:
    told = [Telling(staff_id=world.staff[one], kind=kind, key=f"test:{new_id()}") for one in who]
    await world.do(lambda unit: tell_staff(unit, told))


async def heard(world: World, *who: str) -> list[str]:
    """Where what these are told now arrives."""
    carrier = Carrier()
    await tell(world, *who)
    await send(world, carrier)
    return sorted(one.address for one in carrier.messages)


async def test_everybody_is_pushed_on_all_their_phones(world: World) -> None:
    await phone(world, "E1", "A")
    await phone(world, "E1", "B", address_kind=AddressKind.FID)
    await phone(world, "E2", "C")
    assert await heard(world, "E1") == ["A", "B"]


async def test_an_app_that_only_asks_gets_notices_and_no_pushes(world: World) -> None:
    family_id = await log_in(world, "E1")
    fact = DeviceFact(installation_id="installation-a", provider=Provider.INAPP)
    await world.do(lambda unit: register(unit, world.scope("E1"), (world.master, family_id), fact))
    assert await heard(world, "E1") == []
    assert await kinds(world, "E1") == ["urged"]
    assert await count(world, "push") == 0


async def test_a_phone_that_another_person_logs_in_on_is_theirs(world: World) -> None:
    device = await phone(world, "E1", "A")
    assert await phone(world, "E2", "A") == device
    assert await heard(world, "E1", "E2") == ["A"]
    (row,) = await rows(world, "select staff_id from device where merchant_id = :merchant")
    assert row["staff_id"] == world.staff["E2"]


async def test_an_address_moves_with_the_app_that_says_it(world: World) -> None:
    await phone(world, "E1", "A", installation_id="first-installation")
    await phone(world, "E2", "A", installation_id="second-installation")
    assert await heard(world, "E1", "E2") == ["A"]
    assert await count(world, "device") == 1


async def test_an_address_that_logs_in_at_another_merchant_leaves_this_one(
    world: World, units: Units, master: MasterKey
) -> None:
    await phone(world, "E1", "A")
    other = await make_world(units, master)
    await phone(other, "E1", "A")
    assert await heard(world, "E1") == []
    assert await heard(other, "E1") == ["A"]
    await phone(world, "E1", "A")
    assert (await heard(world, "E1"), await heard(other, "E1")) == (["A"], [])


async def test_of_many_that_say_one_address_at_once_one_has_it(world: World) -> None:
    families = [await log_in(world, "E1") for _ in range(8)]
    phones = (
        phone(world, "E1", "A", installation_id=f"installation-{n}", family_id=family)
        for n, family in enumerate(families)
    )
    await asyncio.gather(*phones)
    assert await heard(world, "E1") == ["A"]


async def test_a_new_token_of_the_same_installation_replaces_the_old_one(world: World) -> None:
    first = await phone(world, "E1", "A", installation_id="one-installation")
    assert await phone(world, "E1", "B", installation_id="one-installation") == first
    assert await heard(world, "E1") == ["B"]


async def family_of(world: World) -> UUID:
    found: UUID = (await rows(world, "select family_id from device where merchant_id = :merchant"))[0]["family_id"]
    return found


async def test_who_logs_out_is_pushed_no_more_and_what_waits_is_dropped(world: World) -> None:
    await phone(world, "E1", "A")
    await tell(world, "E1")
    family_id = await family_of(world)
    await world.do(lambda unit: detach_login(unit, family_id))
    assert await states(world) == [("urged", "dropped", "detached")]
    assert await heard(world, "E1") == []


async def test_a_log_in_that_is_revoked_is_pushed_no_more(world: World) -> None:
    await phone(world, "E1", "A")
    await tell(world, "E1")
    family_id = await family_of(world)
    await world.do(lambda unit: revoke_family(unit, family_id, "reused"))
    assert await heard(world, "E1") == []
    assert await states(world) == [("urged", "dropped", "detached")]
    await world.do(forget_pushes)
    assert await count(world, "device") == 0


async def test_who_is_removed_hears_and_is_told_nothing(world: World) -> None:
    await phone(world, "E1", "A")
    await tell(world, "E1")
    gone = StaffIn(external_id="E1", name="走了", active=False)
    await world.do(lambda unit: upsert_staff(unit, world.master, [gone]))
    assert await heard(world, "E1") == []
    assert await kinds(world, "E1") == ["urged"], "only what came before"


async def test_one_detaches_ones_own_installation_only(world: World) -> None:
    await phone(world, "E1", "A", installation_id="installation-a")
    with pytest.raises(NotFound):
        await world.do(lambda unit: unregister(unit, world.scope("E2"), "installation-a"))
    await world.do(lambda unit: unregister(unit, world.scope("E1"), "installation-a"))
    assert await count(world, "device") == 0


async def test_an_address_is_sealed_and_stands_in_no_push(world: World) -> None:
    await phone(world, "E1", "a-token-that-is-secret")
    (row,) = await rows(world, "select sealed, address_index from device where merchant_id = :merchant")
    assert b"a-token-that-is-secret" not in row["sealed"]
    (push,) = await told_rows(world)
    assert "secret" not in str(push)


async def told_rows(world: World) -> list[dict[str, object]]:
    await tell(world, "E1")
    return await rows(world, "select * from push where merchant_id = :merchant")


async def test_a_dead_address_takes_what_waits_with_it_and_a_new_one_lives(world: World) -> None:
    await phone(world, "E1", "A", installation_id="one-installation")
    dead = Carrier(
        lambda message: Result(Verdict.INVALID_ADDRESS) if message.address == "A" else Result(Verdict.ACCEPTED)
    )
    await tell(world, "E1")
    await send(world, dead)
    assert await count(world, "device") == 0
    await phone(world, "E1", "B", installation_id="one-installation")
    await tell(world, "E1")
    await send(world, dead)
    assert [one.address for one in dead.messages] == ["A", "B"]


async def test_a_provider_that_throttles_is_left_alone_and_others_are_not(world: World, clock: TestClock) -> None:
    await phone(world, "E1", "A")
    await phone(world, "E2", "B")

    def busy(message: Message) -> Result:
        return Result(Verdict.THROTTLED, 120.0) if message.address == "A" else Result(Verdict.ACCEPTED)

    carrier = Carrier(busy)
    await tell(world, "E1")
    await send(world, carrier)
    await tell(world, "E2")
    at = await clock.now()
    found = {row["device_id"]: row for row in await pushes(world)}
    assert [row["state"] for row in found.values()] == ["queued", "queued"]
    waits = (min(row["next_at"] for row in found.values()) - at).total_seconds()
    assert waits <= 120
    await clock.advance(seconds=121)
    carrier.answer = lambda _message: Result(Verdict.ACCEPTED)
    await send(world, carrier)
    assert [row["state"] for row in await pushes(world)] == ["sent", "sent"]


async def test_a_newer_push_of_the_same_matter_replaces_one_that_waits(world: World) -> None:
    await phone(world, "E1", "A")
    await tell(world, "E1")
    await tell(world, "E1")
    await tell(world, "E1", kind=NoticeKind.ALERT)
    assert await states(world) == [
        ("urged", "dropped", "superseded"), ("urged", "queued", None), ("alert", "queued", None)
    ]  # fmt: skip


async def test_the_same_thing_is_told_once(world: World) -> None:
    await phone(world, "E1", "A")
    told = Telling(staff_id=world.staff["E1"], kind=NoticeKind.ALERT, key="the same")
    assert [await world.do(lambda unit: tell_staff(unit, [told])) for _ in range(2)] == [1, 0]
    assert await count(world, "push") == 1


async def test_an_urge_goes_out_at_once_to_who_has_the_tasks(world: World) -> None:
    await phone(world, "E1", "A")
    await phone(world, "E2", "B", locale="en")
    tasks = [(await make_task(world, Ask(customer=one))).task_id for one in ("C1", "C2")]
    tasks.append((await make_task(world, Ask(customer="C3", who="E2"))).task_id)
    assert await world.do(lambda unit: urge_push(unit, tasks)) == 2
    carrier = Carrier()
    await send(world, carrier)
    assert carrier.said == [("A", "店长催办 2 条回访", ""), ("B", "Urged by your manager: 1", "")]
    assert {one.address: one.data.get("taskId") for one in carrier.messages} == {"A": None, "B": str(tasks[2])}


async def test_a_hand_over_tells_who_got_and_who_lost_and_not_who_did_it(world: World) -> None:
    tasks = [(await make_task(world, Ask(customer=one))).task_id for one in ("C1", "C2")]
    first, second, manager = world.staff["E1"], world.staff["E2"], world.staff["manager"]
    moves = [HandOver(task_id=one, before=first, after=second, by=manager) for one in tasks]
    assert await world.do(lambda unit: tell_hand_overs(unit, moves)) == 2
    assert (await kinds(world, "E1"), await kinds(world, "E2")) == (["taken_over"], ["handed_over"])
    claimed = HandOver(task_id=tasks[0], before=second, after=first, by=first)
    await world.do(lambda unit: tell_hand_overs(unit, [claimed]))
    assert (await kinds(world, "E1"), await kinds(world, "E2")) == (["taken_over"], ["handed_over", "taken_over"])


async def test_notices_are_read_newest_first_by_their_owner(world: World, clock: TestClock) -> None:
    for _ in range(5):
        await tell(world, "E1")
    await tell(world, "E2")
    mine, theirs = world.scope("E1"), world.scope("E2")
    page = await world.do(lambda unit: list_notices(unit, mine, NoticeQuery(limit=3)))
    following = NoticeQuery(limit=3, cursor=page.next_cursor)
    rest = await world.do(lambda unit: list_notices(unit, mine, following))
    ids = [one.id for one in (*page.items, *rest.items)]
    assert (len(ids), ids, page.unread, rest.next_cursor) == (5, sorted(ids, reverse=True), 5, None)

    at = await clock.now()
    one = ReadFact(ids=[ids[0]], at=at)
    assert await world.do(lambda unit: mark_read(unit, theirs, one)) == 1, "somebody else's stays unread"
    assert await world.do(lambda unit: mark_read(unit, mine, one)) == 4
    assert await world.do(partial(mark_read, scope=mine, fact=ReadFact(up_to=ids[2], at=at))) == 1
    unread = await world.do(lambda unit: list_notices(unit, mine, NoticeQuery(unread_only=True)))
    assert [view.id for view in unread.items] == [ids[1]]
