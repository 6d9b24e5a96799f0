"""Why a customer gets a task of a plan, or why not: for anybody, whoever matched or not, now or on a past day.

The engine's own statements run over a chunk that holds this one customer, in a glance. She is judged alone: what the run's limits leave her depends on the
others, and room is what it is before the run.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.audience.telling import Told
from tasks.flow import explain_shapes as shapes
from tasks.flow.ask_audience import stores_of
from tasks.flow.explain_chain import read_assignments
from tasks.flow.explain_rules import read_entries, read_hold_outs, read_merges, read_rules, read_tree
from tasks.flow.overlay import copy_over, lay_over
from tasks.flow.preview import NOBODY, WITHOUT_HISTORY, fill_matched, held_out_percent, moment_on
from tasks.flow.units import OpensUnits
from tasks.generation.candidates import Moment
from tasks.generation.chunk import open_chunk
from tasks.generation.service import Job, decide
from tasks.kernel.errors import NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.followed import FOLLOWABLE
from tasks.people.persons import open_customers
from tasks.plans.calendars.firing import firings, next_firings
from tasks.plans.calendars.repository import festivals_for
from tasks.plans.definition import Definition
from tasks.plans.entries import Matched, matched
from tasks.plans.moments import firing_of
from tasks.plans.repository import PlanRow, get_plan
from tasks.plans.states import Decided, Scope
from tasks.plans.triggers import Behaviour
from tasks.worklist.merchant_window import merchant_window

__all__ = ["Explanation", "Question", "explain_plan"]

Explanation = shapes.Explanation
MOST_EVENTS: Final = 10
"""Events shown, newest first."""
MOST_CARDS: Final = 20
"""Cards of one customer that are explained."""
FAR: Final = timedelta(days=400)
"""How far back the last firing of a calendar is looked for."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked about, on which local day (None: now), and in which language the answer is."""

    customer_id: UUID
    on: date | None = None
    locale: Locale = "zh-CN"


async def explain_plan(units: OpensUnits, who: StaffScope, plan_id: UUID, asked: Question) -> Explanation:
    """Explain a customer and a plan. Raises `NotFound` for the plan, and for a customer whose home store the caller does not lead."""
    async with units.glance(who.merchant_id) as unit:
        plan = await get_plan(unit, plan_id)
        row = await _customer(unit, who, asked.customer_id)
        person = (await open_customers(unit, [asked.customer_id]))[asked.customer_id]
        happened = await _happened(unit, plan.definition, asked.customer_id)
        zone = happened[-1].cause.timezone if happened else str(row["zone"])
        moment = moment_on(
            unit, plan.definition, asked.on or local_day(unit.now, zone), zone, past=asked.on is not None
        )
        trigger = await _trigger(unit, plan.definition, moment, (asked.customer_id, happened))
        percent = await held_out_percent(unit, plan.definition, moment)
        recorded = await _recorded(unit, plan.id, asked.customer_id)
        passages = await _passages(unit, plan.id, asked.customer_id)
        scopes = await _scopes(unit, (plan, moment, percent), asked, (bool(row["followed_up"]), happened))
        return Explanation(
            plan_id=plan.id, version=plan.version, customer_id=asked.customer_id, name=person.called, as_of=moment.at, on=moment.today,
            followed_up=bool(row["followed_up"]), trigger=trigger, scopes=scopes, decisions=recorded, passages=passages,
            todays_value_used=WITHOUT_HISTORY if asked.on else (),
        )  # fmt: skip


_CUSTOMER: Final = f"""
select coalesce(hs.timezone, m.timezone) as zone, ({FOLLOWABLE}) as followed_up, cu.home_store_id from customer cu
join merchant m on m.merchant_id = cu.merchant_id left join store hs on hs.merchant_id = cu.merchant_id and hs.id = cu.home_store_id
where cu.merchant_id = :merchant and cu.id = :customer
"""


async def _customer(unit: Unit, who: StaffScope, customer_id: UUID) -> dict[str, object]:
    row = await unit.row(_CUSTOMER, customer=customer_id)
    stores = stores_of(who)
    if row is None or (stores is not None and row["home_store_id"] not in (None, *stores)):
        raise NotFound(what="客户/customer", field="customer")
    return dict(row)


async def _happened(unit: Unit, definition: Definition, customer_id: UUID) -> list[Matched]:
    """Her events that start the plan, oldest first."""
    if not isinstance(definition.trigger, Behaviour):
        return []
    return await matched(unit, definition, "cu.id = :customer and e.occurred_at <= :now", {"customer": customer_id})


