"""Attachments in the flow: named by callbacks in any order, sealed where they lie, forgotten with their customer, and never in the way of a callback."""

import asyncio
import hashlib
import os
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from backend.db.units import Units
from backend.files.local_disk import LocalDisk
from tasks.files.faults import FilesUnavailable
from tasks.files.segments import SEGMENT
from tasks.files.service import MOST_OF_CALLBACK, attach
from tasks.files.states import MOST_BYTES, AttachmentKind, AttachmentState, ContentType
from tasks.files.storing import key_of
from tasks.flow.announce_attachments import Announcement, announce_attachment, task_attachments
from tasks.flow.log_callback import CallbackFact, log_callback
from tasks.flow.receive_upload import Upload, receive_upload
from tasks.flow.serve_attachment import find_attachment, open_content
from tasks.flow.tend_attachments import tend_attachments
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import OVERHEAD, MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.files import HEADS, content
from tests.support.plans import count, rows
from tests.support.rows import Ask, Made, make_task
from tests.support.world import World, make_world

DATA = content(ContentType.JPEG, 3 * SEGMENT + 100)


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, stores=1, employees=2, customers=2)


@pytest.fixture
def disk(tmp_path: Path) -> LocalDisk:
    return LocalDisk(tmp_path)


async def flow(data: bytes, step: int = 50_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), step):
        yield data[at : at + step]


async def announced(world: World, task_id: UUID, who: str = "E1", ident: UUID | None = None) -> UUID:
    said = Announcement(
        task_id=task_id, kind=AttachmentKind.PHOTO, content_type=ContentType.JPEG, size=len(DATA), digest=hashlib.sha256(DATA).digest(),
        id=ident or new_id(),
    )  # fmt: skip
    return (await world.do(lambda unit: announce_attachment(unit, world.scope(who), said))).id


async def upload(world: World, disk: LocalDisk, ident: UUID, data: AsyncIterator[bytes] | None = None) -> None:
    async with world.units.open(world.merchant_id) as unit:
        until = unit.now + timedelta(hours=1)
    await receive_upload(world.units, disk, Upload(world.merchant_id, ident, until), data or flow(DATA))


async def read(world: World, disk: LocalDisk, ident: UUID, who: str = "E1") -> bytes:
    found = await find_attachment(world.units, world.scope(who), ident)
    return b"".join([piece async for piece in await open_content(disk, found)])


async def called(world: World, task: Made, who: str = "E1") -> UUID:
    """A callback of the task."""
    async with world.units.open(world.merchant_id) as unit:
        fact = CallbackFact(action_id=new_id(), task_id=task.task_id, outcome="no_answer", occurred_at=unit.now)
        return (await log_callback(unit, world.scope(who), fact)).callback_id


async def name(world: World, ids: list[UUID], callback_id: UUID, customer: str = "C1", who: str = "E1") -> None:
    about = world.customers[customer]
    await world.do(lambda unit: attach(unit, world.scope(who), ids, callback_id, about))


async def listed(world: World, task: Made, who: str = "manager") -> list[tuple[UUID, str, UUID | None]]:
    found = await world.do(lambda unit: task_attachments(unit, world.scope(who), task.task_id))
    return [(each.id, each.state.value, each.callback_id) for each in found]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "clock"]


Step = Callable[[World, LocalDisk, Made, UUID], Awaitable[None]]


async def _announce(world: World, _disk: LocalDisk, task: Made, ident: UUID) -> None:
    await announced(world, task.task_id, ident=ident)


async def _upload(world: World, disk: LocalDisk, _task: Made, ident: UUID) -> None:
    await upload(world, disk, ident)


async def _callback(world: World, _disk: LocalDisk, task: Made, ident: UUID) -> None:
    await name(world, [ident], await called(world, task))


@pytest.mark.parametrize(
    "order", [(_announce, _upload, _callback), (_announce, _callback, _upload), (_callback, _announce, _upload)]
)
async def test_in_whichever_order_they_arrive_the_callback_has_its_photo(
    world: World, disk: LocalDisk, order: tuple[Step, ...]
) -> None:
    task, ident = await make_task(world), new_id()
    for step in order:
        await step(world, disk, task, ident)
    ((found, state, callback_id),) = await listed(world, task)
    (kept,) = await rows(world, "select id from callback where merchant_id = :merchant")
    assert (found, state, callback_id) == (ident, "stored", kept["id"])
    assert await read(world, disk, ident) == DATA


