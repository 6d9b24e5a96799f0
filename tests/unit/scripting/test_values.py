from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from scripts.catalog import shipped
from scripts.locales import Locale
from scripts.variables import permitted
from tasks.attribution.rules import CREDITED
from tasks.attribution.tables import CreditKind
from tasks.kernel.ids import new_id, new_ids
from tasks.plans.templates import CARD_BALANCE_LOW, SECOND_VISIT, TEMPLATES
from tasks.scripting.rules import Duty, fitting, ordered, suggested
from tasks.scripting.service import step_of
from tasks.scripting.values import Said, base_values, reason_values
from tests.support.clock import shanghai

ME, SERVED, BOSS = new_id(), new_id(), new_id()
TODAY = date(2026, 3, 2)


def facts(**changes: object) -> Any:
    known: dict[str, object] = {
        "today": TODAY, "store": "静安店", "timezone": "Asia/Shanghai", "level": None, "birthday_on": None, "birthday_kind": "solar",
        "first_purchase_on": None, "manager_id": BOSS, "last_visit_on": None, "served_by": SERVED, "last_service": None,
        "cycle_days": None, "upkeep": None, "price_cents": None, "level_benefit": None, "main_card": None, "sensitive": None, "settings": "{}",
    }  # fmt: skip
    return SimpleNamespace(**known | changes)


def reason(**changes: object) -> Any:
    known: dict[str, object] = {
        "card_name": None, "card_kind": None, "balance_cents": None, "uses_left": None, "expires_on": None, "last_used_at": None,
        "card_service": None, "event_type": None, "event_at": None, "item": None, "previous_staff": None, "fired_on": TODAY,
        "sale_cents": None, "appointment_at": None, "appointment_precision": None,
        "appointment_service": None, "appointment_staff": None,
    }  # fmt: skip
    return SimpleNamespace(**known | changes)


SAID = Said("王姐", {ME: "大王", SERVED: "小林", BOSS: "陈静"}, ME, [date(2026, 3, 3), date(2026, 3, 5)])


def test_what_is_not_known_is_not_said() -> None:
    values = base_values(facts(served_by=None, manager_id=None), SAID, "zh-CN")
    known = {name: value for name, value in values.items() if value is not None}
    assert known == {"nickname": "王姐", "store": "静安店", "staff": "大王", "suggest_days": "明天或周四"}
    assert reason_values(facts(), reason(), SAID, "zh-CN") == {}


def test_the_books_in_words() -> None:
    values = base_values(
        facts(last_visit_on=date(2026, 2, 23), first_purchase_on=date(2025, 3, 2), upkeep="补水", cycle_days=28),
        SAID,
        "zh-CN",
    )
    assert (values["last_visit_when"], values["days_since"], values["days_together"]) == ("7天前", 7, 365)
    assert (values["upkeep"], values["cycle_days"], values["staff_served"], values["manager"]) == (
        "补水",
        28,
        "小林",
        "陈静",
    )


@pytest.mark.parametrize(
    ("born", "kind", "today", "said"),
    [
        (date(1990, 3, 5), "solar", TODAY, "5号周四"),
        (date(1990, 3, 1), "solar", TODAY, "2027年3月1号周一"),
        (date(1992, 2, 29), "solar", date(2026, 2, 27), "明天"),
        (date(1992, 2, 29), "solar", date(2028, 2, 28), "明天"),
        (date(1990, 1, 15), "lunar", TODAY, "明天"),
        (date(1990, 1, 13), "lunar", TODAY, "2027年2月18号周四"),
        (date(1990, 12, 30), "lunar", date(2026, 2, 14), "后天"),
        (date(1990, 12, 30), "lunar", date(2026, 2, 17), "2027年2月5号周五"),
        (None, "solar", TODAY, None),
    ],
)
def test_birthdays(born: date | None, kind: str, today: date, said: str | None) -> None:
    values = base_values(facts(birthday_on=born, birthday_kind=kind, today=today), SAID, "zh-CN")
    assert values["birthday_when"] == said


def test_a_card_in_words() -> None:
    card = reason(
        card_name="补水年卡", card_kind="times", balance_cents=0, uses_left=3, expires_on=date(2026, 3, 14),
        last_used_at=shanghai("2026-02-16 11:00"), card_service="补水",
    )  # fmt: skip
    values = reason_values(facts(), card, SAID, "zh-CN")
    assert (values["remaining"], values["uses_left"], values["days_left"]) == ("3次", 3, 12)
    assert (values["expires_on"], values["last_used_on"], values["card_service"]) == ("3月14号", "2月16号", "补水")
    assert (values["balance"], values["visits_left"]) == (None, None)
    money = reason(
        card_name="充值卡", card_kind="stored_value", balance_cents=46_000, uses_left=0, expires_on=date(2026, 3, 1)
    )
    values = reason_values(facts(price_cents=20_000, last_service="美睫"), money, SAID, "zh-CN")
    assert (values["balance"], values["visits_left"], values["remaining"]) == ("460元", 2, "余额460元")
    assert (values["days_left"], values["card_service"]) == (None, "美睫")


