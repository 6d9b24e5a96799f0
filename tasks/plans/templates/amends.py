"""Templates for when something went wrong: a complaint, money given back."""

from datetime import time
from typing import Final

from tasks.plans.definition import Behaviour, Definition, Entry, Goal, Offset, StaffTask, Step, Suppress
from tasks.plans.states import EntryMode, ExitOn, GoalKind, Link, Purpose, Route, Scope, WhoElse
from tasks.plans.steps import Escalate, Wait
from tasks.plans.templates.trees import every, leaf, some

_SECOND: Final = Escalate(
    when=some(
        leaf("event_count", event="complaint", atLeast=2),
        leaf("event_count", event="bad_review", atLeast=2),
        every(leaf("event_count", event="complaint", atLeast=1), leaf("event_count", event="bad_review", atLeast=1)),
    ),
    to=WhoElse.OWNER,
)
"""Her second complaint or bad review, whenever the first was."""


def _amends(script_step: str) -> StaffTask:
    return StaffTask(
        scene="complaint_recovery",
        script_step=script_step,
        chain=(Link.MANAGER,),
        route=Route.EVENT_STORE,
        due_hours=4,
        expires_in=3,
        spread_days=0,
        priority=999,
        pool=False,
        escalate=_SECOND,
    )


COMPLAINT_RECOVERY = Definition(
    name="投诉安抚",
    template="complaint_recovery",
    purpose=Purpose.CARE,
    trigger=Behaviour(events=("complaint", "bad_review"), offsets=(Offset(),)),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.EACH_TIME),
    exit_on=(ExitOn.DO_NOT_CONTACT,),
    suppress=Suppress(
        complaint=False,
        appointment=False,
        contacted_today=False,
        phone_today=False,
        marketing_gap=False,
        tier_cap=False,
        no_answer=False,
        new_year=False,
        not_interested=False,
    ),
    steps=(Step(act=_amends("+0d")), Step(wait=Wait(days=3, at=time(10)), act=_amends("+3d"))),
    goals=(Goal(kind=GoalKind.RESOLVED, days=30),),
)
"""投诉安抚: the manager within four hours, and again after three days; the second complaint is the owner's. Only a refusal stands above it."""

REFUND_CARE = Definition(
    name="退款/退卡关怀",
    template="refund_care",
    purpose=Purpose.CARE,
    trigger=Behaviour(events=("refunded", "card_closed"), offsets=(Offset(),)),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.EACH_TIME),
    exit_on=(ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    steps=(
        Step(
            act=StaffTask(
                scene="refund_care",
                chain=(Link.CONSULTANT,),
                route=Route.EVENT_STORE,
                due_hours=4,
                expires_in=2,
                spread_days=0,
                priority=900,
                escalate=Escalate(
                    when=every(leaf("event_count", event="card_closed", withinDays=0, atLeast=1)), to=WhoElse.MANAGER
                ),
            )
        ),
    ),
)
"""退款/退卡关怀: at once; a returned card is the manager's, goods are the consultant's."""
