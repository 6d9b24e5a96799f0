"""engine.md in plain Python, for one small salon and a few plans: what fires, what is decided, which tasks there are. Nothing of the engine's code."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from tasks.plans.definition import Behaviour, Daily
from tasks.plans.schedules import Weekly
from tasks.plans.states import EntryMode, ExitOn, Route, Scope
from tests.support.reference_books import Customer, failing, protected
from tests.support.reference_entering import Entering
from tests.support.reference_passages import Passage, Plan, advance, more, overtakes
from tests.support.reference_staff import Task

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GOING_ON = {"suppressed", "capped", "no_capacity"}
"""What a passage with more steps outlives."""
DEFERS = timedelta(days=3)
"""A task that waits longer takes no merges."""
A_DAY = timedelta(days=1)
"""What is put off is looked at daily."""
Verdict = tuple[str, str | None, bool]
"""Decision, reason, and whether the step alone is passed over."""


class Engine(Entering):
    """The reference: events come in through `happens`, time through `sweep`."""

    def sweep(self) -> None:
        """Tasks whose days are over, runs of the calendar, passages that are due; then tasks come to the lists."""
        for task in self.work.over(self.now):
            self.close(task.who)
        due = [plan for plan in self.plans if self._due_today(plan)]
        for plan in sorted(due, key=lambda plan: (plan.wall, plan.no)):
            plan.ran_on.add(self.now.date())
            self._run(plan)
        while waiting := [one for plan in self.plans for one in plan.passages if self._is_due(one)]:
            self.fire_due(waiting)
        for task in [one for one in self.work.tasks if one.live]:
            comes_at = task.away_until or (task.opens_at if task.queued else None)
            if comes_at is not None and comes_at <= self.now:
                task.away_until, task.queued = None, False
                self._look_again(task)

    def _look_again(self, task: Task) -> None:
        """The moot guard at dispatch: she refused, complained, or has the time that the plan wanted her to take."""
        for one, _ in task.reasons:
            definition = one.plan.definition
            rules, ahead = definition.suppress, any(at.date() >= self.now.date() for at in one.who.appointments)
            booked = ExitOn.BOOKED in definition.exit_on and rules.appointment and ahead
            if one.state == "active" and (one.who.refused or (rules.complaint and one.who.complained) or booked):
                one.state = "exited"
        self.work.close_emptied(task.who)

    def close(self, who: Customer) -> None:
        """Her live task is over; the passages behind it go on."""
        task = self.work.live(who)
        assert task is not None
        task.live = False
        self._go_on([one for one, _ in task.reasons])

    def _due_today(self, plan: Plan) -> bool:
        trigger, today = plan.definition.trigger, self.now.date()
        if not isinstance(trigger, Daily | Weekly) or today in plan.ran_on or self.now.time() < plan.wall:
            return False
        return isinstance(trigger, Daily) or WEEKDAYS[today.weekday()] in trigger.weekdays

    def _is_due(self, passage: Passage) -> bool:
        return passage.state == "waiting" and passage.fire_at <= self.now

    def _run(self, plan: Plan) -> None:
        tree, card_plan = plan.definition.audience, plan.definition.entry.scope is Scope.CARD
        fires_at = datetime.combine(self.now.date(), plan.wall, self.now.tzinfo)
        found: list[Passage] = []
        for who in self.customers:
            for card in who.cards if card_plan else [None]:
                if who.followed and failing(tree, who, card, self.now.date()) is None:
                    scope = card or who
                    found.append(Passage(plan, who, scope, self.now, self.now, fires_at, self.now.date(), card=card))
        self._fire(plan, found)

    def fire_due(self, passages: Sequence[Passage]) -> None:
        groups: defaultdict[tuple[int, date, int, int], list[Passage]] = defaultdict(list)
        for one in passages:
            groups[one.plan.no, one.fires_on, one.step, one.offset].append(one)
        for key in sorted(groups):
            self._fire(groups[key][0].plan, groups[key])

    def _fire(self, plan: Plan, passages: Sequence[Passage]) -> None:
        """Decide passages that fire together: first everybody's own verdict, then one task for each customer."""
        verdicts = {id(one): self._verdict(plan, one) for one in passages}
        clear = [one for one in passages if verdicts[id(one)] is None]
        act = plan.definition.act(passages[0].step) if passages else plan.definition.task
        fresh: dict[str, tuple[Customer, str]] = {}
        for one in clear:
            task = self.work.live(one.who)
            if task is not None and task.away_until is not None and task.away_until > self.now + DEFERS:
                verdicts[id(one)] = "deferred", "waiting", False
            elif task is None:
                fresh.setdefault(one.who.code, (one.who, self._store(act.route, one)))
        room = plan.definition.max_tasks_per_run if passages and passages[0].state == "new" else None
        for code in most_valuable(fresh, clear, room):
            fresh.pop(code)
            verdicts |= {id(one): ("capped", None, False) for one in clear if one.who.code == code}
        for who in self.work.give(list(fresh.values()), act, self.now.date()):
            fresh.pop(who.code)
            verdicts |= {id(one): ("no_capacity", None, False) for one in clear if one.who is who}
        self._date(plan)
        for one in passages:
            self._settle(plan, one, verdicts[id(one)], fresh)

    def _date(self, plan: Plan) -> None:
        """Say of the tasks that were just made when they come to the lists: at once, or on their day at the plan's hour."""
        trigger, today = plan.definition.trigger, self.now.date()
        offsets = trigger.offsets if isinstance(trigger, Behaviour) else ()
        at = [offset.at for offset in offsets if offset.at is not None]
        wall = (at[0] if at else time(9)) if offsets else plan.wall
        for task in self.work.tasks:
            if task.opens_at is None:
                task.queued = task.opens_on > today
                task.opens_at = datetime.combine(task.opens_on, wall, self.now.tzinfo)

    def _settle(
        self, plan: Plan, one: Passage, verdict: Verdict | None, fresh: dict[str, tuple[Customer, str]]
    ) -> None:
        if verdict is None:
            what, why, stays = ("task" if fresh.pop(one.who.code, None) else "merged"), None, True
            task = self.work.live(one.who)
            assert task is not None
            task.reasons.append((one, one.step))
        else:
            what, why, over = verdict
            stays = more(plan, one.step) and (over or (what in GOING_ON and one.state != "new"))
        self._tell(one, what, why)
        if one.state == "new" and (stays or what == "deferred"):
            plan.passages.append(one)
        one.state = "active" if stays else "exited"
        if what == "deferred":
            one.state, one.fire_at = "waiting", self.now + A_DAY
        elif verdict is not None and stays:
            self._go_on([one])

    def _verdict(self, plan: Plan, one: Passage) -> Verdict | None:
        """Return what stands in the way of contacting her; None when nothing does."""
        definition = plan.definition
        step = definition.steps[one.step % len(definition.steps)]
        if one.state == "new" and not self._lets_in(plan, one):
            return "entry", None, False
        if one.state != "new" and (why := self._left(plan, one)):
            return "exited", why, False
        if why := failing(step.only_if, one.who, one.card, self.now.date()):
            return "exited", why, True
        why = protected(one.who, definition, self.now, self.customers)
        return ("suppressed", why, False) if why else None

    def _lets_in(self, plan: Plan, one: Passage) -> bool:
        """The calendar meant her: may she enter?"""
        if plan.definition.entry.mode is not EntryMode.ONCE_PER_CROSSING:
            return not self._been(plan, one.scope, self.now.date())
        one.key = (self._crosses(plan, one.card) if one.card else None) or ()
        return bool(one.key)

    def _left(self, plan: Plan, one: Passage) -> str | None:
        """Return why a passage ends when it should fire. The calendar asked for the audience when it fired first."""
        mine = [event for event in self.events if event.customer is one.who]
        if unless := next((event for event in mine if overtakes(event, one)), None):
            return unless.kind
        if not one.who.followed:
            return "not_followed_up"
        behaviour = isinstance(plan.definition.trigger, Behaviour)
        return failing(plan.definition.audience, one.who, one.card, self.now.date()) if behaviour else None

    def _store(self, route: Route, one: Passage) -> str:
        store = one.event.store if one.event else one.card.store if one.card else None
        return (store if route is Route.EVENT_STORE else None) or one.who.home

    def _go_on(self, passages: Sequence[Passage]) -> None:
        for one in passages:
            if one.state == "active":
                one.state = "waiting" if more(one.plan, one.step) and not self._overtaken(one) else "completed"
                if one.state == "waiting":
                    advance(one, self.now)

    def _overtaken(self, one: Passage) -> bool:
        """Of a plan that restarts: a newer passage has taken its place."""
        return one.plan.definition.entry.mode is EntryMode.RESTART and any(
            other.who is one.who and other.card is one.card and other.created_at > one.created_at
            for other in one.plan.passages
        )


def most_valuable(fresh: Mapping[str, tuple[Customer, str]], clear: Sequence[Passage], room: int | None) -> list[str]:
    """Return who is beyond what a run may still make: those with the least on their cards, then by id."""
    if room is None:
        return []
    worth = {
        code: max(one.card.balance if one.card else sum(card.balance for card in one.who.cards) for one in clear if one.who.code == code)
        for code in fresh
    }  # fmt: skip
    return sorted(fresh, key=lambda code: (-worth[code], fresh[code][0].rank))[room:]
