"""A customer's card at the front desk: what the books say of her, her cards and appointments, and what was said before. Never her number."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.desk.card_page import (
    Head,
    Meeting,
    OpenTask,
    Promised,
    Spoken,
    read_appointments,
    read_head,
    read_promises,
    read_spoken,
    read_tasks,
    read_visits,
)
from tasks.desk.sight import seen_customer
from tasks.flow.find_customers import masked_phones
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
from tasks.people.states import ContactKind
from tasks.people.tag_rows import held_tags
from tasks.promises.service import kept_rate
from tasks.worklist.rows import nickname_of

__all__ = ["CustomerPage", "view_customer"]


class Shown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The shape of every part: camelCase outside."""


class CustomerFactsView(Shown, frozen=True):
    """What the ledger adds up to: money in 分, cash earned and card value consumed apart; days are store-local."""

    visit_count: int
    first_visit_on: date | None
    last_visit_on: date | None
    spend_cash_cents: int
    spend_card_cents: int
    purchase_count: int
    last_purchase_at: datetime | None
    points: int


class CustomerCardView(Shown, frozen=True):
    """An open card she holds."""

    id: UUID
    name: str
    kind: str
    balance_cents: int
    principal_cents: int
    gift_cents: int
    uses_left: int
    expires_on: date | None
    frozen: bool


class AppointmentView(Shown, frozen=True):
    """An appointment of hers."""

    id: UUID
    store_id: UUID
    store: str
    starts_on: date
    starts_at: datetime
    precision: str
    status: str
    service: str | None
    staff: str | None


class PastVisitView(Shown, frozen=True):
    """A visit of hers."""

    id: UUID
    store_id: UUID
    store: str
    visited_on: date
    service: str | None
    staff: str | None


class PastContactView(Shown, frozen=True):
    """A contact with her; `direction` inbound says that she sought us."""

    at: datetime
    channel: str
    direction: str
    reached: bool
    staff: str | None
    outcome: str | None
    note: str | None


class PromiseView(Shown, frozen=True):
    """A day she promised to come on."""

    promised_on: date
    half_day: str | None
    state: str
    staff: str | None


class FollowedUpView(Shown, frozen=True):
    """A live task of hers; `mine` says that it is the caller's."""

    task_id: UUID
    status: str
    assignee: str | None
    mine: bool


class CustomerPage(Shown, frozen=True):
    """Everything about a customer. `notes` are the do-not-say notes, the `no` flags her refusals, `askForNumber` that no number of hers is right.

    `promisesKept` of `promisesSettled` days that she promised she came.
    """

    id: UUID
    name: str | None
    nickname: str | None
    remark_name: str | None
    gender: str | None
    level: str | None
    tags: Sequence[str]
    source: str | None
    home_store_id: UUID | None
    customer_since_on: date | None
    birthday_on: date | None
    birthday_kind: str
    anonymous: bool
    notes: str | None
    phones: Sequence[str]
    has_wechat: bool
    no_phone: bool
    no_wechat: bool
    no_contact: bool
    ask_for_number: bool
    complaint_open: bool
    consultant: str | None
    technician: str | None
    facts: CustomerFactsView
    cards: Sequence[CustomerCardView]
    appointments: Sequence[AppointmentView]
    visits: Sequence[PastVisitView]
    contacts: Sequence[PastContactView]
    promises: Sequence[PromiseView]
    promises_kept: int
    promises_settled: int
    tasks: Sequence[FollowedUpView]


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    head: Head
    person: CustomerPerson
    points: Sequence[ContactPointView]
    cards: Sequence[Holding]
    appointments: Sequence[Meeting]
    visits: Sequence[Meeting]
    contacts: Sequence[Spoken]
    promises: Sequence[Promised]
    kept: tuple[int, int]
    tags: Sequence[str]
    tasks: Sequence[OpenTask]
    staff: dict[UUID, StaffPerson]


