from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.worklist.rules import TaskAction, allowed_actions, check_snooze
from tasks.worklist.states import TaskStatus
from tasks.worklist.why import WhyFacts, why_line
from tasks.worklist.windows import ContactWindow, contact_window
from tests.support.clock import shanghai

ME = new_id()
TODAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("status", "holder", "expected"),
    [
        (TaskStatus.OPEN, None, ["claim", "start"]),
        (TaskStatus.OPEN, ME, ["start", "copy", "reveal_phone", "callback", "snooze", "release"]),
        (TaskStatus.IN_PROGRESS, ME, ["copy", "reveal_phone", "callback", "snooze", "release"]),
        (TaskStatus.QUEUED, ME, ["copy", "reveal_phone", "callback", "release"]),
        (TaskStatus.OPEN, new_id(), []),
        (TaskStatus.DONE, ME, []),
    ],
)
def test_what_is_offered(status: TaskStatus, holder: UUID | None, expected: list[str]) -> None:
    assert allowed_actions(status, holder, ME, phone=True) == [TaskAction(each) for each in expected]
    without = [each for each in expected if each != "reveal_phone"]
    assert allowed_actions(status, holder, ME, phone=False) == [TaskAction(each) for each in without]


def test_a_snooze_is_an_instant_ahead_within_a_month() -> None:
    now = datetime(2026, 3, 9, 1, tzinfo=UTC)
    check_snooze(now + timedelta(hours=1), now)
    for wrong in (now, now - timedelta(days=1), now + timedelta(days=31), datetime(2026, 3, 10)):  # noqa: DTZ001  # naive on purpose
        with pytest.raises(Invalid) as refused:
            check_snooze(wrong, now)
        assert refused.value.field == "until"


@pytest.mark.parametrize(
    ("facts", "zh", "en"),
    [
        (
            WhyFacts(today=TODAY, template="second_visit", source="点评", first_visit_on=date(2026, 3, 2)),
            "7 天前点评新客，未再到店",
            "New client from 点评 7 days ago, not back yet",
        ),
        (
            WhyFacts(today=TODAY, template="second_visit", first_visit_on=date(2026, 3, 8)),
            "昨天的新客，未再到店",
            "New client yesterday, not back yet",
        ),
        (
            WhyFacts(today=TODAY, template="card_balance_low", balance_cents=46_000),
            "充值卡还剩 460元",
            "Card: ¥460 left",
        ),
        (
            WhyFacts(today=TODAY, template="card_times_low", card_name="补水卡", uses_left=1),
            "补水卡还剩 1次",
            "补水卡: 1 visit left",
        ),
        (
            WhyFacts(today=TODAY, template="card_expiring", card_name="年卡", expires_on=date(2026, 3, 20)),
            "年卡 3月20号到期",
            "年卡 expires on 20 March",
        ),
        (
            WhyFacts(today=TODAY, template="win_back", last_visit_on=date(2026, 1, 8)),
            "60 天没有到店",
            "Not seen for 60 days",
        ),
        (WhyFacts(today=TODAY, template="after_service", last_visit_on=TODAY), "今天做过服务", "Served today"),
        (WhyFacts(today=TODAY, template="second_visit", plan="新客"), "新客", "新客"),
        (WhyFacts(today=TODAY, template="card_balance_low", plan="余额"), "余额", "余额"),
        (WhyFacts(today=TODAY, template="card_times_low", plan="次卡"), "次卡", "次卡"),
        (WhyFacts(today=TODAY, template="card_expiring", plan="到期"), "到期", "到期"),
        (WhyFacts(today=TODAY, template="win_back", plan="流失"), "流失", "流失"),
        (WhyFacts(today=TODAY, template="after_service", plan="回访"), "回访", "回访"),
        (WhyFacts(today=TODAY, template="member_day", plan="会员日"), "会员日", "会员日"),
        (WhyFacts(today=TODAY), "自己安排的跟进", "Your own follow-up"),
    ],
)
def test_why_is_one_line(facts: WhyFacts, zh: str, en: str) -> None:
    assert (why_line(facts, "zh-CN"), why_line(facts, "en")) == (zh, en)


def test_the_contact_window_is_the_days_own() -> None:
    window = ContactWindow()
    assert window.holds(shanghai("2026-03-09 09:30"), "Asia/Shanghai")
    assert not window.holds(shanghai("2026-03-09 20:45"), "Asia/Shanghai")
    assert window.holds(shanghai("2026-03-14 20:45"), "Asia/Shanghai"), "a Saturday is longer"
    own = contact_window({"contactWindow": [["10:00", "18:00"]] * 7})
    assert own.opens(TODAY, "Asia/Shanghai") == shanghai("2026-03-09 10:00")
    assert own.closes(TODAY, "Asia/Shanghai") == shanghai("2026-03-09 18:00")
    assert contact_window({}) == window
