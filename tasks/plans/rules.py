"""What a definition must keep beyond the types of its fields; pure."""

from tasks.kernel.errors import Invalid
from tasks.plans.calendars.rules import check_schedule
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.states import EntryMode, Purpose, Scope

LONGEST_NAME = 80
"""Characters of a plan's name."""

MODES = {
    Scope.CUSTOMER: {EntryMode.NEVER_AGAIN},
    Scope.CARD: {EntryMode.NEVER_AGAIN, EntryMode.ONCE_PER_CROSSING},
}
"""The entry rules the engine keeps, per scope."""

EVENTS = frozenset({"purchase", "service_completed", "card_used", "segment_changed"})
"""The events of the beauty core, and the movement of a customer's tier or level (tasks.insight)."""


def check(definition: Definition) -> None:
    """Refuse a definition the engine would not keep to the letter; raises `Invalid` on the field."""
    if not definition.name.strip() or len(definition.name) > LONGEST_NAME:
        raise Invalid("name", f"needs 1 to {LONGEST_NAME} characters")
    _check_entry(definition)
    _check_trigger(definition)
    if definition.purpose is Purpose.CARE and definition.hold_out:
        raise Invalid("holdOut", "care is never held out")


def _check_entry(definition: Definition) -> None:
    entry = definition.entry
    if entry.mode not in MODES.get(entry.scope, set()):
        raise Invalid("entry.mode", f"{entry.mode} is not kept for scope {entry.scope}")
    if (entry.mode is EntryMode.ONCE_PER_CROSSING) != (entry.bound_cents is not None):
        raise Invalid("entry.boundCents", "belongs to once_per_crossing, and is needed there")


def _check_trigger(definition: Definition) -> None:
    trigger = definition.trigger
    if not isinstance(trigger, Behaviour):
        check_schedule(trigger)
        return
    if definition.entry.scope is not Scope.CUSTOMER:
        raise Invalid("entry.scope", "a behaviour plan enters customers")
    for number, event in enumerate(trigger.events):
        if event not in EVENTS:
            raise Invalid(f"trigger.events[{number}]", "no such event type")
    if trigger.first_visit and trigger.events != ("service_completed",):
        raise Invalid("trigger.firstVisit", "only a completed service is part of a visit")
