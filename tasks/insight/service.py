"""What the rest of the product asks of value and rhythm: compute everybody, compute some, note that everybody is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from tasks.insight import repository
from tasks.insight.calendar import count_open_days, reach
from tasks.insight.due import is_due
from tasks.insight.repository import InsightRulesChanged, LastRun, is_marked, last_run, mark, standing
from tasks.insight.rhythm import write_rhythm
from tasks.insight.rules import Cuts, InsightRulesIn, check_rules
from tasks.insight.states import Method, Reason
from tasks.insight.tiers import MOVED, Judge, Outcome, cut, write_tiers
from tasks.insight.whom import EVERYBODY, Today, Whom
from tasks.kernel.room import make_room
from tasks.kernel.unit import Unit

__all__ = [
    "MOVED", "Begun", "InsightRulesChanged", "InsightRulesIn", "LastRun", "Outcome", "Reason", "begin", "finish", "is_due", "is_marked", "last_run",
    "mark", "put_rules", "refresh_customers", "refresh_everybody", "refresh_slice", "standing",
]  # fmt: skip


@dataclass(frozen=True)
class Begun:
    """A computation over everybody that is under way.

    Attributes:
        run_id: its row.
        judge: by what it judges.
        today: the local days it is for.
        slices: everybody, in ranges of ids.
        marks: the due marks it answers.
    """

    run_id: UUID
    judge: Judge
    today: Today
    slices: tuple[Whom, ...]
    marks: tuple[UUID, ...]


async def begin(unit: Unit, size: int | None = None, *, telling: bool = False) -> Begun | None:
    """Begin a computation over everybody: open days are counted, quintiles cut, the run written; None when somebody else is at it.

    `size` is how many customers a slice has (None: one slice for all). Until `finish`, the merchant stays due.
    """
    if not await repository.alone(unit):
        return None
    await make_room(unit)
    stands = await repository.standing(unit)
    today = stands.today
    await count_open_days(unit, today)
    cuts = await cut(unit, stands.wanted, today) if stands.wanted.method is Method.QUINTILES else Cuts()
    if not await repository.marks(unit):
        await mark(unit, Reason.DAY)
    due = await repository.marks(unit)
    run_id = await repository.begin_run(unit, today.day, stands.wanted, cuts)
    anew = stands.judged is not None and stands.judged != stands.wanted
    slices = await repository.slices(unit, size) if size else [EVERYBODY]
    return Begun(run_id, Judge(stands.wanted, cuts, anew, telling), today, tuple(slices), tuple(due))


async def refresh_slice(unit: Unit, begun: Begun, whom: Whom) -> Outcome | None:
    """Compute one slice; None when somebody else is at it. Its customers' records wait until the transaction ends, so slices are kept short."""
    if not await repository.alone(unit):
        return None
    await make_room(unit)
    return await _refresh(unit, begun.judge, begun.today, whom)


async def finish(unit: Unit, begun: Begun, outcome: Outcome) -> None:
    """End the computation: what it found is noted, and the marks it answers are taken away."""
    await repository.find_made_up_birthdays(unit)
    await repository.end_run(unit, begun.run_id, outcome)
    await repository.unmark(unit, begun.marks)


async def refresh_everybody(unit: Unit) -> Outcome:
    """Compute everybody in this one transaction: a dozen statements, however many customers there are; sorts beyond 192 MB go to disk.

    Records of the merchant's customers wait for its end: the worker, which must not hold them up, goes slice by slice (tasks.flow.tend_merchant).
    """
    begun = await begin(unit)
    if begun is None:
        return Outcome(0, 0)
    outcome = await _refresh(unit, begun.judge, begun.today, EVERYBODY)
    await finish(unit, begun, outcome)
    return outcome


async def refresh_customers(unit: Unit, ids: Iterable[UUID], *, locked: bool = False) -> Outcome:
    """Compute these customers by the rules and cuts of the last computation over everybody (before the first: by the merchant's rules).

    The outcome has the events of those who moved. `locked`: the caller holds the customers' facts locked, as whoever records something of them does.
    """
    whom = Whom(ids=tuple(sorted(set(ids))))
    if not whom.ids:
        return Outcome(0, 0)
    if not locked:
        await repository.lock(unit, whom)
    stands = await repository.standing(unit)
    judge = Judge(stands.judged or stands.wanted, stands.cuts, telling=True)
    return await _compute(unit, judge, stands.today, whom)


async def _refresh(unit: Unit, judge: Judge, today: Today, whom: Whom) -> Outcome:
    await repository.lock(unit, whom)
    return await _compute(unit, judge, today, whom)


async def _compute(unit: Unit, judge: Judge, today: Today, whom: Whom) -> Outcome:
    await reach(unit, today, whom)
    await write_rhythm(unit, judge.rules, today, whom)
    return await write_tiers(unit, judge, today, whom)


async def put_rules(unit: Unit, rules: InsightRulesIn, seen: int | None) -> int:
    """Store a merchant's rules and note that everybody is due; returns their version. Raises `Invalid`, `InsightRulesChanged`."""
    check_rules(rules)
    etag = await repository.put_rules(unit, rules, seen)
    await mark(unit, Reason.RULES)
    return etag
