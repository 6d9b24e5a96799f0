"""Every number of templates.md, "Defaults", against the definitions."""

from datetime import time
from typing import Any

import pytest

from scripts.catalog import SCENES, shipped
from tasks.audience.tree import parse
from tasks.plans.benefits import Points
from tasks.plans.calendars.names import Weekday
from tasks.plans.definition import Behaviour, Daily, Definition, Offset, decode, encode
from tasks.plans.rules import check
from tasks.plans.schedules import Monthly, SolarTerm, Weekly
from tasks.plans.states import Backfill, Counted, ExitOn, LastDay, Measure, PlanKind, WhoElse
from tasks.plans.steps import Escalate, StaffTask, Wait
from tasks.plans.templates import ENGLISH, TEMPLATE_INFO, TEMPLATES
from tasks.plans.templates.trees import VALUE_LEFT
from tasks.plans.triggers import Repeat, Unless

GALLERY = [
    "second_visit", "card_expiring", "after_service", "card_balance_low", "member_day", "birthday", "win_back", "card_use_cycle", "card_times_low",
    "anniversary", "tier_upgrade", "no_show_recovery", "complaint_recovery", "tried_not_bought", "appointment_confirm", "refund_care", "sample_follow_up",
    "festival_care", "add_wechat", "handover_intro",
]  # fmt: skip

PURPOSE = {
    "member_day": ("marketing", 10, 300),
    "second_visit": ("marketing", 10, 700),
    "after_service": ("care", 0, 600),
    "card_use_cycle": ("care", 0, 500),
    "card_expiring": ("care", 0, 800),
    "card_times_low": ("marketing", 10, 550),
    "card_balance_low": ("marketing", 10, 560),
    "birthday": ("care", 0, 650),
    "win_back": ("marketing", 10, 400),
    "anniversary": ("care", 0, 200),
    "tier_upgrade": ("care", 0, 350),
    "no_show_recovery": ("care", 0, 850),
    "complaint_recovery": ("care", 0, 999),
    "tried_not_bought": ("marketing", 0, 620),
    "appointment_confirm": ("care", 0, 900),
    "refund_care": ("care", 0, 900),
    "sample_follow_up": ("care", 0, 580),
    "festival_care": ("marketing", 10, 150),
    "add_wechat": ("care", 0, 880),
    "handover_intro": ("care", 0, 640),
}
"""Purpose, percent held out, priority."""

DUE: dict[str, list[tuple[str, int]]] = {
    "second_visit": [("2 days", 7)],
    "after_service": [("1 days", 2), ("2 days", 7)],
    "card_use_cycle": [("2 days", 7)],
    "card_expiring": [("2 days", 7)],
    "card_times_low": [("2 days", 7)],
    "card_balance_low": [("2 days", 7)],
    "birthday": [("1 days", 3)],
    "win_back": [("3 days", 7)],
    "anniversary": [("1 days", 1)],
    "tier_upgrade": [("1 days", 3)],
    "no_show_recovery": [("0 days", 2)],
    "complaint_recovery": [("4 hours", 3), ("4 hours", 3)],
    "tried_not_bought": [("1 days", 3)],
    "appointment_confirm": [("0 days", 1)],
    "refund_care": [("4 hours", 2)],
    "sample_follow_up": [("1 days", 3)],
    "festival_care": [("1 days", 3)],
    "add_wechat": [("0 days", 1)],
    "handover_intro": [("3 days", 10)],
    "member_day": [("7 days", 7)],
}
"""Due and expiry in store open days, step by step; last days cut both."""

LAST_DAY = {
    "member_day": LastDay.ANCHOR,
    "card_expiring": LastDay.CARD_EXPIRY,
    "birthday": LastDay.BIRTHDAY,
    "appointment_confirm": LastDay.APPOINTMENT,
}

