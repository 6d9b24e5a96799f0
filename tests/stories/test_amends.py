"""`complaint_recovery` and `refund_care`, each at the moment it begins."""

from decimal import Decimal

from tasks.ledger.inputs import LineIn, SaleIn
from tests.support.clock import shanghai
from tests.support.plans import rows
from tests.support.stories import Seen, Story


async def test_complaint_recovery(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "complaint_recovery")
    await story.world.customer("ANGRY", remark_name="王姐", consultant="E1")
    await story.advertised("ANGRY", "2026-03-02 11:00")
    await story.world.appointment("ANGRY", shanghai("2026-03-20 11:00"))
    await story.happens("complaint", "2026-03-02 15:00", customer="ANGRY", category="service", text="等太久")
    assert await story.tasks() == [Seen("ANGRY", "manager", "2026-03-02 15:00", "2026-03-02 19:00", "2026-03-06 00:00")]
    assert (await story.task("ANGRY")).priority == 999
    texts = await story.texts("ANGRY")
    assert texts["a"] == (
        "王姐您好，我是1号店店长店长。您反映的情况我看到了，很抱歉让您有这样的体验。方便的话我给您打个电话听您说说，今天之内给您答复。"
    )
    assert "d" not in texts
    (state,) = await rows(
        story.world,
        "select complaint_at from customer_contact_state where merchant_id = :merchant and complaint_at is not null",
    )
    assert state["complaint_at"] >= shanghai("2026-03-02 15:00")
    await story.at("2026-03-05 10:00")
    assert len(await story.tasks()) == 1
    await story.at("2026-03-06 00:01")
    await story.at("2026-03-06 00:02")
    again = await story.task("ANGRY")
    assert again.who == "manager"
    assert set(await story.texts("ANGRY")) == {"d", "e", "h", "i"}


async def test_the_second_step_waits_three_days_where_the_first_was_done(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "complaint_recovery")
    await story.world.customer("CALM", remark_name="王姐")
    await story.happens("bad_review", "2026-03-02 08:00", customer="CALM", stars=1)
    task = await story.task("CALM")
    assert (task.opens, task.contact_from, task.due) == ("2026-03-02 08:00", "2026-03-02 09:30", "2026-03-02 13:30")
    await story.settled("CALM", "2026-03-02 10:00")
    await story.at("2026-03-05 09:59")
    assert len(await story.tasks()) == 1
    await story.at("2026-03-05 10:00")
    assert await story.task("CALM") == Seen(
        "CALM", "manager", "2026-03-05 10:00", "2026-03-05 14:00", "2026-03-09 00:00"
    )
    assert (await story.texts("CALM"))["d"].startswith("王姐您好，我是1号店店长店长。上次您反映的情况我们已经处理了")


async def test_the_second_complaint_is_the_owners_who_does_not_call_herself_manager(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "complaint_recovery")
    await story.world.customer("TWICE", remark_name="王姐")
    await story.world.customer("ONCE", remark_name="李姐")
    await story.happens("bad_review", "2026-03-02 15:00", customer="TWICE", stars=1)
    await story.happens("complaint", "2026-03-02 15:00", customer="ONCE")
    await story.settled("TWICE", "2026-03-02 16:00")
    await story.happens("complaint", "2026-03-04 11:00", customer="TWICE")
    assert (await story.task("ONCE")).who == "manager"
    assert (await story.task("TWICE")).who == "owner"
    texts = await story.texts("TWICE")
    assert texts["f"].startswith("王姐您好，我是1号店的老板。")
    assert set(texts) == {"f", "g"}


async def test_a_refusal_stands_above_a_complaint(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "complaint_recovery")
    await story.world.customer("NEVER")
    await rows(
        story.world,
        "update customer_contact_state set no_contact_at = :now where merchant_id = :merchant returning customer_id",
    )
    await story.happens("complaint", "2026-03-02 15:00", customer="NEVER")
    assert await story.decided() == {"NEVER": ["suppressed:do_not_contact"]}


async def test_refund_care(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "refund_care")
    for code in ("GOODS", "CARD"):
        await story.world.customer(code, remark_name=f"{code}姐", consultant="E2")
    await story.sold("GOODS", "2026-03-02 11:00", "CREAM", cents=19_800)
    card = await story.world.card("CARD", shanghai("2026-03-02 11:00"), principal=86_000)
    await story.clock.set(shanghai("2026-03-02 15:00"))
    back = LineIn(product="CREAM", quantity=Decimal(-1), cash_cents=-19_800, staff=("E1",))
    await story.world.books(
        "sales",
        SaleIn(external_id="BACK", store="S1", at=shanghai("2026-03-02 15:00"), customer="GOODS", lines=(back,)),
    )
    assert await story.tasks() == [Seen("GOODS", "E2", "2026-03-02 15:00", "2026-03-02 19:00", "2026-03-05 00:00")]
    assert (await story.task("GOODS")).priority == 900
    texts = await story.texts("GOODS")
    assert texts["a"] == (
        "GOODS姐，你的退款已经办好了，198元原路退回，一般7天内到账。这次哪里没让你满意，方便的话跟我说说，我们改。"
    )
    assert set(texts) == {"a", "b"}
    await story.happens(
        "card_closed", "2026-03-03 11:00", customer="CARD", cardId=card, entryId="CLOSE", principalCents=86_000
    )
    assert await story.task("CARD") == Seen(
        "CARD", "manager", "2026-03-03 11:00", "2026-03-03 15:00", "2026-03-06 00:00"
    )
    texts = await story.texts("CARD")
    assert texts["c"].startswith("CARD姐，你的充值卡已经退好了。")
    assert set(texts) == {"c", "d"}
