"""Tasks and who gets them, in plain Python: the least loaded of the store on the first of the days with room, else the store's pool."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from tasks.plans.steps import StaffTask
from tests.support.reference_books import Customer

SATURDAY = 6


@dataclass(frozen=True)
class Staff:
    """An employee of one store; `rank` is the order of ids. Capacities as engine.md's "To whom"."""

    code: str
    rank: int
    store: str
    max_open: int
    max_weekday: int
    max_weekend: int

    def per_day(self, day: date) -> int:
        return self.max_weekend if day.isoweekday() >= SATURDAY else self.max_weekday


@dataclass(eq=False)
class Task:
    """One contact to make; `reasons` are passages and their steps. One for a later day is queued until `opens_at`."""

    who: Customer
    store: str
    opens_on: date
    expires_on: date
    assignee: str | None
    live: bool = True
    away_until: datetime | None = None
    reasons: list[tuple[Any, int]] = field(default_factory=list)
    opens_at: datetime | None = None
    queued: bool = False


class Work:
    """Everybody's tasks."""

    def __init__(self, staff: Sequence[Staff]) -> None:
        self.staff = sorted(staff, key=lambda one: one.rank)
        self.tasks: list[Task] = []

    def live(self, who: Customer) -> Task | None:
        return next((task for task in self.tasks if task.who is who and task.live), None)

    def over(self, now: datetime) -> list[Task]:
        """Live tasks past the end of their last day."""
        end = [datetime.combine(one.expires_on + timedelta(days=1), time(0), now.tzinfo) for one in self.tasks]
        return [task for task, over_at in zip(self.tasks, end, strict=True) if task.live and over_at <= now]

    def close_emptied(self, who: Customer) -> None:
        """A task whose last reason is gone is moot."""
        task = self.live(who)
        if task is not None and all(one.state != "active" for one, _ in task.reasons):
            task.live = False

    def give(self, wanted: Sequence[tuple[Customer, str]], act: StaffTask, today: date) -> list[Customer]:
        """Make a task for each of these customers in her store, dealt by customer id; returns those whom nobody can take."""
        left = sorted(wanted, key=lambda pair: pair[0].rank)
        given: dict[str, int] = dict.fromkeys((one.code for one in self.staff), 0)
        loads = {one.code: sum(t.live and t.assignee == one.code for t in self.tasks) for one in self.staff}
        made: list[Task] = []
        for number in range(act.spread_days + 1):
            day = today + timedelta(days=number)
            dealt = self._deal(left, day, loads, given)
            for who, store, code in dealt:
                given[code] += 1
                made.append(self._task(act, who, store, (day, code)))
            left = [pair for pair in left if pair[0] not in {who for who, _, _ in dealt}]
        self.tasks += made
        if not act.pool and not act.manager:
            return [who for who, _ in left]
        rest = None if act.pool else "manager"
        self.tasks += [self._task(act, who, store, (today, rest)) for who, store in left]
        return []

    def _task(self, act: StaffTask, who: Customer, store: str, opens: tuple[date, str | None]) -> Task:
        return Task(who, store, opens[0], opens[0] + timedelta(days=act.expires_in), opens[1])

    def _deal(
        self, left: Sequence[tuple[Customer, str]], day: date, loads: dict[str, int], given: dict[str, int]
    ) -> list[tuple[Customer, str, str]]:
        dealt: list[tuple[Customer, str, str]] = []
        for store in sorted({store for _, store in left}):
            slots = [
                (loads[one.code] + nth, one.rank, one.code)
                for one in self.staff
                if one.store == store
                for nth in range(1, self._room(one, day, loads[one.code] + given[one.code]) + 1)
            ]
            wanting = [who for who, its in left if its == store]
            dealt += [(who, store, code) for who, (_, _, code) in zip(wanting, sorted(slots), strict=False)]
        return dealt

    def _room(self, one: Staff, day: date, load: int) -> int:
        new = sum(task.assignee == one.code and task.opens_on == day for task in self.tasks)
        return max(0, min(one.per_day(day) - new, one.max_open - load))