async def _trigger(
    unit: Unit, definition: Definition, moment: Moment, hers: tuple[UUID, Sequence[Matched]]
) -> shapes.Trigger:
    schedule = definition.trigger
    if not isinstance(schedule, Behaviour):
        festivals, day = await festivals_for(unit, schedule), moment.today
        before = firings(schedule, day - FAR, day - timedelta(days=1), festivals)
        coming = next_firings(schedule, day + timedelta(days=1), 1, festivals)
        fires = bool(firings(schedule, day, day, festivals))
        return shapes.Trigger(
            fires=fires, last_on=before[-1] if before else None, next_on=coming[0] if coming else None
        )
    customer_id, happened = hers
    window = await merchant_window(unit)
    events = [
        shapes.Happening(
            event_id=one.event_id, occurred_at=one.cause.occurred_at, offset=number, fires_at=firing.at, fires_on=firing.on, in_time=firing.in_time
        )
        for one in reversed(happened)
        for number, offset in enumerate(schedule.offsets)
        if (firing := firing_of(offset, number, one.cause, window)) is not None
    ]  # fmt: skip
    count = await unit.scalar(
        "select count(*) from event where merchant_id = :merchant and customer_id = :customer and type = any(cast(:types as text[]))",
        customer=customer_id, types=list(schedule.events),
    )  # fmt: skip
    fires = any(one.fires_on == moment.today and one.in_time for one in events)
    return shapes.Trigger(fires=fires, happened=count, events=events[:MOST_EVENTS])


_RECORDED: Final = """
select v.number as version, d.decided_at, d.decided, d.reason, d.step, d.task_id from decision d
join plan_version v on v.merchant_id = d.merchant_id and v.id = d.version_id
where d.merchant_id = :merchant and d.plan_id = :plan and d.customer_id = :customer order by d.decided_at desc, d.id desc limit 20
"""
_PASSAGES: Final = """
select v.number as version, e.state, e.step, e.fire_at as fires_at, e.exit_reason, e.created_at as entered_at, e.closed_at from enrolment e
join plan_version v on v.merchant_id = e.merchant_id and v.id = e.version_id
where e.merchant_id = :merchant and e.plan_id = :plan and e.customer_id = :customer order by e.created_at desc, e.id desc limit 20
"""


async def _recorded(unit: Unit, plan_id: UUID, customer_id: UUID) -> list[shapes.Recorded]:
    return await unit.structs(shapes.Recorded, _RECORDED, plan=plan_id, customer=customer_id)


async def _passages(unit: Unit, plan_id: UUID, customer_id: UUID) -> list[shapes.Passage]:
    return await unit.structs(shapes.Passage, _PASSAGES, plan=plan_id, customer=customer_id)


async def _scopes(
    unit: Unit, what: tuple[PlanRow, Moment, int], asked: Question, hers: tuple[bool, Sequence[Matched]]
) -> list[shapes.Scoped]:
    """Explain everything of hers that the plan is about on the day; when nothing matches, what it would be about if it did."""
    plan, moment, percent = what
    followed_up, happened = hers
    await lay_over(unit, "customer", "customer_contact_state")
    await copy_over(unit, "customer", "x.id = :customer", customer=asked.customer_id)
    await copy_over(unit, "customer_contact_state", "x.customer_id = :customer", customer=asked.customer_id)
    offsets = len(plan.definition.trigger.offsets) if isinstance(plan.definition.trigger, Behaviour) else 1
    found: list[shapes.Scoped] = []
    for number in range(offsets):
        await fill_matched(unit, plan.definition, moment, number)
        if await unit.scalar("select count(*) from chunk"):
            job = Job(plan.definition, plan.id, NOBODY, moment, hold_out=percent, offset_no=number)
            found += await _explained(unit, job, (asked.locale, followed_up), matched_now=True)
    if not found:
        await open_chunk(unit)
        if await _stand_in(unit, plan.definition, asked.customer_id, happened):
            job = Job(plan.definition, plan.id, NOBODY, moment, hold_out=percent)
            found += await _explained(unit, job, (asked.locale, followed_up), matched_now=False)
    return found


_CARDS: Final = """
insert into chunk (scope_id, entry_key, customer_id, card_id, event_store_id, value_cents)
select k.id, 'explain', k.customer_id, k.id, k.store_id, kf.balance_cents from card k
join card_facts kf on kf.merchant_id = k.merchant_id and kf.card_id = k.id
where k.merchant_id = :merchant and k.customer_id = :customer order by kf.balance_cents desc, k.id limit :most
"""
_HERSELF: Final = """
insert into chunk (scope_id, entry_key, customer_id, card_id, event_id, event_store_id)
values (:scope, 'explain', :customer, cast(:card as uuid), cast(:event as uuid), cast(:store as uuid))
"""


