"""Passages through plans in plain Python: what they are, which events end them, and when their next step comes."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from tasks.plans.definition import Behaviour, Daily, Definition
from tasks.plans.schedules import Weekly
from tasks.plans.states import ExitOn
from tests.support.reference_books import Card, Customer, Event

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
HERE = {"waiting", "active"}
EXITS = {"service_completed": ExitOn.ARRIVED, "appointment_booked": ExitOn.BOOKED, "card_topped_up": ExitOn.TOPPED_UP}
LATE_BOOKS = timedelta(hours=36)


@dataclass(eq=False)
class Passage:
    """One way through a plan. `scope` is the customer, card or visit it is about; `entered_at` when the event happened, or the calendar fired."""

    plan: "Plan"
    who: Customer
    scope: object
    entered_at: datetime
    created_at: datetime
    fire_at: datetime
    fires_on: date
    event: Event | None = None
    card: Card | None = None
    offset: int = 0
    state: str = "new"
    step: int = 0
    key: tuple[object, ...] = ()
    told: "Decision | None" = None
    anchor_on: date = field(init=False)

    def __post_init__(self) -> None:
        self.anchor_on = self.fires_on


@dataclass(eq=False)
class Plan:
    """A plan in force since `since`; plans are looked at in the order of their numbers."""

    no: int
    definition: Definition
    since: datetime
    passages: list[Passage] = field(default_factory=list)
    ran_on: set[date] = field(default_factory=set)

    @property
    def wall(self) -> time:
        trigger = self.definition.trigger
        assert isinstance(trigger, Daily | Weekly)
        return trigger.at

    def of(self, scope: object) -> list[Passage]:
        return [one for one in self.passages if one.scope is scope]


@dataclass(frozen=True, eq=False)
class Decision:
    who: str
    plan: int
    at: datetime
    step: int
    decided: str
    reason: str | None


def length(text: str | None) -> timedelta:
    """Return what a span says; none is no time at all."""
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])}) if text else timedelta(0)


def another_time(event: Event, one: Passage) -> bool:
    """The event is newer than what the passage began with, and not of the same visit; a top-up is of its card."""
    cause = one.event
    if event.card is not None and one.card is not None and event.card is not one.card:
        return False
    if cause is None:
        return event.at > min(one.created_at, one.fire_at) - LATE_BOOKS
    elsewhere = event.store is not None and cause.store is not None and event.store != cause.store
    return event.at > cause.at and (elsewhere or event.at.date() != cause.at.date())


def overtakes(event: Event, one: Passage) -> bool:
    """The event is the one that the plan names under `unless`, soon enough after the passage's own."""
    trigger = one.plan.definition.trigger
    unless = trigger.unless if isinstance(trigger, Behaviour) else None
    if unless is None or one.event is None or event is one.event or event.kind != unless.event:
        return False
    same_card = one.card is None or event.card is None or event.card is one.card
    return same_card and one.event.at <= event.at <= one.event.at + length(unless.within)


def more(plan: Plan, step: int) -> bool:
    """Something comes after this firing."""
    trigger, many = plan.definition.trigger, len(plan.definition.steps)
    repeat = trigger.repeat if isinstance(trigger, Behaviour) else None
    return (step + 1) % many > 0 or (repeat is not None and (step + 1) // many < repeat.times)


def advance(one: Passage, now: datetime) -> None:
    """Move a passage to its next firing: rounds are counted from the first one, waits from when the step before fired, nothing before now."""
    definition = one.plan.definition
    one.step += 1
    rounds, nth = divmod(one.step, len(definition.steps))
    trigger, wait, wall = definition.trigger, definition.steps[nth].wait, _wall(one)
    if wait is None:
        assert isinstance(trigger, Behaviour)
        assert trigger.repeat is not None
        day = one.anchor_on + timedelta(days=rounds * trigger.repeat.every)
        at = datetime.combine(day, wall, now.tzinfo)
    elif wait.after is not None:
        at = one.fire_at + length(wait.after)
        day = at.date()
    else:
        day = one.fire_at.date() + timedelta(days=wait.days or 0)
        at = datetime.combine(day, wait.at or wall, now.tzinfo)
    one.fires_on, one.fire_at = day, max(at, now)


def _wall(one: Passage) -> time:
    trigger = one.plan.definition.trigger
    return (trigger.offsets[one.offset].at or time(9)) if isinstance(trigger, Behaviour) else one.plan.wall
