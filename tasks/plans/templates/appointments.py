"""Templates about appointments: confirmed before, and missed."""

from datetime import time

from tasks.plans.definition import Behaviour, Definition, Entry, Goal, Offset, StaffTask, Step, Suppress
from tasks.plans.states import EntryMode, ExitOn, GoalKind, LastDay, Link, Purpose, Route, Scope, WhoElse
from tasks.plans.steps import Escalate
from tasks.plans.templates.trees import NOT_BOOKED, every, leaf

APPOINTMENT_CONFIRM = Definition(
    name="预约确认",
    template="appointment_confirm",
    purpose=Purpose.CARE,
    trigger=Behaviour(
        events=("appointment_booked",),
        offsets=(
            Offset(before="startsAt", days_before=1, at=time(15), only_if=every(leaf("visit_count", atLeast=1))),
            Offset(before="startsAt", by="2h", only_if=every(leaf("visit_count", equals=0))),
        ),
    ),
    audience=every(leaf("unconfirmed_appointment", withinDays=1)),
    entry=Entry(scope=Scope.APPOINTMENT, mode=EntryMode.EACH_TIME),
    exit_on=(ExitOn.ARRIVED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    suppress=Suppress(appointment=False, not_interested=False),
    steps=(
        Step(
            act=StaffTask(
                scene="appointment_confirm",
                chain=(Link.BOOKED_STAFF,),
                route=Route.EVENT_STORE,
                due_in=0,
                expires_in=1,
                last_day=LastDay.APPOINTMENT,
                spread_days=0,
                priority=900,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.ARRIVED, days=2),),
)
"""预约确认: at 15:00 the day before, two hours before for who never came; nobody's is the front desk's (the store's pool)."""

NO_SHOW_RECOVERY = Definition(
    name="爽约挽回",
    template="no_show_recovery",
    purpose=Purpose.CARE,
    trigger=Behaviour(events=("appointment_missed",), offsets=(Offset(after="2h", in_window=True),)),
    audience=every(NOT_BOOKED),
    entry=Entry(scope=Scope.APPOINTMENT, mode=EntryMode.NEVER_AGAIN),
    exit_on=(ExitOn.BOOKED, ExitOn.ARRIVED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    suppress=Suppress(marketing_gap=False, tier_cap=False),
    steps=(
        Step(
            act=StaffTask(
                scene="no_show_recovery",
                chain=(Link.BOOKED_STAFF, Link.CONSULTANT),
                route=Route.EVENT_STORE,
                due_in=0,
                expires_in=2,
                spread_days=0,
                priority=850,
                escalate=Escalate(
                    when=every(leaf("event_count", event="appointment_missed", withinDays=90, atLeast=3)),
                    to=WhoElse.MANAGER,
                ),
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.BOOKED, days=7),),
)
"""爽约挽回: two hours after a missed appointment, the next open morning if that is too late; the third in ninety days is the manager's."""