ASSIGN: dict[str, tuple[tuple[str, ...], str]] = {
    "member_day": (("consultant", "last_served", "least_loaded"), "home_store"),
    "second_visit": (("consultant", "last_served"), "event_store"),
    "after_service": (("event_staff", "consultant"), "event_store"),
    "card_use_cycle": (("last_served", "consultant"), "event_store"),
    "card_expiring": (("consultant",), "staff_store"),
    "card_times_low": (("consultant", "last_served"), "home_store"),
    "card_balance_low": (("consultant", "last_served"), "home_store"),
    "birthday": (("consultant",), "home_store"),
    "win_back": (("consultant", "most_served"), "home_store"),
    "anniversary": (("consultant",), "home_store"),
    "tier_upgrade": (("consultant",), "event_store"),
    "no_show_recovery": (("booked_staff", "consultant"), "event_store"),
    "complaint_recovery": (("manager",), "event_store"),
    "tried_not_bought": (("event_staff",), "event_store"),
    "appointment_confirm": (("booked_staff",), "event_store"),
    "refund_care": (("consultant",), "event_store"),
    "sample_follow_up": (("event_staff",), "event_store"),
    "festival_care": (("consultant",), "home_store"),
    "add_wechat": (("event_staff",), "event_store"),
    "handover_intro": (("consultant",), "staff_store"),
}
"""Chain and route. 前台 is the store's pool."""

GOALS: dict[str, list[tuple[str, int]]] = {
    "member_day": [("purchased", 1)],
    "second_visit": [("arrived", 14)],
    "after_service": [("arrived", 14)],
    "card_use_cycle": [("card_used", 14)],
    "card_expiring": [("card_used", 30)],
    "card_times_low": [("arrived", 14), ("topped_up", 30)],
    "card_balance_low": [("topped_up", 30), ("arrived", 14)],
    "birthday": [("arrived", 30)],
    "win_back": [("arrived", 30)],
    "anniversary": [],
    "tier_upgrade": [("arrived", 30)],
    "no_show_recovery": [("booked", 7)],
    "complaint_recovery": [("resolved", 30)],
    "tried_not_bought": [("purchased", 14)],
    "appointment_confirm": [("arrived", 2)],
    "refund_care": [],
    "sample_follow_up": [("purchased", 14)],
    "festival_care": [("arrived", 14)],
    "add_wechat": [("friend_added", 7)],
    "handover_intro": [("replied", 14)],
}

ENTRY: dict[str, tuple[str, str]] = {
    "member_day": ("customer", "each_time"),
    "second_visit": ("customer", "never_again"),
    "after_service": ("visit", "restart"),
    "card_use_cycle": ("card", "restart"),
    "card_expiring": ("card", "once_per_crossing"),
    "card_times_low": ("card", "once_per_crossing"),
    "card_balance_low": ("card", "once_per_crossing"),
    "birthday": ("customer", "cooldown"),
    "win_back": ("customer", "cooldown"),
    "anniversary": ("customer", "each_time"),
    "tier_upgrade": ("customer", "once_per_crossing"),
    "no_show_recovery": ("appointment", "never_again"),
    "complaint_recovery": ("customer", "each_time"),
    "tried_not_bought": ("customer", "each_time"),
    "appointment_confirm": ("appointment", "each_time"),
    "refund_care": ("customer", "each_time"),
    "sample_follow_up": ("customer", "each_time"),
    "festival_care": ("customer", "each_time"),
    "add_wechat": ("customer", "never_again"),
    "handover_intro": ("customer", "each_time"),
}
"""Scope and mode. A passage of an event has the event for its key, so that each time is once per event."""

