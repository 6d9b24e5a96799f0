"""Everything an employee needs before picking up the phone: why, to whom, what is on her cards, what was said before, and what to say."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.callbacks.codes import OwnOutcome, offered_codes
from tasks.callbacks.outcomes import needed_fields
from tasks.flow.gather_details import Gathered, gather
from tasks.flow.task_detail import (
    CardView,
    ContactView,
    CustomerView,
    OutcomeView,
    PhoneView,
    ReasonView,
    TaskDetail,
    VisitView,
)
from tasks.flow.why_behind import behind_reason
from tasks.kernel.errors import NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.scripting.repository import ReasonFacts
from tasks.scripting.service import fill_scripts
from tasks.worklist.detail import PastContact, TaskHead
from tasks.worklist.rows import nickname_of
from tasks.worklist.rules import TaskAction, allowed_actions
from tasks.worklist.why import WhyFacts, why_line
from tasks.worklist.windows import contact_window

__all__ = ["TaskDetail", "view_task", "view_tasks"]

_PHONES = frozenset({"phone", "virtual"})


async def view_task(unit: Unit, scope: StaffScope, task_id: UUID, locale: Locale = "zh-CN") -> TaskDetail:
    """Return the page of a task the caller may see, scripts filled in for now; raises `NotFound` for any other."""
    page = (await view_tasks(unit, scope, [task_id], locale)).get(task_id)
    if page is None:
        raise NotFound(what="任务/task")
    return page


async def view_tasks(
    unit: Unit, scope: StaffScope, task_ids: Collection[UUID], locale: Locale = "zh-CN"
) -> dict[UUID, TaskDetail]:
    """Return the pages of the tasks the caller may see, by task; the number of statements does not grow with the tasks."""
    gathered = await gather(unit, scope, task_ids)
    outcomes = _outcomes(await offered_codes(unit, locale))
    return {task_id: _detail(unit, scope, (read, outcomes), locale) for task_id, read in gathered.items()}


def _detail(unit: Unit, scope: StaffScope, known: tuple[Gathered, Sequence[OutcomeView]], locale: Locale) -> TaskDetail:
    read, outcomes = known
    head, facts = read.head, read.facts
    window = contact_window(msgspec.json.decode(head.settings))
    actions = allowed_actions(head.status, head.assignee_id, scope.staff_id, phone=_may_call(read))
    reasons = [_reason(read, reason, locale) for reason in read.reasons]
    return TaskDetail(
        **{name: getattr(head, name) for name in _FROM_HEAD},
        store=facts.store,
        why=next(
            (reason.talking_point for reason in reasons),
            why_line(WhyFacts(today=facts.today, background=read.background), locale),
        ),
        outside_window=unit.now < head.contact_from or not window.holds(unit.now, head.timezone),
        urged=head.urged_at is not None,
        pool=head.assignee_id is None,
        assignee=_name(read, head.assignee_id),
        reasons=reasons,
        customer=_customer(read, locale),
        cards=[CardView(**msgspec.structs.asdict(card)) for card in read.cards],
        last_visit=_visit(read),
        contacts=[_contact(read, contact) for contact in read.contacts],
        scripts=fill_scripts(read.scripts, locale) if read.scripts else [],
        actions=actions,
        moot_because=read.because,
        outcomes=outcomes if TaskAction.CALLBACK in actions else [],
    )


_FROM_HEAD = tuple(name for name in TaskDetail.__struct_fields__ if name in set(TaskHead.__struct_fields__))


def _reason(read: Gathered, reason: ReasonFacts, locale: Locale) -> ReasonView:
    facts = read.facts
    why = WhyFacts(
        today=facts.today,
        template=reason.template,
        plan=reason.plan,
        source=read.head.source,
        first_visit_on=facts.first_visit_on,
        last_visit_on=facts.last_visit_on,
        card_name=reason.card_name,
        balance_cents=reason.balance_cents,
        uses_left=reason.uses_left,
        expires_on=reason.expires_on,
        background=behind_reason(read, reason),
    )
    return ReasonView(
        id=reason.id,
        plan_id=reason.plan_id,
        plan=reason.plan,
        template=reason.template,
        talking_point=why_line(why, locale),
        priority=reason.priority,
        state=reason.state,
        close_reason=reason.close_reason,
        result=reason.result,
    )


def _customer(read: Gathered, locale: Locale) -> CustomerView:
    phones = [point for point in read.points if point.kind in _PHONES]
    return CustomerView(
        id=read.customer.id,
        nickname=nickname_of(read.customer, locale),
        level=read.customer.level,
        gender=read.customer.gender,
        source=read.head.source,
        phones=[PhoneView(masked=point.masked, kind=point.kind, valid=point.valid) for point in phones],
        has_phone=any(point.valid for point in phones),
        has_wechat=any(point.valid and point.kind not in _PHONES for point in read.points),
        no_phone=read.head.no_phone,
        no_wechat=read.head.no_wechat,
        no_contact=read.head.no_contact,
        notes=read.customer.notes,
        promises_kept=read.kept.kept if read.kept else 0,
        promises_settled=read.kept.settled if read.kept else 0,
    )


def _may_call(read: Gathered) -> bool:
    refused = read.head.no_phone or read.head.no_contact
    return not refused and any(point.valid and point.kind in _PHONES for point in read.points)


def _visit(read: Gathered) -> VisitView | None:
    facts = read.facts
    if facts.last_visit_on is None:
        return None
    return VisitView(visited_on=facts.last_visit_on, service=facts.last_service, staff=_name(read, facts.served_by))


def _contact(read: Gathered, contact: PastContact) -> ContactView:
    return ContactView(
        at=contact.at,
        channel=contact.channel,
        reached=contact.reached,
        staff=_name(read, contact.staff_id),
        outcome=contact.outcome,
        note=contact.note,
    )


def _name(read: Gathered, staff_id: UUID | None) -> str | None:
    person = read.staff.get(staff_id) if staff_id else None
    return person.name if person else None


def _outcomes(own: Sequence[OwnOutcome]) -> list[OutcomeView]:
    """The built-in outcomes, then the merchant's own, which need what they behave as needs."""
    needs = needed_fields()
    codes = [*((code, code) for code in needs), *((one.code, one.behaviour.value) for one in own)]
    return [OutcomeView(code=code, needs=needs[behaviour]) for code, behaviour in codes]
