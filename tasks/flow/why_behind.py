"""What stands behind one reason of a task, from what its page has read anyway."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tasks.flow.gather_details import Gathered
from tasks.kernel.zones import local_day
from tasks.plans.schedules import Recurring
from tasks.scripting.repository import ReasonFacts
from tasks.worklist.background import Background


def behind_reason(read: Gathered, reason: ReasonFacts) -> Background:
    """Return the event and the days that the line of this reason is made of."""
    facts, zone = read.facts, read.head.timezone
    return Background(
        event_type=reason.event_type,
        event_on=local_day(reason.event_at, zone) if reason.event_at else None,
        appointment_at=reason.appointment_at.astimezone(ZoneInfo(zone)) if reason.appointment_at else None,
        fired_on=reason.fired_on,
        about_on=_about(read, reason),
        birthday_on=facts.birthday_on if facts.birthday_kind == "solar" else None,
        first_purchase_on=facts.first_purchase_on,
        level_name=facts.level,
    )


def _about(read: Gathered, reason: ReasonFacts) -> date:
    """The day that the plan is for; it may fire some days before or after it. Only of plans that are live the definition is known."""
    plan = read.scripts.plans.get(reason.version_id) if read.scripts else None
    moved = plan.trigger.offset_days if plan and isinstance(plan.trigger, Recurring) else 0
    return reason.fired_on - timedelta(days=moved)