TEN = time(10)
FIRES: dict[str, Any] = {
    "member_day": Monthly(days=(18,), offset_days=-1, at=TEN),
    "second_visit": Behaviour(
        events=("service_completed",), offsets=(Offset(after_days=7, at=time(9)),), first_visit=True
    ),
    "after_service": Behaviour(events=("service_completed",), offsets=(Offset(after_days=1, at=TEN),)),
    "card_use_cycle": Behaviour(
        events=("purchase", "card_used"),
        offsets=(Offset(after_months=1, at=TEN),),
        repeat=Repeat(every=1, unit="months", times=12, until=Counted.NO_USES_LEFT),
    ),
    "card_expiring": Daily(at=TEN),
    "card_times_low": Daily(at=TEN),
    "card_balance_low": Daily(at=TEN),
    "birthday": Daily(at=TEN),
    "win_back": Weekly(at=TEN, weekdays=(Weekday.TUE,)),
    "anniversary": Daily(at=TEN),
    "tier_upgrade": Behaviour(events=("purchase",), offsets=(Offset(after="2h", in_window=True),)),
    "no_show_recovery": Behaviour(events=("appointment_missed",), offsets=(Offset(after="2h", in_window=True),)),
    "complaint_recovery": Behaviour(events=("complaint", "bad_review"), offsets=(Offset(),)),
    "tried_not_bought": Behaviour(
        events=("tried_not_bought",),
        offsets=(Offset(after_days=1, at=TEN),),
        unless=Unless(event="purchase", within="2d"),
    ),
    "appointment_confirm": Behaviour(
        events=("appointment_booked",),
        offsets=(
            Offset(
                before="startsAt",
                days_before=1,
                at=time(15),
                only_if={"all": [{"condition": "visit_count", "atLeast": 1}]},
            ),
            Offset(before="startsAt", by="2h", only_if={"all": [{"condition": "visit_count", "equals": 0}]}),
        ),
    ),
    "refund_care": Behaviour(events=("refunded", "card_closed"), offsets=(Offset(),)),
    "sample_follow_up": Behaviour(events=("sample_taken",), offsets=(Offset(after_days=1, at=TEN),)),
    "add_wechat": Behaviour(events=("service_completed", "voucher_redeemed"), offsets=(Offset(),)),
    "handover_intro": Behaviour(events=("consultant_changed",), offsets=(Offset(after_days=1, at=TEN),)),
}

AUDIENCE: dict[str, Any] = {
    "member_day": {"any": [{"condition": "last_visit", "withinDays": 180}, *VALUE_LEFT["any"]]},
    "second_visit": {"all": [{"condition": "visit_count", "equals": 1}]},
    "after_service": None,
    "card_use_cycle": {
        "all": [{"condition": "card_uses_left", "atLeast": 1}, {"condition": "card_frozen", "frozen": False}]
    },
    "card_expiring": {
        "all": [
            {"condition": "card_days_left", "atMost": 30},
            VALUE_LEFT,
            {"condition": "card_frozen", "frozen": False},
        ]
    },
    "card_times_low": {
        "all": [
            {"condition": "card_uses_left", "atLeast": 1, "atMost": 2},
            {"condition": "card_used", "withinDays": 180},
        ]
    },
    "card_balance_low": {
        "all": [
            {"condition": "card_balance", "above": 0, "atMost": 50_000},
            {"condition": "card_used", "withinDays": 180},
            {"condition": "promo_card", "held": False},
        ]
    },
    "birthday": {
        "all": [
            {"condition": "birthday", "nextDays": 3},
            {"condition": "birthday_plausible"},
            {"condition": "last_visit", "withinDays": 365},
        ]
    },
    "win_back": {
        "all": [
            {"condition": "visit_count", "atLeast": 2},
            {"condition": "overdue_ratio", "atLeast": 2.0},
            {"condition": "days_away", "atLeast": 45, "atMost": 365},
        ]
    },
    "anniversary": {
        "all": [
            {"condition": "milestone", "days": [100, 365], "yearly": True},
            {"condition": "last_visit", "withinDays": 180},
        ]
    },
    "tier_upgrade": None,
    "no_show_recovery": {"all": [{"condition": "future_appointment", "exists": False}]},
    "complaint_recovery": None,
    "tried_not_bought": None,
    "appointment_confirm": {"all": [{"condition": "unconfirmed_appointment", "withinDays": 1}]},
    "refund_care": None,
    "sample_follow_up": None,
    "festival_care": {"all": [{"condition": "last_visit", "withinDays": 90}]},
    "add_wechat": {"all": [{"condition": "visit_count", "atMost": 1}, {"condition": "friend", "nobody": True}]},
    "handover_intro": {"any": [*VALUE_LEFT["any"], {"condition": "last_visit", "withinDays": 180}]},
}