def test_appointments_and_refunds_in_words() -> None:
    exact = reason(
        appointment_at=shanghai("2026-03-03 15:00"),
        appointment_precision="exact",
        appointment_service="剪发",
        appointment_staff=ME,
    )
    values = reason_values(facts(), exact, SAID, "zh-CN")
    assert values == {"appointment_when": "明天下午3点", "service": "剪发", "staff_served": "大王"}
    rough = reason(appointment_at=shanghai("2026-03-03 14:00"), appointment_precision="half_day")
    assert reason_values(facts(), rough, SAID, "zh-CN")["appointment_when"] == "明天"
    refund = reason(event_at=shanghai("2026-03-01 15:00"), sale_cents=-86_000)
    assert reason_values(facts(), refund, SAID, "zh-CN") == {
        "event_when": "昨天",
        "refund_amount": "860元",
        "refund_days": 7,
    }
    slower = facts(settings='{"refundDays": 3}')
    assert reason_values(slower, refund, SAID, "zh-CN")["refund_days"] == 3


def test_what_an_event_names() -> None:
    tried = reason(event_type="tried_not_bought", event_at=shanghai("2026-03-01 15:00"), item="保湿面霜")
    assert reason_values(facts(main_card="充值卡"), tried, SAID, "zh-CN") == {"event_when": "昨天", "item": "保湿面霜"}
    handed = reason(event_type="consultant_changed", previous_staff=SERVED)
    values = reason_values(facts(main_card="充值卡"), handed, SAID, "zh-CN")
    assert values == {"card_name": "充值卡", "previous_staff": "小林"}
    nobody = reason(event_type="consultant_changed")
    assert reason_values(facts(), nobody, SAID, "zh-CN") == {"card_name": None, "previous_staff": None}


def test_what_is_noted_of_her_health_is_a_value_that_may_not_be_said() -> None:
    values = base_values(facts(sensitive='{"skin_tag": "干性敏感肌"}'), SAID, "zh-CN")
    assert values["skin_tag"] == "干性敏感肌"
    assert "skin_tag" not in permitted(values, sensitive=False)


def test_days_to_offer_need_the_store_open_and_the_employee_there() -> None:
    store, other = new_ids(2)
    roster: dict[date, tuple[bool, UUID | None]] = {
        date(2026, 3, 3): (False, None),
        date(2026, 3, 4): (True, other),
        date(2026, 3, 7): (True, store),
    }
    duty = Duty(store, lambda day: day.weekday() != 6, roster, [(date(2026, 3, 5), date(2026, 3, 6))])
    assert suggested(duty, TODAY) == [date(2026, 3, 7), date(2026, 3, 9)]
    assert suggested(Duty(store, lambda _: False), TODAY) == []


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_the_draw_is_stable_fair_and_never_a_phone_text_or_a_nameless_one_first(locale: Locale) -> None:
    variants = shipped().variants("second_visit", locale)
    firsts = [ordered(variants, one)[0] for one in new_ids(600)]
    fitting = {each.key for each in variants if each.channel == "wechat" and "nickname" in each.script.needs}
    assert {each.key for each in firsts} == fitting
    share = 600 / len(fitting)
    assert all(share * 0.6 < [each.key for each in firsts].count(key) < share * 1.4 for key in fitting)
    one = new_id()
    assert ordered(variants, one) == ordered(variants, one)
    assert sorted(each.key for each in ordered(variants, one)) == [each.key for each in variants]
    assert ordered((), one) == []


def test_a_passage_knows_its_step() -> None:
    assert step_of(SECOND_VISIT, f"{new_id()}:0") == "+7d"
    assert step_of(SECOND_VISIT, f"{new_id()}:9") is None
    assert step_of(CARD_BALANCE_LOW, str(new_id())) is None
    after = TEMPLATES["after_service"]
    assert [step_of(after, f"{new_id()}:0", step) for step in (0, 1)] == ["+1d", "cycle"]
    assert step_of(TEMPLATES["card_use_cycle"], f"{new_id()}:0", 3) is None
    assert [step_of(TEMPLATES["complaint_recovery"], f"{new_id()}:0", step) for step in (0, 1)] == ["+0d", "+3d"]


@pytest.mark.parametrize(
    ("scene", "step", "keys"),
    [
        ("after_service", "+1d", "acef"), ("after_service", "+3d", "acef"), ("after_service", "+7d", "g"), ("after_service", "+0d", ""),
        ("after_service", "cycle", "bdh"), ("after_service", None, ""), ("second_visit", "+7d", "abcde"), ("second_visit", "+21d", "abcdef"),
        ("second_visit", "+30d", "abcdef"), ("win_back", None, "abc"),
    ],
)  # fmt: skip
def test_a_step_takes_the_texts_written_for_it_or_for_the_nearest_before(
    scene: str, step: str | None, keys: str
) -> None:
    found = fitting(shipped().variants(scene, "zh-CN"), step, {})
    assert "".join(each.key.rpartition("/")[2] for each in found) == keys


def test_a_plan_weighs_texts_and_leaves_some_out() -> None:
    weights = {"win_back/a": 0, "win_back/c": 9}
    found = fitting(shipped().variants("win_back", "en"), None, weights)
    assert [(each.key, each.weight) for each in found] == [("win_back/b", 1), ("win_back/c", 9)]


def test_every_kind_of_credit_is_credited() -> None:
    assert {kind.value for kind in CreditKind} == CREDITED
