"""She rang us, or we met: a contact without a task, and what follows from it for the customer.

It stands between us and her like any other contact (gap, caps, a refusal); it neither earns credit nor takes it from the task whose contact was the last:
credit goes to contacts that a task asked for.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from tasks.callbacks.codes import behaves_as
from tasks.callbacks.fields import (
    BookedFields,
    CallbackRequestedFields,
    ComplaintFields,
    Fields,
    InterestedLaterFields,
    NoFields,
    RefusedContactFields,
    WillComeFields,
    parse,
)
from tasks.callbacks.meanings import MEANINGS
from tasks.callbacks.outcomes import OUTCOMES
from tasks.callbacks.reasons import check_reason
from tasks.callbacks.refusals import close_unreachable
from tasks.callbacks.repository import product_of
from tasks.callbacks.tables import Outcome
from tasks.desk.contacts import NewContact, insert_contact, note_made
from tasks.desk.inputs import SideContact
from tasks.desk.places import Place, customer_code, place_of
from tasks.flow.accept_events import accept_events
from tasks.flow.answer_complaint import Heard, answer_complaint
from tasks.flow.react import react
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_start, local_day
from tasks.ledger.bookings import Agreed, book
from tasks.ledger.facts import lock_facts
from tasks.ledger.states import Precision
from tasks.people.calendar import NeverOpens, add_open_days, load_calendars
from tasks.people.contact_state import lock_contact_state, refuse
from tasks.plans.due import follow_appointments
from tasks.promises.service import Promised, promise
from tasks.worklist.feed import feed
from tasks.worklist.making import MAX_WORDS, Wanted, make_task
from tasks.worklist.states import Origin, TaskCause

__all__ = ["OUTCOMES_WITHOUT_TASK", "ContactKept", "log_contact"]

SOURCE: Final = "huifang:staff"
"""The source of events that employees record."""
_OPEN_DAYS: Final = 7
_AHEAD: Final = 120


class ContactKept(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The contact, and the appointment or task that came of it."""

    contact_id: UUID
    appointment_id: UUID | None = None
    task_id: UUID | None = None


@dataclass(frozen=True)
class _Said:
    contact_id: UUID
    scope: StaffScope
    place: Place
    about: SideContact
    fields: Fields

    @property
    def words(self) -> str | None:
        return self.about.note[:MAX_WORDS] if self.about.note else None


Effect = Callable[[Unit, _Said], Awaitable[tuple[UUID | None, UUID | None]]]
"""Does what an outcome does to the customer, and returns the appointment and the task that came of it."""


async def log_contact(unit: Unit, scope: StaffScope, said: SideContact, at: datetime) -> ContactKept:
    """Keep the contact for ever and let what was agreed follow: an appointment, a promise, a refusal, a complaint, a task of one's own.

    Raises `NotFound` for a customer or store of somebody else's, `Invalid` by field, also for an outcome that only a task can have.
    """
    await customer_code(unit, scope, said.customer_id)
    place = await place_of(unit, scope, said.store_id, said.at or at)
    outcome, fields, effect = await _outcome(unit, said, place)
    # In the order in which everybody locks them who records something of her.
    await lock_facts(unit, [said.customer_id], recorded=[])
    await lock_contact_state(unit, [said.customer_id])
    about = _Said(new_id(), scope, place, said, fields)
    plain: Mapping[str, Any] = msgspec.to_builtins(fields)
    await insert_contact(
        unit,
        NewContact(
            id=about.contact_id,
            customer_id=said.customer_id,
            store_id=place.store_id,
            staff_id=scope.staff_id,
            channel=said.channel.value,
            direction=said.direction,
            reached=outcome is None or MEANINGS[outcome].reached,
            at=place.at,
            timezone=place.timezone,
            outcome=said.outcome,
            behaviour=outcome.value if outcome else None,
            fields={name: value for name, value in plain.items() if value is not None},
            note=said.note,
        ),
    )
    appointment_id, task_id = await effect(unit, about)
    await note_made(unit, about.contact_id, appointment_id, task_id)
    feed(unit).customers_changed([said.customer_id])  # her tasks show the contact, and what she refused
    return ContactKept(contact_id=about.contact_id, appointment_id=appointment_id, task_id=task_id)


async def _outcome(unit: Unit, said: SideContact, place: Place) -> tuple[Outcome | None, Fields, Effect]:
    """Return what the outcome behaves as, its typed fields, and what follows. Raises `Invalid`."""
    if said.outcome is None:
        if said.fields:
            raise Invalid("fields", "belongs to an outcome")
        return None, NoFields(), _nothing
    outcome, _own = await behaves_as(unit, said.outcome)
    effect = _EFFECTS.get(outcome)
    if effect is None:
        raise Invalid("outcome", "is an outcome of tasks only")
    behaviour = OUTCOMES[outcome]
    if behaviour.channels and said.channel not in behaviour.channels:
        raise Invalid("channel", "does not go with this outcome")
    fields = parse(behaviour.fields, said.fields)
    fields.check(place.at, place.timezone)
    if behaviour.topic is not None:
        await check_reason(unit, behaviour.topic, fields)
    return outcome, fields, effect


