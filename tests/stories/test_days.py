"""`member_day`, `birthday`, `anniversary` and `festival_care`, each from the day it begins to the day it is over."""

from datetime import date

from tasks.people.inputs import CustomerIn
from tasks.people.states import AttributeKind, BirthdayKind
from tasks.people.trait_inputs import AttributeIn
from tests.support.clock import shanghai
from tests.support.plans import rows
from tests.support.stories import Seen, Story


async def test_member_day(story: Story) -> None:
    for code, consultant in (("NEAR", "E2"), ("EDGE", None), ("FAR", "E2"), ("CARD", None), ("USES", "E2")):
        await story.world.customer(code, remark_name=f"{code}姐", consultant=consultant)
    for code, day in (("NEAR", "2026-02-01"), ("EDGE", "2025-09-18"), ("FAR", "2025-09-17")):
        await story.world.sale(code, shanghai(f"{day} 11:00"), service="FACIAL", staff=("E1",), historic=True)
    await story.world.card("CARD", shanghai("2025-01-01 11:00"), principal=1_000)
    await story.times_card("USES", "2025-01-01 11:00", 1)
    await story.begins("2026-03-01 12:00", "member_day")
    await story.at("2026-03-17 09:59")
    assert await story.tasks() == []
    await story.at("2026-03-17 10:00")
    found = {one.customer: one for one in await story.tasks()}
    assert set(found) == {"NEAR", "EDGE", "CARD", "USES"}
    assert {(one.opens, one.due, one.expires) for one in found.values()} == {
        ("2026-03-17 10:00", "2026-03-18 12:00", "2026-03-19 00:00")
    }
    assert {one.priority for one in found.values()} == {300}
    assert (found["NEAR"].who, found["EDGE"].who, found["USES"].who) == ("E2", "E1", "E2")
    assert found["CARD"].who in {"E1", "E2"}
    texts = await story.texts("NEAR")
    assert texts["a"] == "NEAR姐，明天是我们店会员日，双倍积分～你常做的补水护理我先给你留个位，上午还是下午方便？"
    assert "tomorrow" in (await story.texts("NEAR", "en"))["a"].lower()
    assert "double points" in (await story.texts("NEAR", "en"))["a"].lower()
    await story.at("2026-03-18 09:00")
    assert (await story.texts("NEAR"))["b"].startswith("NEAR姐，跟你说一声，今天会员日，双倍积分，就这一天。")
    await story.sold("NEAR", "2026-03-18 11:00")
    assert (await story.task("NEAR")).status == "moot"
    await story.at("2026-03-19 00:00")
    await story.at("2026-03-19 00:01")
    assert {one.status for one in await story.tasks() if one.customer != "NEAR"} == {"expired"}
    await story.at("2026-04-17 10:00")
    assert (await story.task("NEAR")).opens == "2026-04-17 10:00"


async def test_the_member_day_spreads_inside_its_lead_and_never_past_the_day(story: Story) -> None:
    for number in range(6):
        await story.world.customer(f"M{number}", consultant="E1")
        await story.world.visit(f"M{number}", shanghai("2026-02-01 11:00"), historic=True)
    await rows(
        story.world,
        "update staff set max_new_weekday = 1, max_new_weekend = 1 where merchant_id = :merchant returning id",
    )
    await story.begins("2026-03-01 12:00", "member_day", trigger={"offsetDays": -2})
    await story.at("2026-03-16 10:00")
    found = await story.tasks()
    by_day = sorted((one.opens, one.who or "pool") for one in found if one.who)
    assert by_day == [(f"2026-03-{day} 10:00", who) for day in (16, 17, 18) for who in ("E1", "E2")]
    assert {(one.due, one.expires) for one in found} == {("2026-03-18 12:00", "2026-03-19 00:00")}
    assert (await story.texts("M0"))["b"].count("后天会员日") == 1


async def test_birthday(story: Story) -> None:
    solar, lunar = BirthdayKind.SOLAR, BirthdayKind.LUNAR
    born = {
        "SUN": (date(1990, 3, 20), solar),
        "MOON": (date(1990, 2, 2), lunar),  # 20 March 2026
        "NEXT": (date(1990, 3, 21), solar),
        "GONE": (date(1990, 3, 20), solar),
        "POS": (date(1900, 1, 1), solar),
    }
    for code, (day, kind) in born.items():
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E2", birthday_on=day, birthday_kind=kind)
        seen = {"GONE": "2025-03-16", "NEXT": "2025-12-01"}.get(code, "2025-03-17")
        await story.world.visit(code, shanghai(f"{seen} 11:00"), historic=True)
    await story.begins("2026-03-10 12:00", "birthday")
    await story.at("2026-03-16 10:00")
    assert await story.tasks() == []
    await story.at("2026-03-17 10:00")
    found = sorted(await story.tasks(), key=lambda one: one.customer)
    assert found == [
        Seen("MOON", "E2", "2026-03-17 10:00", "2026-03-19 00:00", "2026-03-21 00:00"),
        Seen("SUN", "E2", "2026-03-17 10:00", "2026-03-19 00:00", "2026-03-21 00:00"),
    ]
    assert {one.priority for one in found} == {650}
    for code in ("SUN", "MOON"):
        texts = await story.texts(code)
        assert texts["a"].startswith(f"{code}姐，20号周五是你生日，先祝你生日快乐🎂想哪天过来放松一下？")
    await story.at("2026-03-18 10:00")
    assert sorted(one.customer for one in await story.tasks()) == ["MOON", "NEXT", "SUN"]
    await story.at("2026-03-20 10:00")
    assert (await story.texts("SUN"))["a"].startswith("SUN姐，今天是你生日")
    await story.at("2026-03-21 00:01")
    assert (await story.task("SUN")).status == "expired"
    await story.sold("SUN", "2026-06-01 11:00")
    await story.at("2027-03-17 10:00")
    assert (await story.task("SUN")).opens == "2027-03-17 10:00"


