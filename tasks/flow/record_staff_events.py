"""What an employee sees a customer do that no till records: 试了没买, 拿了小样, 问了, 投诉. The same inbox as everybody's, with our own source."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from tasks.desk.places import Place, customer_code, place_of
from tasks.desk.sight import seen_customer
from tasks.flow.accept_events import accept_events
from tasks.flow.answer_complaint import Heard, answer_complaint
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import Taken
from tasks.people.persons import open_staff
from tasks.worklist.states import TaskCause

SOURCE: Final = "huifang:staff"
"""The source of events that employees record."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class StaffEvent(StrEnum):
    """What an employee may record (engine.md, "Event types"); what money or appointments tell comes through the front desk."""

    TRIED_NOT_BOUGHT = "tried_not_bought"
    """试了没买: `product` is what she tried."""
    SAMPLE_TAKEN = "sample_taken"
    """拿了小样: `product` is what she took."""
    CONSULTED = "consulted"
    """咨询: she asked about `product`."""
    COMPLAINT = "complaint"
    """投诉: marketing stops, and who leads the store hears of it."""
    BAD_REVIEW = "bad_review"
    """差评: the same, found on a platform."""
    VOUCHER_REDEEMED = "voucher_redeemed"
    """核销: a voucher of a `platform` was used; `deal` names it."""
    WECOM_FRIEND_ADDED = "wecom_friend_added"
    """加了企业微信."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who did what, in which store and when (absent: now). Which of the other fields belong to it the type says; `text` and `category` are kept sealed."""

    customer_id: UUID
    type: StaffEvent
    store_id: UUID | None = None
    at: datetime | None = None
    product: Name | None = None
    channel: Name | None = None
    text: Words | None = None
    category: Name | None = None
    stars: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    platform: Name | None = None
    deal: Name | None = None
    price_cents: Annotated[int, msgspec.Meta(ge=0, le=10**9)] | None = None


class EventKept(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The event, and the task that a leader got of a complaint when no plan had made one."""

    event_id: UUID
    task_id: UUID | None = None


_DATA: Final = {
    "product": "product",
    "channel": "channel",
    "text": "text",
    "category": "category",
    "stars": "stars",
    "platform": "platform",
    "deal": "deal",
    "price_cents": "priceCents",
}
_CAUSES: Final = {StaffEvent.COMPLAINT: TaskCause.COMPLAINT, StaffEvent.BAD_REVIEW: TaskCause.BAD_REVIEW}


async def record_staff_event(unit: Unit, scope: StaffScope, said: Seen, at: datetime) -> EventKept:
    """Accept the event of a customer one sees; plans, the moot guard and protections see it in the same transaction.

    Raises `NotFound` for a customer or store of somebody else's, `Invalid` naming the field that does not belong to the type or is missing.
    """
    customer = await seen_customer(unit, scope, said.customer_id)
    home = customer.home_store_id if customer.home_store_id in scope.store_ids else None
    place = await place_of(unit, scope, said.store_id or home, said.at or at)
    event = await _cloud_event(unit, scope, said, place)
    (verdict,) = await accept_events(unit, [event])
    if verdict.status is Taken.REJECTED or verdict.id is None:
        raise Invalid((verdict.field or "type").removeprefix("data."), verdict.detail or "is no known event type")
    cause = _CAUSES.get(said.type)
    if cause is None:
        return EventKept(event_id=verdict.id)
    heard = Heard(verdict.id, said.customer_id, place.store_id, cause, scope.staff_id, said.text)
    return EventKept(event_id=verdict.id, task_id=await answer_complaint(unit, heard))


async def _cloud_event(unit: Unit, scope: StaffScope, said: Seen, place: Place) -> dict[str, Any]:
    me = (await open_staff(unit, [scope.staff_id]))[scope.staff_id].external_id
    fields = {json: getattr(said, name) for name, json in _DATA.items()}
    people = {"customer": await customer_code(unit, scope, said.customer_id), "store": place.code, "staff": me}
    return {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": SOURCE,
        "type": said.type.value,
        "time": place.at.isoformat(),
        "data": {name: value for name, value in {**people, **fields}.items() if value is not None},
    }
