"""`tried_not_bought`, `sample_follow_up`, `add_wechat`, `tier_upgrade` and `handover_intro`, each from its event on."""

from tasks.people.inputs import CustomerIn
from tasks.people.trait_inputs import LevelIn
from tests.support.clock import shanghai
from tests.support.plans import rows
from tests.support.stories import Seen, Story


async def test_tried_not_bought(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "tried_not_bought")
    for code in ("THINKS", "BOUGHT", "TOOK_IT_LATER"):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
        await story.advertised(code, "2026-02-27 11:00")
        await story.sold(code, "2026-03-02 14:00")
        await story.happens("tried_not_bought", "2026-03-02 15:00", customer=code, staff="E2", product="CREAM")
    await story.sold("BOUGHT", "2026-03-02 17:00", "CREAM")
    await story.at("2026-03-03 09:59")
    assert await story.tasks() == []
    await story.at("2026-03-03 10:00")
    found = sorted(await story.tasks(), key=lambda one: one.customer)
    assert found == [
        Seen("THINKS", "E2", "2026-03-03 10:00", "2026-03-05 00:00", "2026-03-07 00:00"),
        Seen("TOOK_IT_LATER", "E2", "2026-03-03 10:00", "2026-03-05 00:00", "2026-03-07 00:00"),
    ]
    assert {one.priority for one in found} == {620}
    assert (await story.texts("THINKS"))["a"].startswith("THINKS姐，昨天体验的保湿面霜回去感觉怎么样？")
    await story.sold("TOOK_IT_LATER", "2026-03-03 15:00", "CREAM")
    assert (await story.task("TOOK_IT_LATER")).closed == "purchased"


async def test_sample_follow_up(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "sample_follow_up")
    await story.world.customer("TOOK", remark_name="王姐", consultant="E1")
    await story.happens("sample_taken", "2026-03-02 15:00", customer="TOOK", staff="E2", product="眼霜小样")
    await story.at("2026-03-03 10:00")
    assert await story.tasks() == [Seen("TOOK", "E2", "2026-03-03 10:00", "2026-03-05 00:00", "2026-03-07 00:00")]
    assert (await story.task("TOOK")).priority == 580
    texts = await story.texts("TOOK")
    assert texts["a"] == "王姐，昨天给你的眼霜小样用了吗？肤感怎么样，有没有刺痛或者闷痘？用法有不清楚的问我。"
    await story.at("2026-03-04 10:00")
    assert "前天给你的眼霜小样" in (await story.texts("TOOK"))["a"]
    await story.at("2026-03-07 00:01")
    await story.happens("sample_taken", "2026-03-08 15:00", customer="TOOK", staff="E1", product="眼霜小样")
    await story.at("2026-03-09 10:00")
    assert (await story.task("TOOK")).who == "E1"


async def test_add_wechat(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "add_wechat")
    for code in ("NEW", "FRIEND", "REGULAR", "VOUCHER"):
        await story.world.customer(code, remark_name=f"{code}姐")
    await rows(
        story.world,
        "insert into contact_point (merchant_id, id, customer_id, kind, value_index, sealed, held_by, created_at) "
        "values (:merchant, new_uuid7(), :customer, 'wechat', new_uuid7(), '', :held, :now) returning id",
        customer=story.world.customers["FRIEND"], held=story.world.staff["E1"],
    )  # fmt: skip
    await story.world.visit("REGULAR", shanghai("2025-12-01 11:00"), historic=True)
    await story.sold("FRIEND", "2026-03-02 15:00", staff="E2")
    await story.sold("REGULAR", "2026-03-02 15:00", staff="E2")
    assert await story.tasks() == []
    await story.sold("NEW", "2026-03-02 15:00", staff="E2")
    assert await story.tasks() == [Seen("NEW", "E2", "2026-03-02 15:00", "2026-03-03 00:00", "2026-03-04 00:00")]
    assert (await story.task("NEW")).priority == 880
    assert (await story.texts("NEW"))["a"].startswith("NEW姐，我是1号店的员工2，加个微信吧")
    await story.happens("voucher_redeemed", "2026-03-02 16:00", customer="VOUCHER", platform="meituan", deal="补水体验")
    assert (await story.task("VOUCHER")).who is None
    await story.sold("VOUCHER", "2026-03-02 17:00", staff="E1")
    await story.sold("NEW", "2026-03-02 18:00", "CREAM", staff="E1")
    assert len(await story.tasks()) == 2


