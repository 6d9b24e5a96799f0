"""Why a task is there, in one line, when its plan is about an event or a day, or when no plan made it. 9 March 2026 is a Monday."""

from datetime import date, datetime, timedelta

import pytest

from tasks.plans.templates.gallery import TEMPLATES
from tasks.worklist.background import NEEDY, Background, needs_background
from tasks.worklist.why import LINES, WhyFacts, why_line
from tasks.worklist.why_events import EVENT_LINES

TODAY = date(2026, 3, 9)
YESTERDAY = date(2026, 3, 8)
AT_THREE = datetime(2026, 3, 10, 15)  # noqa: DTZ001  # the store's wall time


@pytest.mark.parametrize(
    ("template", "background", "zh", "en"),
    [
        ("member_day", Background(about_on=date(2026, 3, 10)), "明天会员日", "Member day tomorrow"),
        ("festival_care", Background(about_on=TODAY), "今天的节气或节日", "The festival is today"),
        ("birthday", Background(birthday_on=date(1990, 3, 11)), "后天生日", "Birthday Wednesday the 11th"),
        (
            "birthday",
            Background(birthday_on=date(1992, 2, 29)),
            "2027年2月28号周日生日",
            "Birthday Sunday 28 February 2027",
        ),
        (
            "anniversary",
            Background(first_purchase_on=date(2025, 11, 29), fired_on=TODAY),
            "认识第 100 天",
            "100 days with us",
        ),
        ("tier_upgrade", Background(level_name="金卡"), "升到金卡会员", "Moved up to 金卡"),
        (
            "no_show_recovery",
            Background(appointment_at=AT_THREE - timedelta(days=2)),
            "昨天下午3点的预约没有到店",
            "Missed her appointment yesterday at 3 pm",
        ),
        (
            "appointment_confirm",
            Background(appointment_at=AT_THREE),
            "明天下午3点有预约，待确认",
            "Appointment tomorrow at 3 pm, not confirmed yet",
        ),
        (
            "complaint_recovery",
            Background(event_on=TODAY, event_type="complaint"),
            "今天投诉，请尽快回复",
            "Complained today: answer soon",
        ),
        (
            "complaint_recovery",
            Background(event_on=TODAY, event_type="bad_review"),
            "今天给了差评，请尽快回复",
            "Bad review today: answer soon",
        ),
        ("refund_care", Background(event_on=YESTERDAY, event_type="refunded"), "昨天退了款", "Got a refund yesterday"),
        (
            "refund_care",
            Background(event_on=YESTERDAY, event_type="card_closed"),
            "昨天退了卡",
            "Returned her card yesterday",
        ),
        ("tried_not_bought", Background(event_on=YESTERDAY), "昨天试过，没有购买", "Tried yesterday, did not buy"),
        ("sample_follow_up", Background(event_on=YESTERDAY), "昨天拿了小样", "Took a sample yesterday"),
        ("add_wechat", Background(), "到店了，还没有加微信", "Was here and is not on WeChat yet"),
        ("handover_intro", Background(), "刚换专属顾问，还没有打招呼", "Has a new consultant who has not said hello"),
    ],
)
def test_a_template_about_an_event_or_a_day_says_which(template: str, background: Background, zh: str, en: str) -> None:
    facts = WhyFacts(today=TODAY, template=template, plan="计划", background=background)
    assert (why_line(facts, "zh-CN"), why_line(facts, "en")) == (zh, en)


@pytest.mark.parametrize("template", sorted(NEEDY))
def test_without_the_facts_the_plan_has_a_name(template: str) -> None:
    assert why_line(WhyFacts(today=TODAY, template=template, plan="计划"), "zh-CN") == "计划"


@pytest.mark.parametrize(
    ("background", "zh", "en"),
    [
        (Background(cause="own", words="问她补色"), "问她补色", "问她补色"),
        (Background(cause="own"), "自己安排的跟进", "Your own follow-up"),
        (
            Background(cause="broken_promise", promised_on=YESTERDAY, half_day="am"),
            "说好昨天上午来，没有到店",
            "Said she would come yesterday morning, and did not",
        ),
        (
            Background(cause="broken_promise", promised_on=YESTERDAY),
            "说好昨天来，没有到店",
            "Said she would come yesterday, and did not",
        ),
        (Background(cause="broken_promise"), "说好来，没有到店", "Said she would come, and did not"),
        (Background(cause="complaint"), "客户投诉，请尽快回复", "She complained: answer soon"),
        (
            Background(cause="complaint", words="等太久"),
            "客户投诉，请尽快回复：等太久",
            "She complained: answer soon. 等太久",
        ),
        (Background(cause="bad_review"), "客户给了差评，请尽快回复", "A bad review: answer soon"),
        (Background(cause="trial"), "试运行的任务", "A task of a trial run"),
    ],
)
def test_a_task_of_no_plan_says_what_caused_it(background: Background, zh: str, en: str) -> None:
    facts = WhyFacts(today=TODAY, background=background)
    assert (why_line(facts, "zh-CN"), why_line(facts, "en")) == (zh, en)


def test_every_template_of_the_gallery_has_a_line() -> None:
    assert set(TEMPLATES) <= LINES.keys() | EVENT_LINES.keys()
    assert EVENT_LINES.keys() >= NEEDY


def test_only_what_a_list_cannot_word_is_read_apart() -> None:
    assert needs_background("own", None)
    assert needs_background("plan", "birthday")
    assert not needs_background("plan", "second_visit")
    assert not needs_background("plan", None)
