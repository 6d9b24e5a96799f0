"""`second_visit`, `after_service` and `win_back`, each from the day it begins to the day it is over."""

from collections import Counter
from datetime import timedelta

import msgspec

from tasks.plans.definition import encode
from tasks.plans.templates import TEMPLATE_INFO, TEMPLATES
from tests.support.clock import shanghai
from tests.support.stories import Seen, Story


async def test_second_visit(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "second_visit")
    for code in ("STAYS", "CAME", "BOOKED", "REGULAR"):
        await story.world.customer(code, remark_name=f"{code}姐")
    await story.world.visit("REGULAR", shanghai("2025-12-01 11:00"), historic=True)
    for code in ("STAYS", "CAME", "BOOKED", "REGULAR"):
        await story.sold(code, "2026-03-02 15:00", "FACIAL", staff="E2")
    await story.sold("CAME", "2026-03-07 11:00")
    await story.world.appointment("BOOKED", shanghai("2026-03-12 16:00"))
    await story.at("2026-03-09 08:59")
    assert await story.tasks() == []
    await story.at("2026-03-09 09:00")
    assert await story.tasks() == [Seen("STAYS", "E2", "2026-03-09 09:00", "2026-03-12 00:00", "2026-03-17 00:00")]
    texts = await story.texts("STAYS")
    assert texts["a"].startswith("STAYS姐你好呀，我是1号店的员工2，7天前你来做的补水护理，这几天感觉怎么样？")
    assert "明天或周三我都在" in texts["a"]
    assert "一般隔28天左右再来一次" in texts["b"]
    assert "f" not in texts
    await story.at("2026-03-10 10:00")
    assert "8天前" in (await story.texts("STAYS"))["a"]
    await story.sold("STAYS", "2026-03-11 11:00")
    task = await story.task("STAYS")
    assert (task.status, task.closed) == ("moot", "arrived")
    assert await story.passages() == {
        "STAYS": ["exited:arrived"],
        "CAME": ["exited:arrived"],
        "BOOKED": ["exited:booked"],
    }


async def test_second_visit_once_more_after_three_weeks(story: Story) -> None:
    steps = [*TEMPLATES["second_visit"].steps, *TEMPLATE_INFO["second_visit"].further]
    with_both = encode(msgspec.structs.replace(TEMPLATES["second_visit"], steps=tuple(steps)))
    await story.begins("2026-03-01 12:00", "second_visit", steps=with_both["steps"])
    await story.world.customer("QUIET", remark_name="王姐")
    await story.sold("QUIET", "2026-03-02 15:00", "FACIAL")
    await story.at("2026-03-09 09:00")
    assert [one.opens for one in await story.tasks()] == ["2026-03-09 09:00"]
    await story.at("2026-03-17 00:01")
    assert (await story.task("QUIET")).status == "expired"
    await story.at("2026-03-23 08:59")
    assert len(await story.tasks()) == 1
    await story.at("2026-03-23 09:00")
    assert (await story.task("QUIET")).opens == "2026-03-23 09:00"
    assert "上次做补水护理到现在有21天啦" in (await story.texts("QUIET"))["f"]


async def test_after_service_asks_the_next_morning_where_it_was_delicate_dear_or_the_first_time(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "after_service")
    for code in ("NEW", "DYED", "DEAR", "PLAIN"):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
        if code != "NEW":
            await story.world.visit(code, shanghai("2025-12-01 11:00"), historic=True)
    await story.sold("NEW", "2026-03-02 15:00", staff="E2")
    await story.sold("DYED", "2026-03-02 15:10", "DYE", cents=28_000, staff="E2")
    await story.sold("DEAR", "2026-03-02 15:20", cents=30_000)
    await story.sold("PLAIN", "2026-03-02 15:30", cents=29_999)
    await story.sold("DYED", "2026-03-02 15:40", "CREAM", cents=0)
    await story.at("2026-03-03 09:59")
    assert await story.tasks() == []
    await story.at("2026-03-03 10:00")
    found = sorted(await story.tasks(), key=lambda one: one.customer)
    assert found == [
        Seen("DEAR", "E1", "2026-03-03 10:00", "2026-03-05 00:00", "2026-03-06 00:00"),
        Seen("DYED", "E2", "2026-03-03 10:00", "2026-03-05 00:00", "2026-03-06 00:00"),
        Seen("NEW", "E2", "2026-03-03 10:00", "2026-03-05 00:00", "2026-03-06 00:00"),
    ]
    assert {one.priority for one in found} == {600}
    texts = await story.texts("DYED")
    assert texts["a"].startswith("DYED姐，昨天做的染发今天感觉怎么样？")
    assert set(texts) == {"a", "c", "e", "f"}
    assert "Hi DYED姐, how is your 染发 from yesterday feeling?" in (await story.texts("DYED", "en"))["a"]


