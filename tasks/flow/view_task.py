"""Everything an employee needs before picking up the phone: why, to whom, what is on her cards, what was said before, and what to say."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.callbacks.outcomes import needed_fields
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
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.ledger.holdings import Holding, held_cards
from tasks.people.persons import (
    ContactPointView,
    CustomerPerson,
    StaffPerson,
    contact_points,
    open_customers,
    open_staff,
)
from tasks.plans.repository import definitions
from tasks.scripting.repository import (
    ReasonFacts,
    TaskFacts,
    named_staff,
    read_duty,
    read_reasons,
    read_task_facts,
)
from tasks.scripting.rules import suggested
from tasks.scripting.service import ScriptText, TaskScripts, fill_scripts
from tasks.worklist.detail import PastContact, TaskHead, read_contacts, read_head
from tasks.worklist.rows import nickname_of
from tasks.worklist.rules import TaskAction, allowed_actions
from tasks.worklist.states import ReasonState
from tasks.worklist.why import WhyFacts, why_line
from tasks.worklist.windows import contact_window

__all__ = ["TaskDetail", "view_task"]

_PHONES = frozenset({"phone", "virtual"})


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What was read for one page."""

    head: TaskHead
    facts: TaskFacts
    reasons: Sequence[ReasonFacts]
    customer: CustomerPerson
    points: Sequence[ContactPointView]
    staff: dict[UUID, StaffPerson]
    contacts: Sequence[PastContact]
    cards: Sequence[Holding]
    scripts: Sequence[ScriptText]


async def view_task(unit: Unit, scope: StaffScope, task_id: UUID, locale: Locale = "zh-CN") -> TaskDetail:
    """Return the page of a task the caller may see, scripts filled in for now; raises `NotFound` for any other."""
    head = await read_head(unit, scope, task_id)
    facts = await read_task_facts(unit, task_id)
    reasons = await read_reasons(unit, task_id)
    contacts = await read_contacts(unit, head.customer_id)
    customers = await open_customers(unit, [head.customer_id])
    staff = await open_staff(unit, _staff_ids(scope, facts, reasons, contacts))
    gathered = Gathered(
        head=head,
        facts=facts,
        reasons=reasons,
        customer=customers[head.customer_id],
        points=await contact_points(unit, head.customer_id),
        staff=staff,
        contacts=contacts,
        cards=await held_cards(unit, head.customer_id),
        scripts=await _scripts(unit, scope, (facts, reasons, customers[head.customer_id], staff), locale),
    )
    return _detail(unit, scope, gathered, locale)


def _staff_ids(
    scope: StaffScope, facts: TaskFacts, reasons: Sequence[ReasonFacts], contacts: Sequence[PastContact]
) -> list[UUID]:
    ids = {scope.staff_id, *named_staff(facts, reasons)} | {contact.staff_id for contact in contacts}
    return [each for each in ids if each]


async def _scripts(
    unit: Unit,
    scope: StaffScope,
    known: tuple[TaskFacts, Sequence[ReasonFacts], CustomerPerson, dict[UUID, StaffPerson]],
    locale: Locale,
) -> list[ScriptText]:
    facts, reasons, customer, staff = known
    live = [reason for reason in reasons if reason.state == ReasonState.LIVE]
    if not live:
        return []
    speaker = facts.assignee_id or scope.staff_id
    duty = await read_duty(unit, facts, speaker)
    plans = await definitions(unit, [reason.version_id for reason in live])
    task = TaskScripts(facts, live, plans, customer, staff, speaker, suggested(duty, facts.today))
    return fill_scripts(task, locale)


def _detail(unit: Unit, scope: StaffScope, read: Gathered, locale: Locale) -> TaskDetail:
    head, facts = read.head, read.facts
    window = contact_window(msgspec.json.decode(head.settings))
    actions = allowed_actions(head.status, head.assignee_id, scope.staff_id, phone=_may_call(read))
    reasons = [_reason(read, reason, locale) for reason in read.reasons]
    return TaskDetail(
        **{name: getattr(head, name) for name in _FROM_HEAD},
        store=facts.store,
        why=next((reason.talking_point for reason in reasons), why_line(WhyFacts(today=facts.today), locale)),
        outside_window=unit.now < head.contact_from or not window.holds(unit.now, head.timezone),
        urged=head.urged_at is not None,
        pool=head.assignee_id is None,
        assignee=_name(read, head.assignee_id),
        reasons=reasons,
        customer=_customer(read, locale),
        cards=[CardView(**msgspec.structs.asdict(card)) for card in read.cards],
        last_visit=_visit(read),
        contacts=[_contact(read, contact) for contact in read.contacts],
        scripts=read.scripts,
        actions=actions,
        outcomes=_outcomes() if TaskAction.CALLBACK in actions else [],
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


def _outcomes() -> list[OutcomeView]:
    return [OutcomeView(code=code, needs=needs) for code, needs in needed_fields().items()]
