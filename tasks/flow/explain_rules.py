"""The stages of the engine one by one, for the few candidates of an explanation: each is the engine's own statement, run over the same chunk.

Before each stage the chunk is put back to undecided, so that a stage is seen even when an earlier one would have ended it.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tasks.audience.asking import seen_of
from tasks.audience.compile import Compiler
from tasks.audience.judging import Answer
from tasks.audience.resolving import names_everywhere, segments_of
from tasks.audience.telling import Told, in_order, tell
from tasks.audience.tree import Leaf, Node, parse
from tasks.audience.wording import Words
from tasks.flow import explain_shapes as shapes
from tasks.generation import judge
from tasks.generation.candidates import Moment
from tasks.generation.entering import entry
from tasks.generation.job import Job
from tasks.generation.leaving import CARD_JOIN
from tasks.generation.suppressing import suppress
from tasks.kernel.unit import Unit
from tasks.plans.definition import Definition, Suppress
from tasks.plans.lunar import is_new_year
from tasks.plans.states import Scope, Suppression

UNDECIDED: Final = """
update chunk set decided = null, reason = null, task_id = null, guard = null, first_of_customer = true, assignee_id = null, opens_on = null, escalated = false
"""

WORDS: Final[Mapping[Suppression, tuple[str, str]]] = {
    Suppression.DO_NOT_CONTACT: ("客户拒绝联系", "she refused contact"),
    Suppression.WRONG_NUMBER: ("号码错误，且没有其他联系方式", "her number is wrong and there is no other way"),
    Suppression.COMPLAINT: ("投诉未结，或投诉后营销冻结", "a complaint is open, or marketing is frozen after one"),
    Suppression.APPOINTMENT: ("当天或之后已有预约", "she has an appointment that day or later"),
    Suppression.CONTACTED_TODAY: ("当天已联系过", "she was contacted that day"),
    Suppression.PHONE_TODAY: ("同一号码当天已有营销联系", "her number had a marketing contact that day"),
    Suppression.MARKETING_GAP: ("7 天内有过营销联系", "she had a marketing contact in the last 7 days"),
    Suppression.TIER_CAP: ("30 天内联系次数已达上限", "she has had the most contacts of 30 days"),
    Suppression.NO_ANSWER: ("180 天内五次联系均无回应", "five contacts in 180 days went unanswered"),
    Suppression.NOT_INTERESTED: (
        "60 天内对同类计划表示暂无意向",
        "she was not interested in this kind of plan in the last 60 days",
    ),
    Suppression.NEW_YEAR: ("除夕或初一", "it is the eve or first day of the Chinese year"),
    Suppression.CLOSED: ("门店当天停业（营销计划跳过）", "the store is closed that day, and marketing skips it"),
}
"""Each suppression as a sentence, in the order they are looked at."""

_ALWAYS: Final = frozenset({Suppression.DO_NOT_CONTACT, Suppression.WRONG_NUMBER, Suppression.CLOSED})
"""Rules that a plan cannot switch off."""
_STATE: Final = {
    Suppression.DO_NOT_CONTACT: "wrong_number_at = null",
    Suppression.WRONG_NUMBER: "no_contact_at = null, no_phone_at = null, no_wechat_at = null",
}
"""What must be forgotten for a rule to be seen; for all others, refusals and wrong numbers both."""
_FORGOTTEN: Final = ", ".join(_STATE.values())

_SEEN: Final[Mapping[Suppression, str]] = {
    Suppression.DO_NOT_CONTACT: "(select to_char(coalesce(s.no_contact_at, greatest(s.no_phone_at, s.no_wechat_at)) at time zone :zone, 'YYYY-MM-DD'))",
    Suppression.WRONG_NUMBER: "(select to_char(s.wrong_number_at at time zone :zone, 'YYYY-MM-DD'))",
    Suppression.COMPLAINT: "(select to_char(coalesce(s.complaint_at, s.marketing_frozen_until) at time zone :zone, 'YYYY-MM-DD'))",
    Suppression.APPOINTMENT: """(select min(a.starts_on)::text from appointment a where a.merchant_id = :merchant and a.customer_id = c.customer_id
        and a.starts_on >= :today and a.status <> 'cancelled')""",
    Suppression.CONTACTED_TODAY: """(select max(o.contacted_on)::text from contact o where o.merchant_id = :merchant and o.customer_id = c.customer_id
        and o.contacted_at <= :until)""",
    Suppression.MARKETING_GAP: """(select max(o.contacted_on)::text from contact o where o.merchant_id = :merchant and o.customer_id = c.customer_id
        and o.marketing and o.contacted_at <= :until)""",
    Suppression.TIER_CAP: """(select count(*)::text from contact o where o.merchant_id = :merchant and o.customer_id = c.customer_id
        and o.marketing = :marketing and o.contacted_at > cast(:at as timestamptz) - interval '30 days' and o.contacted_at <= :until)""",
    Suppression.NO_ANSWER: """(select count(*) filter (where not o.reached) || ' / ' || count(*) from contact o where o.merchant_id = :merchant
        and o.customer_id = c.customer_id and o.human and o.contacted_at > cast(:at as timestamptz) - interval '180 days' and o.contacted_at <= :until)""",
    Suppression.NOT_INTERESTED: """(select to_char(max(b.occurred_at) at time zone :zone, 'YYYY-MM-DD') from callback b
        where b.merchant_id = :merchant and b.customer_id = c.customer_id and b.outcome = 'not_interested' and b.occurred_at <= :until
          and (b.void_at is null or b.void_at > :until))""",
    Suppression.CLOSED: """(select min(z.from_on) || ' – ' || max(z.to_on) from store_closure z where z.merchant_id = :merchant and z.store_id = c.store_id
        and :today between z.from_on and z.to_on)""",
}
"""What each rule looks at, as text."""


async def undecided(unit: Unit) -> None:
    """Put every candidate back to before anything was decided; the store it was routed to stays."""
    await unit.run(UNDECIDED)
    await unit.run("truncate bench, chunk_day")


async def read_rules(unit: Unit, job: Job, locale: str) -> dict[int, list[shapes.Rule]]:
    """Return, by candidate, every suppression in its order: the engine's own statement with that rule alone switched on.

    Forgets refusals and wrong numbers of the contact states that are laid over the real ones.
    """
    seen = await _seen(unit, job)
    new_year = is_new_year(job.moment.today)
    found: dict[int, list[shapes.Rule]] = {no: [] for no in seen}
    for rule, words in WORDS.items():
        await unit.run("delete from customer_contact_state where merchant_id = :merchant")
        await unit.run(
            "insert into customer_contact_state select s.* from public.customer_contact_state s "
            "where s.merchant_id = :merchant and s.customer_id in (select customer_id from chunk)"
        )
        await unit.run(
            f"update customer_contact_state set {_STATE.get(rule, _FORGOTTEN)} where merchant_id = :merchant"
        )
        await undecided(unit)
        await suppress(unit, _only(job.definition, rule), job.moment, plan_id=job.plan_id, new_year=new_year)
        for row in await unit.rows("select no, reason from chunk order by no"):
            holds = row["reason"] == rule
            sentence = words[locale.startswith("en")]
            looked_at = seen[row["no"]].get(rule)
            found[row["no"]].append(
                shapes.Rule(rule=rule, sentence=sentence, on=_is_on(job.definition, rule), holds=holds, seen=looked_at)
            )
    return found


def _only(definition: Definition, rule: Suppression) -> Definition:
    """The definition with all suppressions off that can be, but one."""
    off = dict.fromkeys(Suppress.__struct_fields__, False) | {"care_gap": definition.suppress.care_gap}
    on = {rule.value: True} if rule.value in off else {}
    return msgspec.structs.replace(definition, suppress=Suppress(**(off | on)))


def _is_on(definition: Definition, rule: Suppression) -> bool:
    return rule in _ALWAYS or bool(getattr(definition.suppress, rule.value))


async def _seen(unit: Unit, job: Job) -> dict[int, dict[Suppression, str | None]]:
    columns = ", ".join(f"{sql} as {rule.value}" for rule, sql in _SEEN.items())
    rows = await unit.rows(
        f"select c.no, {columns} from chunk c left join public.customer_contact_state s "
        "on s.merchant_id = :merchant and s.customer_id = c.customer_id order by c.no",
        marketing=job.definition.purpose == "marketing",
        **job.moment.values,
    )
    return {row["no"]: {rule: row[rule.value] for rule in _SEEN} for row in rows}


_TIMES: Final = """
select c.no, count(e.id)::int as times, max(e.created_at) as last_at from chunk c
left join enrolment e on e.merchant_id = :merchant and e.plan_id = :plan and e.scope_id = c.scope_id and e.entry_key <> ''
    and e.created_at <= :until
    and (c.event_id is null or e.event_id is distinct from c.event_id)