async def _nothing(_unit: Unit, _said: _Said) -> tuple[None, None]:
    return None, None


async def _booked(unit: Unit, said: _Said) -> tuple[UUID | None, None]:
    fields, place = cast("BookedFields", said.fields), said.place
    booked = await book(
        unit,
        Agreed(
            customer_id=said.about.customer_id,
            store_id=place.store_id,
            timezone=place.timezone,
            starts_at=fields.instant(place.timezone),
            precision=Precision.EXACT if fields.starts_at else Precision.HALF_DAY,
            booked_at=place.at,
            staff_id=fields.staff_id,
            product_id=await product_of(unit, fields),
        ),
    )
    await react(unit, booked.happened)
    await follow_appointments(unit, [booked.appointment_id])
    return booked.appointment_id, None


async def _promised(unit: Unit, said: _Said) -> tuple[None, None]:
    fields = cast("WillComeFields", said.fields)
    await promise(
        unit,
        Promised(
            customer_id=said.about.customer_id,
            store_id=said.place.store_id,
            staff_id=said.scope.staff_id,
            promised_on=fields.promised_on,
            made_at=said.place.at,
            half_day=fields.half_day.value if fields.half_day else None,
        ),
    )
    return None, None


async def _refused(unit: Unit, said: _Said) -> tuple[None, None]:
    refused = cast("RefusedContactFields", said.fields).scope
    await refuse(unit, said.about.customer_id, refused.value, staff_id=said.scope.staff_id, source="front_desk")
    await close_unreachable(unit, said.about.customer_id, said.scope.staff_id, keep=None)
    return None, None


async def _call_back(unit: Unit, said: _Said) -> tuple[None, UUID]:
    return None, await _own_task(unit, said, cast("CallbackRequestedFields", said.fields).callback_at)


async def _later(unit: Unit, said: _Said) -> tuple[None, UUID]:
    return None, await _own_task(unit, said, cast("InterestedLaterFields", said.fields).contact_at)


async def _own_task(unit: Unit, said: _Said, opens_at: datetime) -> UUID:
    """Make a follow-up of the employee's own for that time; it is late at the end of that day and over seven open days after it."""
    day = local_day(opens_at, said.place.timezone)
    return await make_task(
        unit,
        Wanted(
            store_id=said.place.store_id,
            customer_id=said.about.customer_id,
            origin=Origin.OWN,
            cause=TaskCause.OWN,
            assignee_id=said.scope.staff_id,
            opens_at=opens_at,
            due_at=day_start(day + timedelta(days=1), said.place.timezone),
            expires_at=await _end(unit, said.place, opens_at),
            words=said.words,
            made_by=said.scope.staff_id,
        ),
    )


async def _end(unit: Unit, place: Place, opens_at: datetime) -> datetime:
    day = local_day(opens_at, place.timezone)
    calendar = (await load_calendars(unit, [place.store_id], day, _AHEAD))[place.store_id]
    try:
        last = add_open_days(calendar, day, _OPEN_DAYS)
    except NeverOpens:
        last = day + timedelta(days=_OPEN_DAYS)
    return day_start(last + timedelta(days=1), place.timezone)


async def _complained(unit: Unit, said: _Said) -> tuple[None, UUID | None]:
    """The complaint is an event, so that marketing stops and plans see it; a leader gets a task, unless a plan has made one for it."""
    event = {
        "specversion": "1.0",
        "id": str(said.contact_id),
        "source": SOURCE,
        "type": "complaint",
        "time": said.place.at.isoformat(),
        "data": {
            "customer": await customer_code(unit, said.scope, said.about.customer_id),
            "store": said.place.code,
            "category": cast("ComplaintFields", said.fields).category,
        },
    }
    (verdict,) = await accept_events(unit, [event])
    assert verdict.id is not None  # noqa: S101  # customer, store and category were checked, so it is taken
    heard = Heard(
        event_id=verdict.id,
        customer_id=said.about.customer_id,
        store_id=said.place.store_id,
        cause=TaskCause.COMPLAINT,
        staff_id=said.scope.staff_id,
        words=said.words,
    )
    return None, await answer_complaint(unit, heard)


_EFFECTS: Final[dict[Outcome, Effect]] = {
    Outcome.BOOKED: _booked,
    Outcome.WILL_COME: _promised,
    Outcome.INTERESTED_LATER: _later,
    Outcome.CALLBACK_REQUESTED: _call_back,
    Outcome.MESSAGE_SENT: _nothing,
    Outcome.NOT_INTERESTED: _nothing,
    Outcome.REFUSED_CONTACT: _refused,
    Outcome.COMPLAINT: _complained,
}
OUTCOMES_WITHOUT_TASK: Final = tuple(outcome.value for outcome in _EFFECTS)
"""The outcomes that a contact without a task can have."""
