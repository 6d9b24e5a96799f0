"""Who enters a plan in plain Python, and who leaves before it fires (engine.md, "A plan version" and "Facts")."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from tasks.plans.definition import Behaviour, Definition, Offset
from tasks.plans.states import Backfill, EntryMode, Measure, Scope
from tests.support.reference_books import Card, Customer, Event
from tests.support.reference_passages import EXITS, HERE, Decision, Passage, Plan, another_time, length, overtakes
from tests.support.reference_staff import Staff, Work


class Entering(ABC):
    """Plans, events and passages; `now` is set by the caller and only goes forward."""

    def __init__(self, now: datetime, customers: Sequence[Customer], staff: Sequence[Staff]) -> None:
        self.now = now
        self.customers = customers
        self.events: list[Event] = []
        self.plans: list[Plan] = []
        self.work = Work(staff)
        self.decisions: list[Decision] = []

    @abstractmethod
    def fire_due(self, passages: Sequence[Passage]) -> None:
        """Fire passages whose moment has come."""

    def start(self, definition: Definition) -> None:
        """Turn a plan on; it takes in what happened before and is still to fire, as far as it says so."""
        plan = Plan(len(self.plans), definition, self.now)
        self.plans.append(plan)
        if isinstance(definition.trigger, Behaviour) and definition.backfill is Backfill.IN_WINDOW:
            coming = [
                event
                for event in sorted(self.events, key=lambda event: event.at)
                if self._starts(plan, event) and any(at > self.now for _, at, _ in self._firings(plan, event))
            ]
            if definition.entry.mode is EntryMode.RESTART:
                newest = {self._replaces(plan, event): event for event in coming}
                coming = [event for event in coming if event in newest.values()]
            for event in coming:
                self._enter(plan, event)

    def happens(self, event: Event) -> None:
        """Let every plan see an event that has just been written down."""
        self.events.append(event)
        self._end_by(event)
        for plan in self.plans:
            if self._starts(plan, event):
                entered = self._enter(plan, event)
                self.fire_due([one for one in entered if self._at_once(one)])

    def _starts(self, plan: Plan, event: Event) -> bool:
        trigger = plan.definition.trigger
        if not isinstance(trigger, Behaviour) or event.kind not in trigger.events or not event.customer.followed:
            return False
        return not trigger.first_visit or all(at.date() >= event.at.date() for at, _ in event.customer.visits)

    def _scope(self, plan: Plan, event: Event) -> object:
        return {Scope.CARD: event.card, Scope.VISIT: event}.get(plan.definition.entry.scope, event.customer)

    def _replaces(self, plan: Plan, event: Event) -> object:
        return event.card if plan.definition.entry.scope is Scope.CARD else event.customer

    def _firings(self, plan: Plan, event: Event) -> Iterator[tuple[int, datetime, Offset]]:
        trigger = plan.definition.trigger
        assert isinstance(trigger, Behaviour)
        for number, offset in enumerate(trigger.offsets):
            if offset.after_days is not None and offset.at is not None:
                day = event.at.date() + timedelta(days=offset.after_days)
                yield number, datetime.combine(day, offset.at, event.at.tzinfo), offset
            else:
                yield number, event.at + length(offset.after), offset

    def _at_once(self, passage: Passage) -> bool:
        trigger = passage.plan.definition.trigger
        return isinstance(trigger, Behaviour) and trigger.offsets[passage.offset].at_once

    def _fits(self, plan: Plan, event: Event, at: datetime) -> bool:
        """Nothing older than the plan, and nothing beyond grace, unless it is still to fire and the plan takes in its window."""
        ahead, takes_in = at > self.now, plan.definition.backfill is Backfill.IN_WINDOW
        in_grace = at > self.now - timedelta(hours=plan.definition.grace_hours) and not event.historic
        known = event.at >= plan.since or (takes_in and ahead)
        return (ahead or in_grace) and known and (takes_in or not event.historic)

    def _enter(self, plan: Plan, event: Event) -> list[Passage]:
        firings = list(self._firings(plan, event))
        coming = [(number, at) for number, at, _ in firings if self._fits(plan, event, at)]
        late = len(firings) - len(coming)
        blocked = not coming or self._may_not(plan, event)
        told = [("too_late", None)] * late + ([("entry", None)] * len(coming) if blocked else [])
        for what, why in [] if event.historic else told:
            self._decide(plan, event.customer, 0, what, why)
        if blocked:
            return []
        if plan.definition.entry.mode is EntryMode.RESTART:
            self._replace(plan, event)
        entered = [
            Passage(
                plan, event.customer, self._scope(plan, event), event.at, self.now, at, at.date(), event, event.card if
                plan.definition.entry.scope is Scope.CARD else None, number, "waiting",
            )
            for number, at in coming
        ]  # fmt: skip
        plan.passages += entered
        return entered

    def _replace(self, plan: Plan, event: Event) -> None:
        for old in plan.passages:
            same = old.event is not None and self._replaces(plan, old.event) is self._replaces(plan, event)
            if same and old.state == "waiting":
                old.state = "exited"
                self._tell(old, "exited", "restarted")

    def _may_not(self, plan: Plan, event: Event) -> bool:
        entry = plan.definition.entry
        if entry.mode is EntryMode.RESTART:
            return any(
                old.event is not None and self._replaces(plan, old.event) is self._replaces(plan, event)
                and old.state in HERE and old.event.at > event.at
                for old in plan.passages
            )  # fmt: skip
        return self._been(plan, self._scope(plan, event), event.at.date())

    def _been(self, plan: Plan, scope: object, on: date) -> bool:
        """The scope was here before and may not enter again on this day."""
        entry, before = plan.definition.entry, plan.of(scope)
        days = {id(one.event or one): one.entered_at.date() for one in before}.values()
        recent = [day for day in days if entry.days is not None and day > on - timedelta(days=entry.days)]
        rules: dict[EntryMode, Callable[[], bool]] = {
            EntryMode.NEVER_AGAIN: lambda: bool(before),
            EntryMode.AFTER_EXIT: lambda: any(one.state in HERE for one in before),
            EntryMode.COOLDOWN: lambda: bool(recent),
            EntryMode.AT_MOST: lambda: len(recent) >= (entry.times or 0),
        }
        return rules.get(entry.mode, lambda: False)()

    def _crosses(self, plan: Plan, card: Card) -> tuple[object, ...] | None:
        """Return the key of the bound a card has crossed, None when it crossed none or was told of it."""
        entry = plan.definition.entry
        days = entry.measure is Measure.DAYS_LEFT
        if days and card.expires_on is None:
            return None
        value = (card.expires_on - self.now.date()).days if days and card.expires_on else card.balance
        bound = min((one for one in entry.bounds if one >= value), default=None)
        if bound is None:
            return None
        told = [one for one in plan.of(card) if one.key and isinstance(one.key[1], int) and one.key[1] <= bound]
        if days:
            told = [one for one in told if one.key[0] == card.expires_on]
            return None if told else (card.expires_on, bound)
        since = max((one.entered_at for one in told), default=None)
        return None if since is not None and not card.rose_above(bound, since) else ("balance", bound)

    def _end_by(self, event: Event) -> None:
        """End what this event ends: by `exit_on` also passages whose task is out, by `unless` those that wait."""
        mine = [one for plan in self.plans for one in plan.passages if one.who is event.customer]
        for one in mine:
            exits = EXITS.get(event.kind)
            if one.state in HERE and exits in one.plan.definition.exit_on and another_time(event, one):
                if one.state == "waiting":
                    self._tell(one, "exited", str(exits))
                one.state = "exited"
        self.work.close_emptied(event.customer)
        for one in mine:
            if one.state == "waiting" and overtakes(event, one):
                one.state = "exited"
                self._tell(one, "exited", event.kind)

    def _decide(self, plan: Plan, who: Customer, step: int, what: str, why: str | None) -> Decision:
        self.decisions.append(Decision(who.code, plan.no, self.now, step, what, why))
        return self.decisions[-1]

    def _tell(self, one: Passage, what: str, why: str | None) -> None:
        """Decide about a passage; what was put off is decided anew."""
        if one.told is not None and one.told.decided == "deferred":
            self.decisions.remove(one.told)
        one.told = self._decide(one.plan, one.who, one.step, what, why)
