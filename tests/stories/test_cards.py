"""`card_use_cycle`, `card_expiring`, `card_times_low` and `card_balance_low`, each from the day it begins to the day it is over."""

from datetime import date

from tests.support.clock import shanghai
from tests.support.stories import Seen, Story


async def test_card_use_cycle(story: Story) -> None:
    await story.begins("2026-01-10 12:00", "card_use_cycle")
    for code in ("KEEPS", "USES", "BOOKED", "LAST"):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
        await story.world.visit(code, shanghai("2025-12-01 11:00"), staff="E2", historic=True)
    cards = {}
    for code in ("KEEPS", "USES", "BOOKED", "LAST"):
        cards[code] = await story.times_card(code, "2025-12-01 11:00", 1 if code == "LAST" else 10)
    await story.card_used("LAST", cards["LAST"], "2026-01-15 15:00", uses=1, itemNo=1)
    for code in ("KEEPS", "USES", "BOOKED"):
        await story.card_used(code, cards[code], "2026-01-15 15:00", uses=1, itemNo=1)
    await story.card_used("USES", cards["USES"], "2026-02-10 15:00", uses=1, itemNo=1)
    await story.at("2026-02-14 12:00")
    await story.world.appointment("BOOKED", shanghai("2026-02-18 16:00"))
    await story.at("2026-02-15 09:59")
    assert await story.tasks() == []
    await story.at("2026-02-15 10:00")
    assert await story.tasks() == [Seen("KEEPS", "E2", "2026-02-15 10:00", "2026-02-18 00:00", "2026-02-23 00:00")]
    assert (await story.task("KEEPS")).priority == 500
    texts = await story.texts("KEEPS")
    assert texts["a"].startswith("KEEPS姐，到你每月做补水护理的时间啦，次卡还有9次，上次是1月15号来的。")
    await story.at("2026-02-23 00:01")
    await story.at("2026-03-10 10:00")
    assert (await story.task("USES")).opens == "2026-03-10 10:00"
    await story.at("2026-03-15 10:00")
    assert [one.opens for one in await story.tasks() if one.customer == "KEEPS"] == [
        "2026-02-15 10:00",
        "2026-03-15 10:00",
    ]
    assert [one.opens for one in await story.tasks() if one.customer == "BOOKED"] == ["2026-03-15 10:00"]
    await story.card_used("KEEPS", cards["KEEPS"], "2026-03-16 15:00", uses=9, itemNo=1)
    for day in ("2026-03-25", "2026-04-15", "2026-04-16", "2026-05-16"):
        await story.at(f"{day} 10:00")
    assert [one.opens for one in await story.tasks() if one.customer == "KEEPS"][2:] == []


async def test_a_monthly_reminder_keeps_the_seven_days_though_it_is_care(story: Story) -> None:
    await story.begins("2026-01-10 12:00", "card_use_cycle")
    for code in ("PRESSED", "LEFT"):
        await story.world.customer(code, consultant="E1")
        card = await story.times_card(code, "2025-12-01 11:00", 10)
        await story.card_used(code, card, f"2026-01-15 15:0{len(code) % 10}", uses=1, itemNo=1)
    await story.advertised("PRESSED", "2026-02-09 11:00")
    await story.advertised("LEFT", "2026-02-08 09:00")
    await story.at("2026-02-15 10:00")
    assert [one.customer for one in await story.tasks()] == ["LEFT"]
    assert (await story.decided())["PRESSED"] == ["suppressed:marketing_gap"]
    await story.at("2026-03-15 10:00")
    assert (await story.task("PRESSED")).opens == "2026-03-15 10:00"


async def test_a_card_that_was_bought_is_asked_for_a_month_later_to_the_day(story: Story) -> None:
    await story.begins("2026-01-10 12:00", "card_use_cycle")
    await story.world.customer("NEW", remark_name="王姐", consultant="E1")
    await story.sold("NEW", "2026-01-31 15:00", "CUT", cents=80_000)
    await story.times_card("NEW", "2026-01-31 15:00", 10, sale=f"R{story.world._count}")
    await story.at("2026-02-28 09:59")
    assert await story.tasks("card_use_cycle") == []
    await story.at("2026-02-28 10:00")
    assert [one.opens for one in await story.tasks("card_use_cycle")] == ["2026-02-28 10:00"]


async def test_card_expiring(story: Story) -> None:
    last = date(2026, 4, 30)
    for code in ("VALUE", "USED", "FROZEN", "LATER"):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
    cards = {
        code: await story.times_card(code, "2025-05-01 11:00", uses, expires_on=last)
        for code, uses in (("VALUE", 3), ("USED", 1), ("FROZEN", 3))
    }
    await story.times_card("LATER", "2025-05-01 11:00", 3, expires_on=date(2026, 5, 1))
    await story.world.card_entry(cards["USED"], "consume", shanghai("2025-06-01 11:00"), uses=-1)
    await story.frozen(cards["FROZEN"], "2025-06-01 11:00")
    await story.begins("2026-03-25 12:00", "card_expiring")
    await story.at("2026-03-30 10:00")
    assert await story.tasks() == []
    await story.at("2026-03-31 10:00")
    assert await story.tasks() == [Seen("VALUE", "E1", "2026-03-31 10:00", "2026-04-03 00:00", "2026-04-08 00:00")]
    assert (await story.task("VALUE")).priority == 800
    texts = await story.texts("VALUE")
    assert texts["a"].startswith("VALUE姐，提醒你一下，你的次卡4月30号到期，里面还有3次。")
    assert "次卡还有30天到期，剩3次" in texts["b"]
    for day in ("2026-04-01", "2026-04-08", "2026-04-09", "2026-04-22"):
        await story.at(f"{day} 10:00")
    assert sorted(one.customer for one in await story.tasks()) == ["LATER", "VALUE"]
    await story.at("2026-04-23 10:00")
    seven = await story.task("VALUE")
    assert seven == Seen("VALUE", "E1", "2026-04-23 10:00", "2026-04-26 00:00", "2026-05-01 00:00")
    assert "次卡还有7天到期" in (await story.texts("VALUE"))["b"]
    assert "has 7 days to run" in (await story.texts("VALUE", "en"))["b"]
    await story.at("2026-04-24 10:00")
    assert len(await story.tasks()) == 4
    await story.sold("VALUE", "2026-04-25 15:00", "FACIAL")
    assert (await story.task("VALUE")).closed == "arrived"


