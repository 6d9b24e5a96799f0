"""What a definition must keep beyond the types of its fields; pure. The trees in it are checked where conditions are known (tasks.flow)."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from tasks.audience.conditions.happenings import check_event, check_fields
from tasks.kernel.errors import Invalid
from tasks.plans.calendars.rules import check_schedule
from tasks.plans.definition import Definition, Entry
from tasks.plans.states import Counted, EntryMode, LastDay, Link, Measure, Purpose, Scope
from tasks.plans.steps import StaffTask, Wait
from tasks.plans.triggers import MOST_MINUTES, Behaviour, Offset, span

LONGEST_NAME = 80
"""Characters of a plan's name."""

MEASURES: Final = {
    Scope.CARD: {Measure.BALANCE, Measure.USES_LEFT, Measure.DAYS_LEFT},
    Scope.CUSTOMER: {Measure.PAID},
}
"""What `once_per_crossing` can watch, per scope."""

EVENTS_OF: Final = {
    Scope.CARD: frozenset({"purchase", "card_used", "card_topped_up", "card_closed"}),
    Scope.VISIT: frozenset({"service_completed"}),
    Scope.APPOINTMENT: frozenset({"appointment_booked", "appointment_missed", "appointment_cancelled"}),
}
"""The events that are about a card, a visit or an appointment; any event is about a customer."""


def check(definition: Definition) -> None:
    """Refuse a definition the engine would not keep to the letter; raises `Invalid` on the first field."""
    for fault in faults(definition):
        raise fault


def faults(definition: Definition) -> Iterator[Invalid]:
    """Yield what does not fit, at most one fault for each part, so that a form can mark every field at once."""
    checks: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
        (_check_name, (definition,)),
        (_check_entry, (definition.entry,)),
        (_check_trigger, (definition,)),
        (_check_hold_out, (definition,)),
    ]
    for number, step in enumerate(definition.steps):
        checks += [(_check_wait, (step.wait, number)), (_check_act, (definition, step.act, f"steps[{number}].act"))]
    for examine, said in checks:
        try:
            examine(*said)
        except Invalid as fault:
            yield fault


def _check_name(definition: Definition) -> None:
    if not definition.name.strip() or len(definition.name) > LONGEST_NAME:
        raise Invalid("name", f"needs 1 to {LONGEST_NAME} characters")


def _check_hold_out(definition: Definition) -> None:
    if definition.purpose is Purpose.CARE and definition.hold_out:
        raise Invalid("holdOut", "care is never held out")


def _check_entry(entry: Entry) -> None:
    mode = entry.mode
    _belongs("entry.days", entry.days is not None, wanted=mode in {EntryMode.COOLDOWN, EntryMode.AT_MOST}, to=mode)
    _belongs("entry.times", entry.times is not None, wanted=mode is EntryMode.AT_MOST, to=mode)
    crossing = mode is EntryMode.ONCE_PER_CROSSING
    _belongs("entry.measure", entry.measure is not None, wanted=crossing, to=mode)
    _belongs("entry.bounds", bool(entry.bounds), wanted=crossing, to=mode)
    if crossing and entry.measure not in MEASURES.get(entry.scope, set()):
        raise Invalid("entry.measure", f"{entry.measure} is not kept for scope {entry.scope}")
    if len(set(entry.bounds)) != len(entry.bounds) or any(bound < 0 for bound in entry.bounds):
        raise Invalid("entry.bounds", "must be different and not below zero")


def _belongs(field: str, there: bool, *, wanted: bool, to: EntryMode) -> None:  # noqa: FBT001  # what is there and what is wanted
    if there and not wanted:
        raise Invalid(field, f"does not belong to {to}")
    if wanted and not there:
        raise Invalid(field, f"is needed for {to}")


def _check_trigger(definition: Definition) -> None:
    trigger = definition.trigger
    if not isinstance(trigger, Behaviour):
        check_schedule(trigger)
        if definition.entry.scope not in {Scope.CUSTOMER, Scope.CARD}:
            raise Invalid("entry.scope", "a plan of the calendar enters customers or cards")
        if definition.entry.mode is EntryMode.RESTART:
            raise Invalid("entry.mode", "only an event can restart a passage")
        return
    _check_events(definition, trigger)
    for number, offset in enumerate(trigger.offsets):
        _check_offset(offset, f"trigger.offsets[{number}]", trigger)
    if trigger.unless is not None:
        _check_event(trigger.unless.event, "trigger.unless.event")
        _check_span(trigger.unless.within, "trigger.unless.within")
    if (
        trigger.repeat is not None
        and trigger.repeat.until is Counted.NO_USES_LEFT
        and definition.entry.scope is not Scope.CARD
    ):
        raise Invalid("trigger.repeat.until", "only a card has uses")


