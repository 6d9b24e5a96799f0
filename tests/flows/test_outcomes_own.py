"""A merchant's own outcomes and reasons: each behaves as a built-in one, statistics see what it behaves as, and the app is offered all of them."""

from typing import Any

import pytest

from backend.db.units import Units
from tasks.callbacks.codes import OUTCOME_CODES, OutcomeCodeIn
from tasks.callbacks.reasons import OUTCOME_REASONS, ReasonIn
from tasks.callbacks.tables import Outcome, ReasonTopic
from tasks.flow.outcome_catalogue import FieldKind, OutcomeEntry, outcome_catalogue
from tasks.flow.view_task import view_task
from tasks.kernel.errors import Invalid
from tasks.kernel.sealing import MasterKey
from tasks.people.coded import create_coded, deactivate_coded, replace_coded
from tasks.stats.service import completion
from tests.support.clock import TestClock, shanghai
from tests.support.outcomes import DEFAULTS, Logs
from tests.support.rows import make_task
from tests.support.world import make_world


@pytest.fixture
async def logs(units: Units, master: MasterKey, clock: TestClock) -> Logs:
    await clock.set(shanghai("2026-03-02 12:00"))
    return Logs(await make_world(units, master, employees=1, customers=1), clock)


async def adds(logs: Logs, code: str, behaviour: Outcome, **more: Any) -> None:
    item = OutcomeCodeIn(code=code, behaviour=behaviour, name="答应周末来", **more)
    assert await logs.world.do(lambda unit: create_coded(unit, OUTCOME_CODES, item)) is not None


async def reason(logs: Logs, topic: ReasonTopic, code: str, **more: Any) -> None:
    item = ReasonIn(topic=topic, code=code, **({"name": "怀孕暂停"} | more))
    assert await logs.world.do(lambda unit: create_coded(unit, OUTCOME_REASONS, item)) is not None


async def catalogue(logs: Logs, locale: str = "zh-CN") -> dict[str, OutcomeEntry]:
    found = await logs.world.do(lambda unit: outcome_catalogue(unit, locale))
    return {entry.code: entry for entry in found.outcomes}


async def test_an_outcome_of_ones_own_does_what_it_behaves_as_and_counts_as_it(logs: Logs) -> None:
    await adds(logs, "weekend", Outcome.WILL_COME)
    task = await make_task(logs.world)
    page = await logs.world.do(lambda unit: view_task(unit, logs.world.scope("E1"), task.task_id))
    assert [(one.code, list(one.needs)) for one in page.outcomes][-1] == ("weekend", ["promisedOn"])
    answer = await logs.says(task, "weekend", behaves="will_come")
    assert (answer.outcome, answer.status) == ("will_come", "done")
    kept = await logs.one("select outcome, code from callback where merchant_id = :merchant")
    assert kept == {"outcome": "will_come", "code": "weekend"}
    assert (await logs.one("select state from promise where merchant_id = :merchant"))["state"] == "open"
    assert await logs.reason(task) == ("closed", "callback", "will_come")
    day = shanghai("2026-03-02 12:00").date()
    (row,) = await logs.world.do(lambda unit: completion(unit, logs.world.scope("manager"), day, day, "employee"))
    assert (row.positive, row.reached, row.booked) == (1, 1, 0)


async def test_one_that_was_switched_off_is_offered_no_more_and_still_understood(logs: Logs) -> None:
    await adds(logs, "weekend", Outcome.WILL_COME)
    await logs.world.do(lambda unit: deactivate_coded(unit, OUTCOME_CODES, ("weekend",), None))
    assert "weekend" not in await catalogue(logs)
    task = await make_task(logs.world)
    assert (await logs.says(task, "weekend", behaves="will_come")).verdict == "applied"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "booked"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "x" * 65}, "code"),
        ({"name": " "}, "name"),
        ({"rank": 2_000_000}, "rank"),
    ],
)
async def test_what_an_outcome_cannot_be(logs: Logs, changes: dict[str, Any], field: str) -> None:
    item = OutcomeCodeIn(**({"code": "weekend", "behaviour": Outcome.WILL_COME, "name": "周末"} | changes))
    with pytest.raises(Invalid) as refused:
        await logs.world.do(lambda unit: create_coded(unit, OUTCOME_CODES, item))
    assert refused.value.field == field