async def test_a_card_that_was_extended_is_a_new_matter(story: Story) -> None:
    await story.world.customer("LONGER", remark_name="王姐", consultant="E1")
    card = await story.times_card("LONGER", "2025-05-01 11:00", 3, expires_on=date(2026, 4, 30))
    await story.begins("2026-03-25 12:00", "card_expiring")
    await story.at("2026-03-31 10:00")
    assert len(await story.tasks()) == 1
    await story.happens(
        "card_topped_up", "2026-04-01 15:00", customer="LONGER", cardId=card, entryId="E-UP", uses=2, expiresOn="2026-06-30"
    )  # fmt: skip
    await story.at("2026-04-09 00:01")
    await story.at("2026-05-30 10:00")
    assert len(await story.tasks()) == 1
    await story.at("2026-05-31 10:00")
    assert (await story.task("LONGER")).opens == "2026-05-31 10:00"
    assert (await story.texts("LONGER"))["a"].startswith("王姐，提醒你一下，你的次卡6月30号到期，里面还有5次。")


async def test_a_reminder_never_outlives_the_card(story: Story) -> None:
    await story.world.customer("SHORT", consultant="E1")
    await story.times_card("SHORT", "2025-05-01 11:00", 3, expires_on=date(2026, 4, 1))
    await story.begins("2026-03-30 12:00", "card_expiring")
    await story.at("2026-03-31 10:00")
    assert await story.tasks() == [Seen("SHORT", "E1", "2026-03-31 10:00", "2026-04-02 00:00", "2026-04-02 00:00")]


async def test_card_times_low(story: Story) -> None:
    for code in ("TWO", "THREE", "IDLE"):
        await story.world.customer(code, remark_name=f"{code}姐")
        await story.world.visit(code, shanghai("2026-02-01 11:00"), staff="E2", historic=True)
    cards = {code: await story.times_card(code, "2025-02-01 11:00", 5) for code in ("TWO", "THREE", "IDLE")}
    await story.world.card_entry(cards["TWO"], "consume", shanghai("2026-02-01 11:00"), uses=-3)
    await story.world.card_entry(cards["THREE"], "consume", shanghai("2026-02-01 11:00"), uses=-2)
    await story.world.card_entry(cards["IDLE"], "consume", shanghai("2025-08-01 11:00"), uses=-3)
    await story.begins("2026-03-01 12:00", "card_times_low")
    await story.at("2026-03-02 10:00")
    assert await story.tasks() == [Seen("TWO", "E2", "2026-03-02 10:00", "2026-03-05 00:00", "2026-03-10 00:00")]
    assert (await story.task("TWO")).priority == 550
    texts = await story.texts("TWO")
    assert texts["a"].startswith("TWO姐，你的次卡还剩2次，离上次也有29天了，")
    assert texts["a"].endswith("还给你留员工2。")
    await story.at("2026-03-10 00:01")
    for day in ("2026-03-10", "2026-03-11"):
        await story.at(f"{day} 10:00")
    assert len(await story.tasks()) == 1
    await story.happens(
        "card_topped_up", "2026-03-12 15:00", customer="TWO", cardId=cards["TWO"], entryId="UP", uses=10
    )
    await story.card_used("TWO", cards["TWO"], "2026-03-20 15:00", uses=11, itemNo=1)
    await story.at("2026-03-21 10:00")
    assert (await story.task("TWO")).opens == "2026-03-21 10:00"
    assert "还有1次" in (await story.texts("TWO"))["b"]


async def test_card_balance_low(story: Story) -> None:
    for code in ("LOW", "EDGE", "ABOVE", "PROMO"):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
    spent = {"LOW": 54_000, "EDGE": 50_000, "ABOVE": 49_999, "PROMO": 60_000}
    for code, cents in spent.items():
        card = await story.world.card(code, shanghai("2026-01-01 11:00"), principal=100_000, external_id=f"V-{code}")
        await story.world.card_entry(card, "consume", shanghai("2026-02-01 11:00"), principal=-cents)
    await story.world.sale("LOW", shanghai("2026-02-01 11:00"), service="CUT", cash=0, card=54_000, historic=True)
    await story.times_card("PROMO", "2026-01-01 11:00", 1)
    await story.begins("2026-03-01 12:00", "card_balance_low")
    await story.at("2026-03-02 10:00")
    found = sorted(await story.tasks(), key=lambda one: one.customer)
    assert [one.customer for one in found] == ["EDGE", "LOW", "PROMO"]
    assert found[1] == Seen("LOW", "E1", "2026-03-02 10:00", "2026-03-05 00:00", "2026-03-10 00:00")
    assert {one.priority for one in found} == {560}
    texts = await story.texts("LOW")
    assert texts["a"] == "LOW姐，你的充值卡还有460元，大概还能做4次剪发。这周想约哪天？我先给你留着～"
    await story.happens(
        "card_topped_up", "2026-03-03 11:00", customer="LOW", cardId="V-LOW", entryId="UP", principalCents=100_000
    )
    assert (await story.task("LOW")).closed == "topped_up"