def _check_events(definition: Definition, trigger: Behaviour) -> None:
    for number, event in enumerate(trigger.events):
        _check_event(event, f"trigger.events[{number}]")
        allowed = EVENTS_OF.get(definition.entry.scope)
        if allowed is not None and event not in allowed:
            raise Invalid("entry.scope", f"{event} is not about a {definition.entry.scope}")
        try:
            check_fields(event, (one.field for one in trigger.where))
        except ValueError as fault:
            raise Invalid("trigger.where", str(fault)) from fault
    if trigger.first_visit and trigger.events != ("service_completed",):
        raise Invalid("trigger.firstVisit", "only a completed service is part of a visit")


def _check_event(event: str, field: str) -> None:
    try:
        check_event(event)
    except ValueError as fault:
        raise Invalid(field, "no such event type") from fault


def _check_offset(offset: Offset, field: str, trigger: Behaviour) -> None:
    _check_before(offset, field, repeats=trigger.repeat is not None)
    if offset.after is not None and (offset.by_days or offset.before is not None):
        raise Invalid(f"{field}.after", "cannot stand beside days or before")
    if offset.after_days is not None and offset.after_months is not None:
        raise Invalid(f"{field}.afterMonths", "cannot stand beside days")
    if (offset.at is not None) != (offset.by_days or offset.days_before is not None):
        raise Invalid(f"{field}.at", "belongs to a number of days, and is needed there")
    for name, text in (("after", offset.after), ("by", offset.by)):
        if text is not None:
            _check_span(text, f"{field}.{name}")


def _check_before(offset: Offset, field: str, *, repeats: bool) -> None:
    if offset.before is None:
        if offset.days_before is not None or offset.by is not None:
            raise Invalid(f"{field}.before", "is needed beside daysBefore and by")
        return
    if (offset.days_before is None) == (offset.by is None):
        raise Invalid(field, "needs either daysBefore or by")
    if repeats:
        raise Invalid(f"{field}.before", "a plan that repeats counts forward")
    if offset.by_days:
        raise Invalid(f"{field}.afterDays", "cannot stand beside before")


def _check_span(text: str, field: str) -> None:
    if span(text).total_seconds() > MOST_MINUTES * 60:
        raise Invalid(field, "is longer than 400 days")


def _check_wait(wait: Wait | None, number: int) -> None:
    field = f"steps[{number}].wait"
    if (wait is None) != (number == 0):
        raise Invalid(field, "belongs to every step but the first, and is needed there")
    if wait is None:
        return
    if [wait.days is not None, wait.after is not None, wait.cycle].count(True) != 1:
        raise Invalid(field, "needs one of days, after and cycle")
    if wait.usual and not wait.cycle:
        raise Invalid(f"{field}.usual", "belongs to a cycle")
    if wait.at is not None and wait.after is not None:
        raise Invalid(f"{field}.at", "does not belong to an exact length of time")
    if wait.after is not None:
        _check_span(wait.after, f"{field}.after")


def _check_act(definition: Definition, act: StaffTask, field: str) -> None:
    if (Link.NAMED in act.chain) != (act.named is not None):
        raise Invalid(f"{field}.named", "belongs to the link named, and is needed there")
    if len(set(act.chain)) != len(act.chain):
        raise Invalid(f"{field}.chain", "names a link twice")
    if not act.chain and not act.pool and not act.manager:
        raise Invalid(f"{field}.chain", "nobody would get the task")
    if act.due_at is not None and act.last_day is None:
        raise Invalid(f"{field}.dueAt", "needs lastDay")
    scope, behaviour = definition.entry.scope, isinstance(definition.trigger, Behaviour)
    fits = {
        None: True,
        LastDay.ANCHOR: not behaviour,
        LastDay.CARD_EXPIRY: scope is Scope.CARD,
        LastDay.BIRTHDAY: True,
        LastDay.APPOINTMENT: scope is Scope.APPOINTMENT,
    }
    if not fits[act.last_day]:
        raise Invalid(f"{field}.lastDay", f"{act.last_day} is not known to this plan")
