"""What a plan gives its own scripts: its day, its season, its milestone, its benefit."""

from datetime import date, time
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from scripts.catalog import shipped
from scripts.locales import LOCALES, Locale
from scripts.phrases import WORDS
from scripts.term_words import SEASONS
from scripts.variables import samples
from tasks.plans.benefits import AmountOff, Benefit, Gift, PercentOff, Points
from tasks.plans.calendars.names import Term
from tasks.plans.definition import Definition
from tasks.plans.schedules import Daily, Festival, SolarTerm
from tasks.plans.templates import TEMPLATES
from tasks.scripting.occasions import benefit_words, occasion_values, term_on

TEN = time(10)


def said(plan: Definition, fired: str, today: str, locale: Locale = "zh-CN", **known: Any) -> dict[str, Any]:
    facts = SimpleNamespace(today=date.fromisoformat(today), first_purchase_on=None, **known)
    values = occasion_values(facts, SimpleNamespace(fired_on=date.fromisoformat(fired)), plan, locale)
    return {name: value for name, value in values.items() if value is not None}


def by(trigger: Any) -> Definition:
    return msgspec.structs.replace(TEMPLATES["festival_care"], trigger=trigger)


@pytest.mark.parametrize(("today", "when"), [("2026-03-17", "明天"), ("2026-03-18", "今天")])
def test_the_member_day_is_the_day_it_is_about_not_the_day_it_fired(today: str, when: str) -> None:
    values = said(TEMPLATES["member_day"], "2026-03-17", today)
    assert (values["member_day_when"], values["benefit"]) == (when, "双倍积分")


def test_a_milestone_stays_what_it_was_when_it_is_read_a_day_late() -> None:
    facts = SimpleNamespace(today=date(2026, 3, 3), first_purchase_on=date(2025, 3, 2))
    reason = SimpleNamespace(fired_on=date(2026, 3, 2))
    values = occasion_values(facts, reason, TEMPLATES["anniversary"], "zh-CN")
    assert (values["anniversary_when"], values["days_together"]) == ("昨天", 365)


def test_a_solar_term_and_its_words() -> None:
    values = said(by(SolarTerm(term=Term.LI_DONG, at=TEN)), "2026-11-07", "2026-11-08")
    assert values["term_name"] == "立冬"
    assert values["term_when"] == "昨天"
    assert (values["term_tip"], values["care_tip"]) == (SEASONS["li_dong"].zh_tip, SEASONS["li_dong"].zh_care)
    early = by(SolarTerm(term=Term.LI_DONG, at=TEN, offset_days=-3))
    assert said(early, "2026-11-04", "2026-11-04", "en")["term_when"] == "Saturday the 7th"


def test_a_festival_has_the_words_of_its_season() -> None:
    values = said(by(Festival(name="mid_autumn", at=TEN)), "2026-09-25", "2026-09-25")
    assert (values["term_name"], values["term_tip"]) == ("中秋节", SEASONS["qiu_fen"].zh_tip)
    own = said(by(Festival(name="店庆", at=TEN, offset_days=-1)), "2026-09-24", "2026-09-24", "en")
    assert (own["term_name"], own["term_when"]) == ("店庆", "tomorrow")
    assert said(by(Festival(name="christmas", at=TEN)), "2026-12-25", "2026-12-25", "en")["term_name"] == "Christmas"


def test_other_plans_have_no_season() -> None:
    assert set(said(by(Daily(at=TEN)), "2026-03-02", "2026-03-02")) == {"member_day_when"}
    assert said(TEMPLATES["second_visit"], "2026-03-02", "2026-03-02") == {}


@pytest.mark.parametrize(
    ("day", "term"),
    [("2026-01-01", "dong_zhi"), ("2026-01-05", "xiao_han"), ("2026-06-20", "mang_zhong"), ("2026-06-21", "xia_zhi"), ("2026-12-31", "dong_zhi")],
)  # fmt: skip
def test_a_term_is_in_force_until_the_next_begins(day: str, term: str) -> None:
    assert term_on(date.fromisoformat(day)) == term


@pytest.mark.parametrize(
    ("benefit", "chinese", "english"),
    [
        (Points(multiplier=200), "双倍积分", "double points"),
        (Points(multiplier=150), "1.5倍积分", "1.5 times the points"),
        (Points(multiplier=600), "6倍积分", "6 times the points"),
        (PercentOff(percent=12), "8.8折", "12% off"),
        (PercentOff(percent=20), "8折", "20% off"),
        (AmountOff(off_cents=5_000), "减50元", "¥50 off"),
        (Gift(text="手膜一份"), "手膜一份", "手膜一份"),
    ],
)
def test_a_benefit_in_words(benefit: Benefit, chinese: str, english: str) -> None:
    assert (benefit_words(benefit, "zh-CN"), benefit_words(benefit, "en")) == (chinese, english)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("term", list(Term))
def test_every_term_has_a_text_that_may_be_said(term: Term, locale: Locale) -> None:
    season = SEASONS[term.value]
    values = samples(locale) | {"term_tip": season.tip(locale), "care_tip": season.care(locale)}
    for part in (season.tip(locale), season.care(locale)):
        assert part == part.strip()
        assert not [pattern.pattern for _, pattern in WORDS[locale] if pattern.search(part)]
        assert not part.endswith(("。", ".", "，", ","))
    texts = [each.script.render(values) for each in shipped().variants("festival_care", locale)]
    assert all(len(text) < (200 if locale == "zh-CN" else 400) for text in texts)


def test_the_terms_of_the_scripts_are_the_terms_of_the_plans() -> None:
    assert set(SEASONS) == {term.value for term in Term}
    assert len({season.zh_tip for season in SEASONS.values()}) == 24
    assert len({season.en_tip for season in SEASONS.values()}) == 24