async def test_what_it_behaves_as_never_changes(logs: Logs) -> None:
    await adds(logs, "weekend", Outcome.WILL_COME)
    other = OutcomeCodeIn(code="weekend", behaviour=Outcome.BOOKED, name="周末")
    with pytest.raises(Invalid) as refused:
        await logs.world.do(lambda unit: replace_coded(unit, OUTCOME_CODES, other, None))
    assert refused.value.field == "behaviour"


async def test_reasons_are_added_renamed_and_hidden(logs: Logs) -> None:
    await reason(logs, ReasonTopic.NOT_INTERESTED, "pregnant", rank=-1)
    await reason(logs, ReasonTopic.NOT_INTERESTED, "price", name="预算有限", name_en="Budget")
    await reason(logs, ReasonTopic.NOT_INTERESTED, "moved_away", active=False)
    entry = (await catalogue(logs))["not_interested"]
    assert [one.code for one in entry.reasons] == [
        "pregnant", "no_time", "no_need", "unhappy", "elsewhere", "other", "price",
    ]  # fmt: skip
    assert {one.code: one.label for one in entry.reasons}["price"] == "预算有限"
    english = {one.code: one.label for one in (await catalogue(logs, "en"))["not_interested"].reasons}
    assert (english["price"], english["pregnant"], english["no_time"]) == ("Budget", "怀孕暂停", "No time")
    task = await make_task(logs.world)
    assert (await logs.says(task, "not_interested", reason="pregnant")).verdict == "applied"
    again = await make_task(logs.world)
    assert (await logs.says(again, "not_interested", reason="moved_away")).verdict == "applied", (
        "hidden, yet understood"
    )


async def test_the_catalogue_says_everything_the_app_asks_for(logs: Logs) -> None:
    await adds(logs, "weekend", Outcome.WILL_COME, name_en="The weekend", rank=-1)
    found = await catalogue(logs, "en")
    assert list(found) == ["weekend", *(outcome.value for outcome in Outcome)]
    assert (found["weekend"].label, found["weekend"].own, found["weekend"].positive) == ("The weekend", True, True)
    for code, entry in found.items():
        needed = DEFAULTS[entry.behaviour.value]
        assert {field.name for field in entry.fields} >= set(needed), code
        assert {field.name for field in entry.fields if field.required} <= set(needed), code
        asked = {field.name for field in entry.fields if field.kind is FieldKind.REASON}
        assert bool(asked) == bool(entry.reasons), code
    booked = {field.name: field for field in found["booked"].fields}
    assert {name: field.kind.value for name, field in booked.items()} == {
        "startsAt": "instant", "startsOn": "day", "halfDay": "choice", "service": "text", "staffId": "staff",
    }  # fmt: skip
    assert [choice.label for choice in booked["halfDay"].choices] == ["Morning", "Afternoon"]
    assert found["message_sent"].channels == ["sms", "wechat"]
    (call,) = found["callback_requested"].fields
    assert (call.required, [chip.code for chip in call.chips][:2]) == (True, ["in_1h", "in_2h"])
    assert [choice.code for choice in found["refused_contact"].fields[0].choices] == ["phone", "wechat", "all"]


async def test_in_chinese_every_outcome_has_its_word(logs: Logs) -> None:
    labels = [entry.label for entry in (await catalogue(logs)).values()]
    assert labels == [
        "已预约", "口头答应", "已购买", "已充值", "有意向", "约定回电", "已发微信", "未接", "占线", "号码错误", "暂无意向", "拒绝联系", "投诉",
        "已到店", "跳过",
    ]  # fmt: skip