group by c.no
"""


async def read_entries(unit: Unit, job: Job) -> dict[int, shapes.Entry]:
    """Return, by candidate, what the entry rule says."""
    await undecided(unit)
    await entry(unit, job.definition, job.plan_id, job.moment)
    out = {row["no"] for row in await unit.rows("select no from chunk where decided = 'entry'")}
    mode = job.definition.entry.mode
    return {
        row["no"]: shapes.Entry(mode=mode, times=row["times"], last_at=row["last_at"], keeps_out=row["no"] in out)
        for row in await unit.rows(_TIMES, plan=job.plan_id, **job.moment.values)
    }


_BUCKET: Final = f"select c.no, {judge.BUCKET} as bucket from chunk c"


async def read_hold_outs(unit: Unit, job: Job) -> dict[int, shapes.HoldOut]:
    """Return, by candidate, the bucket and whether she is held out of this firing."""
    await undecided(unit)
    await judge.hold_out(unit, job.plan_id, job.hold_out)
    held = {row["no"] for row in await unit.rows("select no from chunk where decided = 'held_out'")}
    return {
        row["no"]: shapes.HoldOut(percent=job.hold_out, bucket=row["bucket"], holds=row["no"] in held)
        for row in await unit.rows(_BUCKET, plan=job.plan_id, buckets=judge.HOLD_OUT_BUCKETS)
    }


async def read_merges(unit: Unit, moment: Moment) -> dict[int, shapes.Merge]:
    """Return, by candidate, what a task that is out already does."""
    await undecided(unit)
    await judge.merge(unit, moment, writing=False)
    return {
        row["no"]: shapes.Merge(decided=row["decided"], reason=row["reason"], task_id=row["task_id"])
        for row in await unit.rows("select no, decided, reason, task_id from chunk")
    }


async def read_tree(unit: Unit, job: Job, tree: dict[str, Any] | None, locale: str) -> dict[int, Told]:
    """Return, by candidate, a condition tree node by node with what each condition saw, at the job's moment: one statement, the engine's predicate."""
    node = parse(tree)
    segments = await segments_of(unit, node)
    words = Words(locale, await names_everywhere(unit, [node, *segments.values()]))
    nodes = list(in_order(node, segments))
    rows = await _answers(unit, job, nodes, segments)
    return {
        row["no"]: tell(
            node, segments, iter(Answer(bool(row[f"h{n}"]), row[f"s{n}"]) for n in range(len(nodes))), words, "audience"
        )
        for row in rows
    }


async def _answers(unit: Unit, job: Job, nodes: list[Node], segments: Mapping[str, Node]) -> Any:
    ground, card = job.moment.ground, job.definition.entry.scope is Scope.CARD
    compiler = Compiler(ground, ground.binds(), card, segments)
    columns = []
    for number, node in enumerate(nodes):
        seen = seen_of(compiler.asked(node)) if isinstance(node, Leaf) else "null::text"
        columns.append(f"{compiler.sql(node)} as h{number}, {seen} as s{number}")
    join = CARD_JOIN.format(card_facts=ground.card_facts) if card else ""
    return await unit.rows(
        f"select c.no, {ground.fill(', '.join(columns))} from chunk c "
        f"join customer cu on cu.merchant_id = :merchant and cu.id = c.customer_id {ground.facts_join} {join} order by c.no",
        **(compiler.binds.values | job.moment.values),
    )
