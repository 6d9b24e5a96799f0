"""What a plan itself gives its scripts: the day it is about, the season, the milestone, and what is offered. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from scripts.gain_words import amount_off, more_points, percent_off
from scripts.locales import Locale
from scripts.term_words import SEASONS
from scripts.variables import Value, relative_day
from tasks.kernel.chinese_calendar import term_days
from tasks.plans.benefits import AmountOff, Benefit, Gift, PercentOff, Points
from tasks.plans.calendars.festivals import BUILT_IN
from tasks.plans.calendars.names import TERM_LABELS, Term
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.schedules import Festival, Recurring, SolarTerm

ANNIVERSARY: Final = "anniversary"
"""The scene that counts days since the first purchase up to the day it fired, not to the day it is read."""


def occasion_values(facts: Any, reason: Any, plan: Definition, locale: Locale) -> dict[str, Value]:
    """Return the values of one reason's plan; `facts` is a `TaskFacts`, `reason` a `ReasonFacts`."""
    values: dict[str, Value] = {"benefit": benefit_words(plan.benefit, locale) if plan.benefit else None}
    if isinstance(plan.trigger, Behaviour):
        return values
    moved = plan.trigger.offset_days if isinstance(plan.trigger, Recurring) else 0
    day = reason.fired_on - timedelta(days=moved)
    values["member_day_when"] = relative_day(day, facts.today, locale)
    values |= _season(plan, day, facts.today, locale)
    if plan.scene == ANNIVERSARY:
        values["anniversary_when"] = relative_day(reason.fired_on, facts.today, locale)
        values["days_together"] = _days_between(facts.first_purchase_on, reason.fired_on)
    return values


def _days_between(first: date | None, last: date) -> int | None:
    return (last - first).days if first is not None else None


def benefit_words(benefit: Benefit, locale: Locale) -> str:
    """Return what is offered, in words."""
    match benefit:
        case Points(multiplier=multiplier):
            return more_points(multiplier, locale)
        case PercentOff(percent=percent):
            return percent_off(percent, locale)
        case AmountOff(off_cents=cents):
            return amount_off(cents, locale)
        case Gift(text=text):
            return text


def _season(plan: Definition, day: date, today: date, locale: Locale) -> Mapping[str, Value]:
    """A festival has a name of its own and the season's words: those of the term in force on its day."""
    name = _name(plan, locale)
    if name is None:
        return {}
    season = SEASONS[term_on(day).value]
    return {
        "term_name": name,
        "term_when": relative_day(day, today, locale),
        "term_tip": season.tip(locale),
        "care_tip": season.care(locale),
    }


def _name(plan: Definition, locale: Locale) -> str | None:
    english = locale == "en"
    match plan.trigger:
        case SolarTerm(term=term):
            return TERM_LABELS[term][english]
        case Festival(name=name) if name in BUILT_IN:
            return BUILT_IN[name].en if english else BUILT_IN[name].zh
        case Festival(name=name):
            return name
    return None


def term_on(day: date) -> Term:
    """Return the solar term in force on a day: the last that has begun."""
    begun = [term for term, first in zip(Term, term_days(day.year), strict=True) if first <= day]
    return begun[-1] if begun else Term.DONG_ZHI
