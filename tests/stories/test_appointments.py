"""`appointment_confirm` and `no_show_recovery`, each from the booking on."""

from datetime import date

from tasks.flow.close_store import close_store
from tests.support.clock import shanghai
from tests.support.stories import Seen, Story


async def booked(story: Story, customer: str, when: tuple[str, str], code: str, **who: str) -> None:
    """She books at the first moment for the second."""
    at, starts = when
    await story.happens(
        "appointment_booked", at, customer=customer, appointmentId=code, startsAt=shanghai(starts).isoformat(), service="FACIAL", **who
    )  # fmt: skip


async def missed(story: Story, at: str, code: str, customer: str) -> None:
    await story.happens("appointment_missed", at, store=None, customer=customer, appointmentId=code)


async def test_appointment_confirm(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "appointment_confirm")
    for code in ("OLD", "NEW", "SAID_YES", "CALLED_OFF", "NOBODYS"):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
        if code != "NEW":
            await story.world.visit(code, shanghai("2025-12-01 11:00"), historic=True)
    for code in ("OLD", "NEW", "SAID_YES", "CALLED_OFF"):
        await booked(story, code, ("2026-03-02 11:00", "2026-03-05 15:30"), f"A-{code}", staff="E2")
    await booked(story, "NOBODYS", ("2026-03-02 11:00", "2026-03-05 15:30"), "A-NOBODYS")
    await story.world.appointment(
        "SAID_YES", shanghai("2026-03-05 15:30"), status="confirmed", external_id="A-SAID_YES"
    )
    await story.at("2026-03-03 15:00")
    await story.happens(
        "appointment_cancelled", "2026-03-03 16:00", store=None, customer="CALLED_OFF", appointmentId="A-CALLED_OFF"
    )
    await story.at("2026-03-04 14:59")
    assert await story.tasks() == []
    await story.at("2026-03-04 15:00")
    found = sorted(await story.tasks(), key=lambda one: one.customer)
    assert found == [
        Seen("NOBODYS", None, "2026-03-04 15:00", "2026-03-05 00:00", "2026-03-05 15:30"),
        Seen("OLD", "E2", "2026-03-04 15:00", "2026-03-05 00:00", "2026-03-05 15:30"),
    ]
    assert {one.priority for one in found} == {900}
    assert (await story.texts("OLD"))["a"] == (
        "OLD姐，跟你确认下，明天下午3点半补水护理，员工2等你～路上堵或者要改时间提前说一声就行。"
    )
    assert "confirming your 补水护理 tomorrow at 3:30 pm" in (await story.texts("OLD", "en"))["a"]
    await story.at("2026-03-05 13:29")
    assert len(await story.tasks()) == 2
    await story.at("2026-03-05 13:30")
    assert await story.task("NEW") == Seen("NEW", "E2", "2026-03-05 13:30", "2026-03-05 15:30", "2026-03-05 15:30")
    assert (await story.texts("NEW"))["a"].startswith("NEW姐，跟你确认下，今天下午3点半补水护理")
    await story.sold("NEW", "2026-03-05 15:20", "FACIAL")
    assert (await story.task("NEW")).closed == "arrived"
    await story.at("2026-03-05 15:31")
    assert (await story.task("OLD")).status == "expired"


async def test_an_appointment_that_moved_is_confirmed_before_its_new_day(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "appointment_confirm")
    await story.world.customer("MOVED", consultant="E1")
    await story.world.visit("MOVED", shanghai("2025-12-01 11:00"), historic=True)
    await story.world.appointment("MOVED", shanghai("2026-03-05 15:30"), external_id="A1")
    await story.world.appointment("MOVED", shanghai("2026-03-09 11:00"), external_id="A1")
    await story.at("2026-03-04 15:00")
    assert await story.tasks() == []
    await story.at("2026-03-08 15:00")
    assert [(one.opens, one.expires) for one in await story.tasks()] == [("2026-03-08 15:00", "2026-03-09 11:00")]


async def test_no_show_recovery(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "no_show_recovery")
    starts = {"MISSED": "14:00", "AGAIN": "14:00", "EVENING": "18:31"}
    for code, wall in starts.items():
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
        await booked(story, code, ("2026-03-01 13:00", f"2026-03-02 {wall}"), f"A-{code}", staff="E2")
    await missed(story, "2026-03-02 14:30", "A-MISSED", "MISSED")
    await missed(story, "2026-03-02 14:30", "A-AGAIN", "AGAIN")
    await booked(story, "AGAIN", ("2026-03-02 15:00", "2026-03-06 14:00"), "A-AGAIN-2")
    await story.at("2026-03-02 15:59")
    assert await story.tasks() == []
    await story.at("2026-03-02 16:00")
    assert await story.tasks() == [Seen("MISSED", "E2", "2026-03-02 16:00", "2026-03-03 00:00", "2026-03-05 00:00")]
    assert (await story.task("MISSED")).priority == 850
    texts = await story.texts("MISSED")
    assert texts["a"].startswith(
        "MISSED姐，今天下午2点约的补水护理没等到你，是不是临时有事呀？没关系，我帮你改个时间，"
    )
    await missed(story, "2026-03-02 19:00", "A-EVENING", "EVENING")
    for at in ("2026-03-02 20:31", "2026-03-03 09:29"):
        await story.at(at)
        assert len(await story.tasks()) == 1
    await story.at("2026-03-03 09:30")
    evening = await story.task("EVENING")
    assert evening == Seen("EVENING", "E2", "2026-03-03 09:30", "2026-03-04 00:00", "2026-03-06 00:00")
    assert (await story.texts("EVENING"))["a"].startswith("EVENING姐，昨天晚上6点31分约的补水护理没等到你")
    await booked(story, "MISSED", ("2026-03-03 10:00", "2026-03-07 14:00"), "A-MISSED-2")
    assert (await story.task("MISSED")).closed == "booked"


async def test_after_hours_means_the_next_open_morning(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "no_show_recovery")
    store = story.world.stores["S1"]
    await story.world.do(lambda unit: close_store(unit, store, date(2026, 3, 3), date(2026, 3, 4), reason="盘点"))
    await story.world.customer("LATE")
    await booked(story, "LATE", ("2026-03-01 13:00", "2026-03-02 19:00"), "A1")
    await missed(story, "2026-03-02 19:30", "A1", "LATE")
    for at in ("2026-03-02 21:30", "2026-03-03 09:30", "2026-03-04 09:30"):
        await story.at(at)
        assert await story.tasks() == []
    await story.at("2026-03-05 09:30")
    assert [one.opens for one in await story.tasks()] == ["2026-03-05 09:30"]


async def test_the_third_missed_appointment_in_ninety_days_is_the_managers(story: Story) -> None:
    await story.begins("2026-01-01 12:00", "no_show_recovery")
    await story.world.customer("OFTEN", consultant="E1")
    for number, day in enumerate(("2026-01-05", "2026-02-20", "2026-04-05", "2026-04-20", "2026-07-10")):
        code = f"A{number}"
        await booked(story, "OFTEN", (f"{day} 09:40", f"{day} 10:00"), code, staff="E2")
        await missed(story, f"{day} 11:00", code, "OFTEN")
        await story.at(f"{day} 12:00")
        await story.at(f"{day[:-2]}{int(day[-2:]) + 3:02} 00:01")
    # On 5 April the first is exactly ninety days ago; on 20 April it no longer counts and three still do; on 10 July two do.
    assert [one.who for one in await story.tasks()] == ["E2", "E2", "manager", "manager", "E2"]
