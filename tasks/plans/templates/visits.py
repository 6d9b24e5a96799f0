"""Templates about visits: the second one, the days after each, and the one that does not come."""

from datetime import time
from typing import Final

from tasks.plans.calendars.names import Weekday
from tasks.plans.definition import Behaviour, Definition, Entry, Goal, Offset, StaffTask, Step, Suppress
from tasks.plans.schedules import Weekly
from tasks.plans.states import EntryMode, ExitOn, GoalKind, Link, Purpose, Route, Scope
from tasks.plans.steps import Wait
from tasks.plans.templates.trees import NOT_BOOKED, every, leaf, some

SECOND_VISIT = Definition(
    name="新客二次到店",
    template="second_visit",
    purpose=Purpose.MARKETING,
    trigger=Behaviour(events=("service_completed",), offsets=(Offset(after_days=7, at=time(9)),), first_visit=True),
    audience=every(leaf("visit_count", equals=1)),
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

ONCE_MORE = Step(
    wait=Wait(days=14),
    act=StaffTask(
        scene="second_visit",
        script_step="+21d",
        chain=(Link.CONSULTANT, Link.LAST_SERVED),
        route=Route.EVENT_STORE,
        due_in=2,
        expires_in=7,
        priority=700,
    ),
)
"""The optional second step of `second_visit`: 21 days after the visit."""

GAPS: Final = {
    "lash": 14,
    "facial": 14,
    "nails": 21,
    "cut": 30,
    "massage": 14,
    "colour": 45,
    "perm": 90,
}
"""After how many days customers usually come back, by kind of service."""

DELICATE: Final = ("chemical", "skin", "lash")
"""Kinds of service after which everybody is asked how she feels."""

AFTER_SERVICE = Definition(
    name="服务后回访",
    template="after_service",
    purpose=Purpose.CARE,
    trigger=Behaviour(events=("service_completed",), offsets=(Offset(after_days=1, at=time(10)),)),
    entry=Entry(scope=Scope.VISIT, mode=EntryMode.RESTART),
    exit_on=(ExitOn.ARRIVED, ExitOn.REFUNDED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    suppress=Suppress(appointment=False, marketing_gap=False),
    steps=(
        Step(
            only_if=some(
                leaf("visit_count", equals=1),
                leaf("last_service", categories=list(DELICATE)),
                leaf("last_ticket", atLeast=30_000),
            ),
            act=StaffTask(
                scene="after_service",
                chain=(Link.EVENT_STAFF, Link.CONSULTANT),
                route=Route.EVENT_STORE,
                due_in=1,
                expires_in=2,
                priority=600,
                spread_days=1,
            ),
        ),
        Step(
            wait=Wait(cycle=True, usual=GAPS),
            only_if=every(NOT_BOOKED),
            act=StaffTask(
                scene="after_service",
                script_step="cycle",
                chain=(Link.EVENT_STAFF, Link.CONSULTANT),
                route=Route.EVENT_STORE,
                due_in=2,
                expires_in=7,
                priority=600,
            ),
        ),
    ),
    goals=(Goal(kind=GoalKind.ARRIVED, days=14),),
)
"""服务后回访: the morning after what is delicate, dear or her first visit; and when the service is usually due again."""

WIN_BACK = Definition(
    name="沉睡客户唤回",
    template="win_back",
    purpose=Purpose.MARKETING,
    trigger=Weekly(at=time(10), weekdays=(Weekday.TUE,)),
    audience=every(
        leaf("visit_count", atLeast=2), leaf("overdue_ratio", atLeast=2.0), leaf("days_away", atLeast=45, atMost=365)
    ),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.COOLDOWN, days=90),
    exit_on=(ExitOn.BOOKED, ExitOn.ARRIVED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    steps=(
        Step(
            act=StaffTask(
                scene="win_back",
                chain=(Link.CONSULTANT, Link.MOST_SERVED),
                route=Route.HOME_STORE,
                due_in=3,
                expires_in=7,
                priority=400,
                most_per_employee=5,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.ARRIVED, days=30),),
    hold_out=10,
)
"""沉睡客户唤回: on Tuesdays, who stays away twice as long as she usually does; the most valuable first."""