GAPLESS = {"after_service", "card_expiring", "birthday", "no_show_recovery", "complaint_recovery", "tried_not_bought"}
"""No gap, exempt, or asked in the store."""
KEPT_BY_CARE = {"card_use_cycle", "anniversary"}
"""Care that keeps the seven days."""
EVEN_WITH_APPOINTMENT = {"after_service", "complaint_recovery", "appointment_confirm"}


def due(act: StaffTask) -> tuple[str, int]:
    return (f"{act.due_hours} hours" if act.due_hours else f"{act.due_in} days", act.expires_in)


@pytest.fixture(params=GALLERY)
def plan(request: pytest.FixtureRequest) -> Definition:
    return TEMPLATES[request.param]


def test_all_twenty_stand_in_the_gallerys_order() -> None:
    assert list(TEMPLATES) == list(TEMPLATE_INFO) == list(ENGLISH) == GALLERY
    assert set(GALLERY) == set(SCENES)
    assert [name for name, info in TEMPLATE_INFO.items() if info.recommended] == GALLERY[:3]
    assert {name for name, info in TEMPLATE_INFO.items() if info.off} == {"anniversary", "tier_upgrade"}


def test_each_has_a_name_and_a_sentence_in_both_languages(plan: Definition) -> None:
    info = TEMPLATE_INFO[plan.template]
    chinese, english = (plan.name, info.zh), (info.name_en, info.en)
    assert all(any("一" <= sign <= "鿿" for sign in text) for text in chinese)
    assert all(text.replace("¥", "").isascii() and text for text in english)
    assert info.zh.endswith("。")
    assert info.en.endswith(".")
    assert bool(info.hint_zh) is bool(info.hint_en)


def test_each_is_whole_as_it_stands(plan: Definition) -> None:
    check(plan)
    assert decode(encode(plan)) == plan
    assert plan.backfill is Backfill.IN_WINDOW
    assert all(step.act.scene == plan.template for step in plan.steps)
    for tree in trees(plan):
        parse(tree)


def trees(plan: Definition) -> list[dict[str, Any]]:
    offsets = plan.trigger.offsets if isinstance(plan.trigger, Behaviour) else ()
    found = [plan.audience, *(one.only_if for one in offsets), *(step.only_if for step in plan.steps)]
    found += [step.act.escalate.when for step in plan.steps if step.act.escalate]
    return [tree for tree in found if tree is not None]


def test_purpose_hold_out_and_priority(plan: Definition) -> None:
    wanted = PURPOSE[plan.template]
    assert (plan.purpose, plan.hold_out) == wanted[:2]
    assert {step.act.priority for step in plan.steps} == {wanted[2]}
    assert plan.hold_out_from == 200


def test_due_and_expiry(plan: Definition) -> None:
    assert [due(step.act) for step in plan.steps] == DUE[plan.template]
    assert {step.act.last_day for step in plan.steps} == {LAST_DAY.get(plan.template)}


def test_chain_and_route(plan: Definition) -> None:
    assert {(step.act.chain, step.act.route) for step in plan.steps} == {ASSIGN[plan.template]}


def test_goals(plan: Definition) -> None:
    assert [(goal.kind, goal.days) for goal in plan.goals] == GOALS[plan.template]


def test_entry(plan: Definition) -> None:
    assert (plan.entry.scope, plan.entry.mode) == ENTRY[plan.template]


def test_when_it_fires(plan: Definition) -> None:
    if plan.template == "festival_care":
        assert isinstance(plan.trigger, SolarTerm)
        assert (plan.trigger.at, plan.trigger.offset_days) == (TEN, 0)
    else:
        assert plan.trigger == FIRES[plan.template]


def test_for_whom(plan: Definition) -> None:
    assert plan.audience == AUDIENCE[plan.template]


def test_gap_and_appointments(plan: Definition) -> None:
    assert plan.suppress.marketing_gap is (plan.template not in GAPLESS)
    assert plan.suppress.care_gap is (plan.template in KEPT_BY_CARE)
    assert plan.suppress.appointment is (plan.template not in EVEN_WITH_APPOINTMENT)
    if plan.template != "complaint_recovery":
        rest = ("complaint", "contacted_today", "phone_today", "no_answer", "new_year")
        assert all(getattr(plan.suppress, name) for name in rest)