async def test_tier_upgrade(story: Story) -> None:
    await story.world.books(
        "levels",
        LevelIn(code="gold", name="金卡", rank=2, benefit="护理享九折"),
        LevelIn(code="black", name="黑卡", rank=3),
    )
    for code in ("UP", "ALMOST"):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E2", level="gold")
        await story.world.sale(code, shanghai("2026-01-10 11:00"), cash=290_000, historic=True)
    await story.begins("2026-03-01 12:00", "tier_upgrade")
    await story.sold("UP", "2026-03-02 15:00", cents=10_000)
    await story.sold("ALMOST", "2026-03-02 15:00", cents=9_999)
    await story.at("2026-03-02 16:59")
    assert await story.tasks() == []
    await story.at("2026-03-02 17:00")
    assert await story.tasks() == [Seen("UP", "E2", "2026-03-02 17:00", "2026-03-04 00:00", "2026-03-06 00:00")]
    assert (await story.task("UP")).priority == 350
    assert (await story.texts("UP"))[
        "a"
    ] == "UP姐，你升到金卡会员啦！以后护理享九折，现在就能用，下次到店我直接帮你用上～"
    await story.at("2026-03-06 00:01")
    await story.sold("UP", "2026-03-08 15:00", cents=10_000)
    await story.at("2026-03-08 17:00")
    assert len(await story.tasks()) == 1
    await story.sold("UP", "2026-03-10 20:00", cents=700_000)
    await story.at("2026-03-10 22:00")
    assert len(await story.tasks()) == 1
    await story.at("2026-03-11 09:30")
    assert (await story.task("UP")).opens == "2026-03-11 09:30"


async def test_handover_intro(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "handover_intro")
    for code in ("CARD", "LATELY", "GONE"):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E1")
    await story.world.card("CARD", shanghai("2025-01-01 11:00"), principal=30_000)
    await story.world.visit("LATELY", shanghai("2025-09-04 11:00"), historic=True)
    await story.world.visit("GONE", shanghai("2025-09-03 11:00"), historic=True)
    await story.clock.set(shanghai("2026-03-02 15:00"))
    for code in ("CARD", "LATELY", "GONE"):
        await story.world.books("customers", CustomerIn(external_id=code, consultant="E2"))
        await story.happens("consultant_changed", "2026-03-02 15:00", customer=code, **{"from": "E1", "to": "E2"})
    await story.at("2026-03-03 09:59")
    assert await story.tasks() == []
    await story.at("2026-03-03 10:00")
    found = sorted(await story.tasks(), key=lambda one: one.customer)
    assert found == [
        Seen("CARD", "E2", "2026-03-03 10:00", "2026-03-07 00:00", "2026-03-14 00:00"),
        Seen("LATELY", "E2", "2026-03-03 10:00", "2026-03-07 00:00", "2026-03-14 00:00"),
    ]
    assert {one.priority for one in found} == {640}
    assert (await story.texts("CARD"))["a"] == (
        "CARD姐你好，我是1号店的员工2，之前照顾你的员工1岗位有调整，以后由我来负责。你的充值卡和做过的项目我都看过了，有什么习惯先跟我说～"
    )
    assert set(await story.texts("LATELY")) == {"b"}
    assert "员工1 has moved to another position" in (await story.texts("LATELY", "en"))["b"]