async def test_a_birthday_gift_is_said_and_a_birthday_that_many_share_is_none(story: Story) -> None:
    await story.begins("2026-03-10 12:00", "birthday", benefit={"kind": "gift", "text": "一份手膜"})
    await story.world.customer("REAL", remark_name="王姐", consultant="E1", birthday_on=date(1990, 3, 20))
    shared = [
        CustomerIn(external_id=f"S{n}", name=f"客{n}", home_store="S1", birthday_on=date(1980, 3, 20))
        for n in range(25)
    ]
    await story.world.books("customers", *shared)
    for code in ("REAL", "S1"):
        await story.world.visit(code, shanghai("2026-02-01 11:00"), historic=True)
    await story.at("2026-03-17 10:00")
    assert [one.customer for one in await story.tasks()] == ["REAL"]
    assert "给你准备了一份手膜，生日月来都能用" in (await story.texts("REAL"))["a"]


async def test_anniversary(story: Story) -> None:
    bought = {
        "HUNDRED": "2025-12-08",
        "YEAR": "2025-03-18",
        "TWO": "2024-03-18",
        "DAY_AFTER": "2025-12-09",
        "AWAY": "2025-03-18",
    }
    for code, day in bought.items():
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
        await story.world.sale(code, shanghai(f"{day} 11:00"), historic=True)
        if code != "AWAY":
            await story.world.visit(code, shanghai("2026-01-10 11:00"), historic=True)
    await story.begins("2026-03-10 12:00", "anniversary")
    await story.at("2026-03-17 10:00")
    assert await story.tasks() == []
    await story.at("2026-03-18 10:00")
    found = sorted(await story.tasks(), key=lambda one: one.customer)
    assert [one.customer for one in found] == ["HUNDRED", "TWO", "YEAR"]
    assert found[0] == Seen("HUNDRED", "E1", "2026-03-18 10:00", "2026-03-20 00:00", "2026-03-20 00:00")
    assert {one.priority for one in found} == {200}
    assert (await story.texts("HUNDRED"))["a"] == (
        "HUNDRED姐，翻记录发现今天是我们认识的第100天，谢谢你一直信任1号店。下次来我给你备了份小心意。——店长店长"
    )
    assert "第365天" in (await story.texts("YEAR"))["a"]
    assert "第730天" in (await story.texts("TWO"))["a"]
    await story.at("2026-03-19 10:00")
    assert "昨天是我们认识的第365天" in (await story.texts("YEAR"))["a"]
    assert (await story.task("DAY_AFTER")).opens == "2026-03-19 10:00"
    await story.at("2027-03-18 10:00")
    assert [one.opens for one in await story.tasks() if one.customer == "YEAR"] == ["2026-03-18 10:00"]
    await story.sold("YEAR", "2027-12-01 11:00")
    await story.at("2028-03-18 10:00")
    assert (await story.task("YEAR")).opens == "2028-03-18 10:00"
    assert "第1096天" in (await story.texts("YEAR"))["a"]


async def test_festival_care(story: Story) -> None:
    for code, day in (("NEAR", "2026-08-09"), ("FAR", "2026-08-08")):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
        await story.world.visit(code, shanghai(f"{day} 11:00"), historic=True)
    await story.begins("2026-11-01 12:00", "festival_care")
    await story.at("2026-11-07 09:59")
    assert await story.tasks() == []
    await story.at("2026-11-07 10:00")
    assert await story.tasks() == [Seen("NEAR", "E1", "2026-11-07 10:00", "2026-11-09 00:00", "2026-11-11 00:00")]
    assert (await story.task("NEAR")).priority == 150
    texts = await story.texts("NEAR")
    assert texts["b"] == (
        "NEAR姐，今天立冬，早晚温差大，皮肤容易发紧起皮。这段时间注意保湿和防风，有空过来，我帮你看看状态？"
    )
    assert "a" not in texts
    assert "a note for Start of Winter (today)" in (await story.texts("NEAR", "en"))["b"]
    await story.sold("NEAR", "2026-11-08 11:00")
    assert (await story.task("NEAR")).closed == "arrived"


async def test_a_festival_some_days_before_and_a_skin_tag_where_the_merchant_wants_it(story: Story) -> None:
    await story.begins(
        "2026-09-01 12:00", "festival_care", trigger={"kind": "festival", "name": "mid_autumn", "at": "10:00", "offsetDays": -3}
    )  # fmt: skip
    skin = AttributeIn(code="skin_tag", name="肤质", kind=AttributeKind.TEXT, sensitive=True)
    await story.world.books("attributes", skin)
    await story.world.customer("DRY", remark_name="王姐", consultant="E1", attributes={"skin_tag": "干性敏感肌"})
    await story.world.visit("DRY", shanghai("2026-08-20 11:00"), historic=True)
    await story.at("2026-09-21 10:00")
    assert await story.tasks() == []
    await story.at("2026-09-22 10:00")
    assert set(await story.texts("DRY")) == {"b", "c"}
    await rows(
        story.world,
        "update merchant set settings = settings || cast('{\"sensitiveInTexts\": true}' as jsonb) "
        "where merchant_id = :merchant returning merchant_id",
    )
    texts = await story.texts("DRY")
    assert texts["a"].startswith("王姐，25号周五中秋节，")
    assert "你是干性敏感肌" in texts["a"]
