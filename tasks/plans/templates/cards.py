"""Templates about cards: used regularly, about to expire, nearly used up."""

from datetime import time

from tasks.plans.definition import Behaviour, Daily, Definition, Entry, Goal, Offset, StaffTask, Step, Suppress
from tasks.plans.states import Counted, EntryMode, ExitOn, GoalKind, LastDay, Link, Measure, Purpose, Route, Scope
from tasks.plans.templates.trees import VALUE_LEFT, every, leaf
from tasks.plans.triggers import Repeat

CARD_USE_CYCLE = Definition(
    name="定期划卡提醒",
    template="card_use_cycle",
    purpose=Purpose.CARE,
    trigger=Behaviour(
        events=("purchase", "card_used"),
        offsets=(Offset(after_months=1, at=time(10)),),
        repeat=Repeat(every=1, unit="months", times=12, until=Counted.NO_USES_LEFT),
    ),
    audience=every(leaf("card_uses_left", atLeast=1), leaf("card_frozen", frozen=False)),
    entry=Entry(scope=Scope.CARD, mode=EntryMode.RESTART),
    exit_on=(ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT, ExitOn.CARD_CLOSED),
    suppress=Suppress(care_gap=True),
    steps=(
        Step(
            act=StaffTask(
                scene="card_use_cycle",
                chain=(Link.LAST_SERVED, Link.CONSULTANT),
                route=Route.EVENT_STORE,
                due_in=2,
                expires_in=7,
                priority=500,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.CARD_USED, days=14),),
)
"""定期划卡提醒: every month after a card was bought or last used, until nothing is left on it; a use starts the count anew."""

CARD_EXPIRING = Definition(
    name="卡项到期提醒",
    template="card_expiring",
    purpose=Purpose.CARE,
    trigger=Daily(at=time(10)),
    audience=every(leaf("card_days_left", atMost=30), VALUE_LEFT, leaf("card_frozen", frozen=False)),
    entry=Entry(scope=Scope.CARD, mode=EntryMode.ONCE_PER_CROSSING, measure=Measure.DAYS_LEFT, bounds=(30, 7)),
    exit_on=(ExitOn.BOOKED, ExitOn.ARRIVED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT, ExitOn.CARD_CLOSED),
    suppress=Suppress(marketing_gap=False),
    steps=(
        Step(
            act=StaffTask(
                scene="card_expiring",
                chain=(Link.CONSULTANT,),
                route=Route.STAFF_STORE,
                due_in=2,
                expires_in=7,
                last_day=LastDay.CARD_EXPIRY,
                priority=800,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.CARD_USED, days=30),),
)
"""卡项到期提醒: a card with value left, thirty days before its last day and again seven."""

CARD_TIMES_LOW = Definition(
    name="次卡次数不足",
    template="card_times_low",
    purpose=Purpose.MARKETING,
    trigger=Daily(at=time(10)),
    audience=every(leaf("card_uses_left", atLeast=1, atMost=2), leaf("card_used", withinDays=180)),
    entry=Entry(scope=Scope.CARD, mode=EntryMode.ONCE_PER_CROSSING, measure=Measure.USES_LEFT, bounds=(2,)),
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
                scene="card_times_low",
                chain=(Link.CONSULTANT, Link.LAST_SERVED),
                route=Route.HOME_STORE,
                due_in=2,
                expires_in=7,
                priority=550,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.ARRIVED, days=14), Goal(kind=GoalKind.TOPPED_UP, days=30)),
    hold_out=10,
)
"""次卡次数不足: one or two uses left, once until the card has been topped up."""

CARD_BALANCE_LOW = Definition(
    name="充值卡余额不足",
    template="card_balance_low",
    purpose=Purpose.MARKETING,
    trigger=Daily(at=time(10)),
    audience=every(
        leaf("card_balance", above=0, atMost=50_000),
        leaf("card_used", withinDays=180),
        leaf("promo_card", held=False),
    ),
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