async def view_customer(unit: Unit, scope: StaffScope, customer_id: UUID, locale: Locale) -> CustomerPage:
    """Return the card of a customer of the own stores; raises `NotFound` for any other."""
    await seen_customer(unit, scope, customer_id)
    head = await read_head(unit, customer_id)
    appointments, visits = await read_appointments(unit, customer_id), await read_visits(unit, customer_id)
    contacts, promises = await read_spoken(unit, customer_id), await read_promises(unit, customer_id)
    tasks = await read_tasks(unit, scope, customer_id)
    rate = (await kept_rate(unit, [customer_id])).get(customer_id)
    named = [head.consultant_id, head.technician_id, *(task.assignee_id for task in tasks)]
    named += [one.staff_id for some in (appointments, visits, contacts, promises) for one in some]
    read = _Read(
        head=head,
        person=(await open_customers(unit, [customer_id]))[customer_id],
        points=await contact_points(unit, customer_id),
        cards=(await held_cards(unit, [customer_id])).get(customer_id, []),
        appointments=appointments,
        visits=visits,
        contacts=contacts,
        promises=promises,
        kept=(rate.kept, rate.settled) if rate else (0, 0),
        tags=[tag.name for tag in await held_tags(unit, customer_id)],
        tasks=tasks,
        staff=await open_staff(unit, sorted({one for one in named if one is not None})),
    )
    return _page(read, scope, locale)


def _page(read: _Read, scope: StaffScope, locale: Locale) -> CustomerPage:
    head, person = read.head, read.person
    return CustomerPage(
        **{name: getattr(head, name) for name in _FROM_HEAD},
        **{name: getattr(person, name) for name in _FROM_PERSON},
        nickname=nickname_of(person, locale),
        tags=read.tags,
        phones=masked_phones(read.points),
        has_wechat=any(one.valid and one.kind in {ContactKind.WECHAT, ContactKind.WECOM} for one in read.points),
        ask_for_number=head.wrong_number,
        consultant=_name(read, head.consultant_id),
        technician=_name(read, head.technician_id),
        facts=CustomerFactsView(**{name: getattr(head, name) for name in CustomerFactsView.__struct_fields__}),
        cards=[CustomerCardView(**msgspec.structs.asdict(card)) for card in read.cards],
        appointments=[_appointment(read, one) for one in read.appointments],
        visits=[_visit(read, one) for one in read.visits],
        contacts=[_contact(read, one) for one in read.contacts],
        promises=[_promise(read, one) for one in read.promises],
        promises_kept=read.kept[0],
        promises_settled=read.kept[1],
        tasks=[_task(read, one, scope) for one in read.tasks],
    )


_FROM_HEAD = (
    "source", "customer_since_on", "birthday_on", "birthday_kind", "no_phone", "no_wechat", "no_contact", "complaint_open",
)  # fmt: skip
_FROM_PERSON = ("id", "name", "remark_name", "gender", "level", "home_store_id", "anonymous", "notes")


def _name(read: _Read, staff_id: UUID | None) -> str | None:
    person = read.staff.get(staff_id) if staff_id else None
    return person.name if person else None


def _appointment(read: _Read, one: Meeting) -> AppointmentView:
    return AppointmentView(
        id=one.id,
        store_id=one.store_id,
        store=one.store,
        starts_on=one.day_on,
        starts_at=one.at,
        precision=one.precision or "",
        status=one.status or "",
        service=one.service,
        staff=_name(read, one.staff_id),
    )


def _visit(read: _Read, one: Meeting) -> PastVisitView:
    return PastVisitView(
        id=one.id,
        store_id=one.store_id,
        store=one.store,
        visited_on=one.day_on,
        service=one.service,
        staff=_name(read, one.staff_id),
    )


def _contact(read: _Read, one: Spoken) -> PastContactView:
    return PastContactView(
        at=one.at,
        channel=one.channel,
        direction=one.direction,
        reached=one.reached,
        staff=_name(read, one.staff_id),
        outcome=one.outcome,
        note=one.note,
    )


def _promise(read: _Read, one: Promised) -> PromiseView:
    return PromiseView(
        promised_on=one.promised_on, half_day=one.half_day, state=one.state, staff=_name(read, one.staff_id)
    )


def _task(read: _Read, one: OpenTask, scope: StaffScope) -> FollowedUpView:
    assignee = _name(read, one.assignee_id)
    return FollowedUpView(task_id=one.id, status=one.status, assignee=assignee, mine=one.assignee_id == scope.staff_id)