async def test_a_callback_names_only_what_is_its_authors_and_its_customers(world: World) -> None:
    mine, hers = await make_task(world), await make_task(world, Ask(customer="C2"))
    callback_id = await called(world, mine)
    own = await announced(world, mine.task_id)
    foreign = [await announced(world, mine.task_id, "E2"), await announced(world, hers.task_id)]
    for other in foreign:
        with pytest.raises(Invalid) as refused:
            await name(world, [own, other], callback_id)
        assert refused.value.field == "attachments[1]"
    with pytest.raises(Invalid):
        await name(world, [new_id() for _ in range(MOST_OF_CALLBACK + 1)], callback_id)
    assert {each[2] for each in await listed(world, mine)} == {None}, "refused as a whole"
    await name(world, foreign[:1], callback_id, who="manager")
    await name(world, [own], callback_id)
    assert {each[2] for each in await listed(world, mine)} == {callback_id}


async def test_a_correction_takes_the_photo_over(world: World) -> None:
    task = await make_task(world)
    ident = await announced(world, task.task_id)
    first, second = await called(world, task), await called(world, task)
    await name(world, [ident], first)
    await name(world, [ident], second)
    assert [each[2] for each in await listed(world, task)] == [second]


async def test_what_lies_on_the_disk_is_sealed(world: World, disk: LocalDisk, tmp_path: Path) -> None:
    task = await make_task(world)
    ident = await announced(world, task.task_id)
    await upload(world, disk, ident)
    (file,) = files(tmp_path)
    kept = file.read_bytes()
    assert file == tmp_path / key_of(world.merchant_id, ident)
    assert len(kept) == len(DATA) + 4 * OVERHEAD
    assert not [at for at in range(0, len(DATA) - 16, 997) if DATA[at : at + 16] in kept]
    assert HEADS[ContentType.JPEG] not in kept


async def test_an_erased_customer_takes_the_pictures_along(
    world: World, disk: LocalDisk, tmp_path: Path, clock: TestClock
) -> None:
    hers, other = await make_task(world), await make_task(world, Ask(customer="C2"))
    gone, waiting, stays = (
        await announced(world, hers.task_id),
        await announced(world, hers.task_id),
        await announced(world, other.task_id),
    )
    for each in (gone, stays):
        await upload(world, disk, each)
    await world.do(
        lambda unit: unit.run(
            "update customer set salt = null, sealed = '', status = 'erased' where merchant_id = :merchant and id = :id",
            id=world.customers["C1"],
        )
    )
    with pytest.raises(NotFound):
        await read(world, disk, gone)
    with pytest.raises(NotFound):
        await upload(world, disk, waiting)
    assert await tend_attachments(world.units, disk, world.merchant_id) == 2
    assert [file.name for file in files(tmp_path)] == [stays.hex]
    assert await count(world, "attachment") == 1
    await clock.advance(days=400)
    assert await tend_attachments(world.units, disk, world.merchant_id) == 0
    assert await read(world, disk, stays) == DATA


async def test_what_does_not_come_within_a_day_is_forgotten(
    world: World, disk: LocalDisk, tmp_path: Path, clock: TestClock
) -> None:
    task = await make_task(world)
    stored, late, never = new_id(), new_id(), new_id()
    for ident in (stored, late):
        await announced(world, task.task_id, ident=ident)
    await name(world, [late, never], await called(world, task))
    await upload(world, disk, stored)
    await clock.advance(hours=23)
    assert await tend_attachments(world.units, disk, world.merchant_id) == 0
    await clock.advance(hours=2)
    with pytest.raises(NotFound):
        await upload(world, disk, late)
    assert await tend_attachments(world.units, disk, world.merchant_id) == 2
    assert [each[0] for each in await listed(world, task)] == [stored]
    assert [file.name for file in files(tmp_path)] == [stored.hex]
    await announced(world, task.task_id, ident=late)
    await upload(world, disk, late)
    assert await read(world, disk, late) == DATA, "a phone that comes back after a day may begin anew"


