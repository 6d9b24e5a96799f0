"""The templates an owner starts from, with exactly the defaults of templates.md."""

from datetime import time

from tasks.kernel.errors import NotFound
from tasks.plans.definition import Behaviour, Daily, Definition, Entry, Goal, Offset, StaffTask, Step
from tasks.plans.states import EntryMode, ExitOn, GoalKind, Link, Measure, Purpose, Route, Scope

SECOND_VISIT = Definition(
    name="新客二次到店",
    template="second_visit",
    purpose=Purpose.MARKETING,
    trigger=Behaviour(events=("service_completed",), offsets=(Offset(after_days=7, at=time(9)),), first_visit=True),
    audience={"all": [{"condition": "visit_count", "equals": 1}]},
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.NEVER_AGAIN),
    exit_on=(ExitOn.BOOKED, ExitOn.ARRIVED, ExitOn.REFUNDED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    steps=(
        Step(
            act=StaffTask(
                scene="second_visit",
                chain=(Link.CONSULTANT, Link.LAST_SERVED),
                route=Route.EVENT_STORE,
                due_in=2,
                expires_in=7,
                priority=700,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.ARRIVED, days=14),),
    hold_out=10,
)
"""新客二次到店: seven days after the first visit of her life, at 09:00, unless she came back or has booked."""

CARD_BALANCE_LOW = Definition(
    name="充值卡余额不足",
    template="card_balance_low",
    purpose=Purpose.MARKETING,
    trigger=Daily(at=time(10)),
    audience={
        "all": [
            {"condition": "card_balance", "above": 0, "atMost": 50_000},
            {"condition": "card_used", "withinDays": 180},
            {"condition": "promo_card", "held": False},
        ]
    },
    entry=Entry(scope=Scope.CARD, mode=EntryMode.ONCE_PER_CROSSING, measure=Measure.BALANCE, bounds=(50_000,)),
    exit_on=(
        ExitOn.TOPPED_UP,
        ExitOn.BOOKED,
        ExitOn.ARRIVED,
        ExitOn.COMPLAINED,
        ExitOn.DO_NOT_CONTACT,
        ExitOn.CARD_CLOSED,
    ),
    steps=(
        Step(
            act=StaffTask(
                scene="card_balance_low",
                chain=(Link.CONSULTANT, Link.LAST_SERVED),
                route=Route.HOME_STORE,
                due_in=2,
                expires_in=7,
                priority=560,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.TOPPED_UP, days=30), Goal(kind=GoalKind.ARRIVED, days=14)),
    hold_out=10,
)
"""充值卡余额不足: a stored-value card with something left, at or below ¥500, once until it has been above again."""

TEMPLATES = {definition.template: definition for definition in (SECOND_VISIT, CARD_BALANCE_LOW)}
"""In the gallery's order."""

ENGLISH = {"second_visit": "Second visit of new customers", "card_balance_low": "Stored-value card running low"}
"""The templates' names in English."""


def template(name: str) -> Definition:
    """Return a template's definition; raises `NotFound`."""
    if name not in TEMPLATES:
        raise NotFound(what="模板/template", field="template")
    return TEMPLATES[name]