async def test_after_service_comes_back_when_the_service_is_due(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "after_service")
    for code in ("DUE", "BOOKED", "AGAIN"):
        await story.world.customer(code, remark_name=f"{code}姐")
        await story.world.visit(code, shanghai("2025-12-01 11:00"), historic=True)
    for code in ("DUE", "BOOKED", "AGAIN"):
        await story.sold(code, "2026-03-02 15:00", "FACIAL", cents=1_000, staff="E2")
    await story.at("2026-03-03 10:00")
    assert [one.customer for one in await story.tasks()] == ["DUE", "BOOKED", "AGAIN"]
    await story.at("2026-03-06 00:01")
    assert {one.status for one in await story.tasks()} == {"expired"}
    await story.sold("AGAIN", "2026-03-20 15:00", "FACIAL", cents=1_000)
    await story.at("2026-03-21 10:00")
    assert (await story.task("AGAIN")).opens == "2026-03-21 10:00"
    await story.at("2026-03-24 00:01")
    await story.world.appointment("BOOKED", shanghai("2026-04-01 16:00"))
    await story.at("2026-03-30 09:59")
    assert not [one for one in await story.tasks() if one.opens > "2026-03-22 00:00"]
    await story.at("2026-03-30 10:00")
    assert [one for one in await story.tasks() if one.opens > "2026-03-22 00:00"] == [
        Seen("DUE", "E2", "2026-03-30 10:00", "2026-04-02 00:00", "2026-04-07 00:00")
    ]
    texts = await story.texts("DUE")
    assert texts["b"].startswith("DUE姐，你的补水护理做了28天啦，差不多该补水了")
    assert set(texts) == {"b", "d", "h"}
    await story.at("2026-04-17 10:00")
    assert (await story.task("AGAIN")).opens == "2026-04-17 10:00"


async def test_after_service_is_once_for_a_visit_whatever_was_done(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "after_service")
    await story.world.customer("MUCH", remark_name="王姐")
    for minute, product in (("00", "FACIAL"), ("10", "DYE"), ("20", "LASHX")):
        await story.sold("MUCH", f"2026-03-02 15:{minute}", product)
    await story.at("2026-03-03 10:00")
    assert len(await story.tasks()) == 1
    assert await story.decided() == {"MUCH": ["task"]}


async def test_win_back(story: Story) -> None:
    regulars = {
        "LATE": ["2025-09-01", "2025-10-01", "2025-11-01"],
        "SOON": ["2025-12-20", "2026-01-04", "2026-01-18"],
        "TWICE": ["2025-11-01", "2025-12-01"],
        "ONCE": ["2025-10-01"],
        "SLOW": ["2025-01-01", "2025-05-01", "2025-09-01"],
        "LOST": ["2024-10-01", "2024-12-01", "2025-01-31"],
    }
    for code, days in regulars.items():
        await story.world.customer(code, remark_name=f"{code}姐")
        for day in days:
            await story.world.sale(code, shanghai(f"{day} 11:00"), service="FACIAL", staff=("E2",), historic=True)
    await story.begins("2026-03-01 12:00", "win_back")
    await story.at("2026-03-02 10:00")
    assert await story.tasks() == []
    await story.at("2026-03-03 10:00")
    found = sorted(await story.tasks(), key=lambda one: one.customer)
    assert found == [
        Seen("LATE", "E2", "2026-03-03 10:00", "2026-03-07 00:00", "2026-03-11 00:00"),
        Seen("TWICE", "E2", "2026-03-03 10:00", "2026-03-07 00:00", "2026-03-11 00:00"),
    ]
    assert "上次做补水护理还是11月1号～" in (await story.texts("LATE"))["a"]
    await story.at("2026-03-04 10:00")
    await story.sold("TWICE", "2026-03-05 11:00")
    assert (await story.task("TWICE")).status == "moot"
    await story.at("2026-03-10 10:00")
    # SOON has stayed away for 51 days by now, more than three times as long as usual.
    assert (await story.task("SOON")).opens == "2026-03-10 10:00"
    await story.at("2026-05-26 10:00")
    assert [one.opens for one in await story.tasks() if one.customer == "LATE"] == ["2026-03-03 10:00"]
    await story.at("2026-06-02 10:00")
    assert [one.opens for one in await story.tasks() if one.customer == "LATE"] == [
        "2026-03-03 10:00",
        "2026-06-02 10:00",
    ]


async def test_win_back_gives_nobody_more_than_five(story: Story) -> None:
    for number in range(12):
        code = f"L{number:02}"
        await story.world.customer(code, consultant="E1")
        for day in ("2025-09-01", "2025-10-01", "2025-11-01"):
            at = shanghai(f"{day} 11:00") + timedelta(minutes=number)
            await story.world.sale(code, at, service="FACIAL", staff=("E2",), historic=True)
    await story.begins("2026-03-01 12:00", "win_back")
    await story.at("2026-03-03 10:00")
    held = [one.who for one in await story.tasks()]
    assert (held.count("E1"), held.count("E2"), len(held)) == (5, 5, 10)
    told = Counter(one for said in (await story.decided()).values() for one in said)
    assert told == {"task": 10, "capped": 2}
    await story.at("2026-03-10 10:00")
    assert len(await story.tasks()) == 12