async def _stand_in(unit: Unit, definition: Definition, customer_id: UUID, happened: Sequence[Matched]) -> bool:
    """Put into the chunk what the plan would be about: her newest event, each of her cards, or herself; returns whether there is anything."""
    scope, last = definition.entry.scope, happened[-1] if happened else None
    if last is not None:
        await unit.run(
            _HERSELF,
            scope=last.scope_id,
            customer=customer_id,
            card=last.card_id,
            event=last.event_id,
            store=last.store_id,
        )
    elif scope is Scope.CARD:
        await unit.run(_CARDS, customer=customer_id, most=MOST_CARDS)
    elif scope is Scope.CUSTOMER:
        await unit.run(_HERSELF, scope=customer_id, customer=customer_id, card=None, event=None, store=None)
    return bool(await unit.scalar("select count(*) from chunk"))


_DECIDED: Final = (
    "select no, scope_id, card_id, event_id, decided, reason, task_id, assignee_id, opens_on from chunk order by no"
)


async def _explained(unit: Unit, job: Job, asked: tuple[Locale, bool], *, matched_now: bool) -> list[shapes.Scoped]:
    """Explain every row of the chunk, stage by stage; `asked` is the language, and whether she is followed up at all."""
    locale, followed_up = asked
    await decide(unit, job, entered=False)
    verdicts = list(await unit.rows(_DECIDED))
    trees = [(path, await read_tree(unit, job, tree, locale)) for path, tree in _trees(job)]
    entries, hold_outs = await read_entries(unit, job), await read_hold_outs(unit, job)
    merges, assignments = await read_merges(unit, job.moment), await read_assignments(unit, job)
    rules = await read_rules(unit, job, locale)
    cap = shapes.Cap(most_tasks=job.definition.max_tasks_per_run, most_per_employee=job.act.most_per_employee)
    found = []
    for row in verdicts:
        no = row["no"]
        conditions = [shapes.Condition(path=path, tree=told[no]) for path, told in trees]
        why = None if matched_now else _why_not(conditions[0].tree, followed_up=followed_up)
        found.append(
            shapes.Scoped(
                scope_id=row["scope_id"], card_id=row["card_id"], event_id=row["event_id"], matched=matched_now, conditions=conditions,
                entry=entries[no], rules=rules[no], hold_out=hold_outs[no], merge=merges[no], cap=cap, assignment=assignments[no],
                verdict=_verdict(row, why),
            )
        )  # fmt: skip
    return found


def _verdict(row: Any, why_not: str | None) -> shapes.Verdict:
    if why_not is not None:
        return shapes.Verdict(decided="not_matched", reason=why_not, task_id=None, staff_id=None, opens_on=None)
    merged = row["task_id"] if row["decided"] == Decided.MERGED else None
    return shapes.Verdict(
        decided=row["decided"],
        reason=row["reason"],
        task_id=merged,
        staff_id=row["assignee_id"],
        opens_on=row["opens_on"],
    )


def _why_not(tree: Told, *, followed_up: bool) -> str:
    """The name of the first condition that does not hold; `trigger` when all of them do: no event fires that day, or the card is frozen."""
    if not followed_up:
        return "not_followed_up"
    failing = tree
    while not failing.holds and failing.condition is None:
        inner = next((one for one in failing.nodes if not one.holds), None)
        if inner is None:
            # Of a `not`, what stands in it holds, and should not.
            inner = next(iter(failing.nodes), None)
        if inner is None or inner.holds:
            return (inner.condition if inner else None) or "audience"
        failing = inner
    return "trigger" if failing.holds else failing.condition or "audience"


def _trees(job: Job) -> list[tuple[str, dict[str, Any] | None]]:
    """The trees that are asked at the first firing, the audience first."""
    trigger = job.definition.trigger
    trees: list[tuple[str, dict[str, Any] | None]] = [("audience", job.definition.audience)]
    if isinstance(trigger, Behaviour) and (only_if := trigger.offsets[job.offset_no].only_if) is not None:
        trees.append((f"trigger.offsets[{job.offset_no}].onlyIf", only_if))
    if job.definition.steps[0].only_if is not None:
        trees.append(("steps[0].onlyIf", job.definition.steps[0].only_if))
    return trees
