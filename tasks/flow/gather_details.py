"""Reads everything that the pages of some tasks show: a statement for each kind of thing, however many tasks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from tasks.flow.check_moot import MootBecause, moot_because
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.ledger.holdings import Holding, held_cards
from tasks.people.persons import (
    ContactPointView,
    CustomerPerson,
    StaffPerson,
    contact_points_of,
    open_customers,
    open_staff,
)
from tasks.plans.definition import Definition
from tasks.plans.repository import definitions
from tasks.promises.rules import KeptRate
from tasks.promises.service import kept_rate
from tasks.scripting.repository import (
    ReasonFacts,
    TaskFacts,
    named_staff,
    read_duties,
    read_reasons,
    read_task_facts,
)
from tasks.scripting.rules import Duty, suggested
from tasks.scripting.service import TaskScripts
from tasks.worklist.background import Background, read_backgrounds
from tasks.worklist.detail import PastContact, TaskHead, read_contacts, read_heads
from tasks.worklist.states import ReasonState, TaskStatus


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What was read for one page; `scripts` is what filling them in takes, None when no reason is live."""

    head: TaskHead
    facts: TaskFacts
    reasons: Sequence[ReasonFacts]
    customer: CustomerPerson
    points: Sequence[ContactPointView]
    staff: Mapping[UUID, StaffPerson]
    contacts: Sequence[PastContact]
    cards: Sequence[Holding]
    scripts: TaskScripts | None
    background: Background
    because: MootBecause | None
    kept: KeptRate | None


class _Books(msgspec.Struct, frozen=True, kw_only=True):
    """What was read for all of the pages."""

    heads: dict[UUID, TaskHead]
    facts: dict[UUID, TaskFacts]
    reasons: dict[UUID, list[ReasonFacts]]
    customers: dict[UUID, CustomerPerson]
    points: dict[UUID, list[ContactPointView]]
    contacts: dict[UUID, list[PastContact]]
    cards: dict[UUID, list[Holding]]
    staff: dict[UUID, StaffPerson]
    plans: dict[UUID, Definition]
    duties: dict[tuple[UUID, UUID], Duty]
    backgrounds: dict[UUID, Background]
    because: dict[UUID, MootBecause]
    kept: dict[UUID, KeptRate]


async def gather(unit: Unit, scope: StaffScope, task_ids: Collection[UUID]) -> dict[UUID, Gathered]:
    """Return what the pages show of the tasks that the caller may see; the others are absent."""
    heads = await read_heads(unit, scope, task_ids)
    if not heads:
        return {}
    ids, customers = list(heads), list({head.customer_id for head in heads.values()})
    facts, reasons = await read_task_facts(unit, ids), await read_reasons(unit, ids)
    contacts = await read_contacts(unit, customers)
    live = {one: [each for each in reasons.get(one, ()) if each.state == ReasonState.LIVE] for one in ids}
    speaking = [(facts[one], _speaker(facts[one], scope)) for one in ids if live[one]]
    books = _Books(
        heads=heads,
        facts=facts,
        reasons=reasons,
        customers=await open_customers(unit, customers),
        points=await contact_points_of(unit, customers),
        contacts=contacts,
        cards=await held_cards(unit, customers),
        staff=await open_staff(unit, _named(scope, facts.values(), reasons, contacts)),
        plans=await definitions(unit, [each.version_id for known in live.values() for each in known]),
        duties=await read_duties(unit, speaking),
        backgrounds=await read_backgrounds(unit, [one for one, head in heads.items() if head.origin != "plan"]),
        kept=await kept_rate(unit, customers),
        because=await moot_because(unit, [one for one, head in heads.items() if head.status is TaskStatus.MOOT]),
    )
    return {one: _gathered(books, one, live[one], scope) for one in ids}


def _gathered(books: _Books, task_id: UUID, live: list[ReasonFacts], scope: StaffScope) -> Gathered:
    head, facts = books.heads[task_id], books.facts[task_id]
    customer = books.customers[head.customer_id]
    return Gathered(
        head=head,
        facts=facts,
        reasons=books.reasons.get(task_id, ()),
        customer=customer,
        points=books.points.get(head.customer_id, ()),
        staff=books.staff,
        contacts=books.contacts.get(head.customer_id, ()),
        cards=books.cards.get(head.customer_id, ()),
        scripts=_scripts(books, facts, live, scope) if live else None,
        background=books.backgrounds.get(task_id, Background()),
        because=books.because.get(task_id),
        kept=books.kept.get(head.customer_id),
    )


def _scripts(books: _Books, facts: TaskFacts, live: list[ReasonFacts], scope: StaffScope) -> TaskScripts:
    speaker = _speaker(facts, scope)
    days = suggested(books.duties[facts.store_id, speaker], facts.today)
    return TaskScripts(facts, live, books.plans, books.customers[facts.customer_id], books.staff, speaker, days)


def _speaker(facts: TaskFacts, scope: StaffScope) -> UUID:
    return facts.assignee_id or scope.staff_id


def _named(
    scope: StaffScope,
    facts: Iterable[TaskFacts],
    reasons: Mapping[UUID, Sequence[ReasonFacts]],
    contacts: Mapping[UUID, Sequence[PastContact]],
) -> list[UUID]:
    """Everybody whose name a page or a script may say."""
    named = {each for one in facts for each in named_staff(one, reasons.get(one.task_id, ()))}
    spoke = {contact.staff_id for known in contacts.values() for contact in known}
    return [each for each in {scope.staff_id, *named, *spoke} if each]