def test_a_complaint_stands_above_everything_but_a_refusal() -> None:
    plan = TEMPLATES["complaint_recovery"]
    assert not any(value for value in encode(plan)["suppress"].values())
    assert plan.exit_on == (ExitOn.DO_NOT_CONTACT,)
    assert [step.wait for step in plan.steps] == [None, Wait(days=3, at=TEN)]
    assert [step.act.script_step for step in plan.steps] == ["+0d", "+3d"]
    assert {step.act.escalate.to for step in plan.steps if step.act.escalate} == {WhoElse.OWNER}


def test_every_other_plan_ends_with_a_refusal_or_a_complaint(plan: Definition) -> None:
    assert ExitOn.DO_NOT_CONTACT in plan.exit_on
    assert (ExitOn.COMPLAINED in plan.exit_on) is (plan.template != "complaint_recovery")


def test_crossings_and_cooldowns() -> None:
    said = {name: (plan.entry.measure, plan.entry.bounds) for name, plan in TEMPLATES.items() if plan.entry.bounds}
    assert said == {
        "card_expiring": (Measure.DAYS_LEFT, (30, 7)),
        "card_times_low": (Measure.USES_LEFT, (2,)),
        "card_balance_low": (Measure.BALANCE, (50_000,)),
        "tier_upgrade": (Measure.PAID, (300_000, 1_000_000, 3_000_000)),
    }
    assert {name: plan.entry.days for name, plan in TEMPLATES.items() if plan.entry.days} == {
        "win_back": 90,
        "birthday": 330,
    }


def test_the_member_day() -> None:
    plan = TEMPLATES["member_day"]
    assert plan.task.due_at == time(12)
    assert plan.task.spread_days == 7
    assert plan.benefit == Points(multiplier=200)


def test_after_the_service() -> None:
    first, cycle = TEMPLATES["after_service"].steps
    assert first.only_if == {
        "any": [
            {"condition": "visit_count", "equals": 1},
            {"condition": "last_service", "categories": ["chemical", "skin", "lash"]},
            {"condition": "last_ticket", "atLeast": 30_000},
        ]
    }
    gaps = {"lash": 14, "facial": 14, "nails": 21, "cut": 30, "massage": 14, "colour": 45, "perm": 90}
    assert cycle.wait == Wait(cycle=True, usual=gaps)
    assert cycle.only_if == {"all": [{"condition": "future_appointment", "exists": False}]}
    assert cycle.act.script_step == "cycle"
    assert TEMPLATE_INFO["after_service"].chips == (1, 3, 7)


def test_the_optional_step_of_the_second_visit_is_twenty_one_days_after_the_first() -> None:
    (step,) = TEMPLATE_INFO["second_visit"].further
    assert step.wait == Wait(days=21 - 7)
    assert step.act.script_step == "+21d"
    assert due(step.act) == ("2 days", 7)


def test_winning_back_is_dealt_sparingly() -> None:
    assert TEMPLATES["win_back"].task.most_per_employee == 5


def test_who_takes_over() -> None:
    third = {"condition": "event_count", "event": "appointment_missed", "withinDays": 90, "atLeast": 3}
    assert TEMPLATES["no_show_recovery"].task.escalate == Escalate(when={"all": [third]}, to=WhoElse.MANAGER)
    card = TEMPLATES["refund_care"].task.escalate
    assert card is not None
    assert card.to is WhoElse.MANAGER


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_there_is_a_text_for_every_step(plan: Definition, locale: Any) -> None:
    for step in plan.steps:
        written = {each.when for each in shipped().variants(step.act.scene, locale)}
        assert None in written or (step.act.script_step or "+1d") in written


def test_every_kind_of_plan_is_there() -> None:
    assert {plan.kind for plan in TEMPLATES.values()} == {PlanKind.BEHAVIOUR, PlanKind.RECURRING}