async def test_what_is_forgotten_while_it_comes_leaves_nothing(world: World, disk: LocalDisk, tmp_path: Path) -> None:
    task = await make_task(world)
    ident = await announced(world, task.task_id)

    async def slow() -> AsyncIterator[bytes]:
        async for piece in flow(DATA):
            yield piece
        await world.do(lambda unit: unit.run("delete from attachment where merchant_id = :merchant"))

    with pytest.raises(NotFound):
        await upload(world, disk, ident, slow())
    assert files(tmp_path) == []


async def test_what_breaks_off_is_sent_again(world: World, disk: LocalDisk, tmp_path: Path) -> None:
    task = await make_task(world)
    ident = await announced(world, task.task_id)

    async def broken() -> AsyncIterator[bytes]:
        yield DATA[: 2 * SEGMENT]
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await upload(world, disk, ident, broken())
    assert files(tmp_path) == []
    await upload(world, disk, ident)
    await upload(world, disk, ident, broken_after_all())
    assert await read(world, disk, ident) == DATA


async def broken_after_all() -> AsyncIterator[bytes]:
    yield b"anything: the picture is here"


async def test_many_at_once_are_one(world: World, disk: LocalDisk, tmp_path: Path) -> None:
    task = await make_task(world)
    ident = await announced(world, task.task_id)
    await asyncio.gather(*(upload(world, disk, ident, flow(DATA, step)) for step in (1_000, 7_777, 10**6, 65_536)))
    assert len(files(tmp_path)) == 1
    assert await read(world, disk, ident) == DATA


@pytest.mark.parametrize("harm", ["lost", "altered", "cut"])
async def test_what_was_harmed_is_not_shown(world: World, disk: LocalDisk, tmp_path: Path, harm: str) -> None:
    task = await make_task(world)
    ident = await announced(world, task.task_id)
    await upload(world, disk, ident)
    (file,) = files(tmp_path)
    kept = file.read_bytes()
    if harm == "lost":
        file.unlink()
    else:
        file.write_bytes(kept[:-1] if harm == "cut" else kept[:50] + bytes([kept[50] ^ 1]) + kept[51:])
    with pytest.raises(FilesUnavailable):
        await read(world, disk, ident)


async def test_the_largest_needs_little_memory(world: World, disk: LocalDisk) -> None:
    task = await make_task(world)
    size = MOST_BYTES[AttachmentKind.PHOTO]
    head, block = HEADS[ContentType.JPEG], os.urandom(SEGMENT)
    digest = hashlib.sha256(head)
    blocks = (size - len(head)) // SEGMENT
    rest = size - len(head) - blocks * SEGMENT
    for _ in range(blocks):
        digest.update(block)
    digest.update(bytes(rest))

    async def large() -> AsyncIterator[bytes]:
        yield head
        for _ in range(blocks):
            yield block
        yield bytes(rest)

    said = Announcement(
        task_id=task.task_id,
        kind=AttachmentKind.PHOTO,
        content_type=ContentType.JPEG,
        size=size,
        digest=digest.digest(),
    )
    ident = (await world.do(lambda unit: announce_attachment(unit, world.scope("E1"), said))).id
    tracemalloc.start()
    try:
        await upload(world, disk, ident, large())
        found = await find_attachment(world.units, world.scope("E1"), ident)
        seen = 0
        async for piece in await open_content(disk, found):
            seen += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen == size
    assert peak < 3 * 1024 * 1024, f"{peak / 1e6:.1f} MB for {size / 1e6:.1f} MB"


async def test_states_are_told_apart(world: World, disk: LocalDisk) -> None:
    task, ident = await make_task(world), new_id()
    seen: list[object] = []

    async def state() -> None:
        seen.append((await rows(world, "select state from attachment where merchant_id = :merchant"))[0]["state"])

    for step in (_callback, _announce, _upload):
        await step(world, disk, task, ident)
        await state()
    assert seen == [AttachmentState.PROMISED, AttachmentState.ANNOUNCED, AttachmentState.STORED]
