"""What outcomes do to the customer: it holds whatever became of the task."""

from typing import cast

from tasks.callbacks.complaints import write_complaint
from tasks.callbacks.deeds import Caused, Complaint, Deed
from tasks.callbacks.fields import (
    BookedFields,
    ComplaintFields,
    RefusedContactFields,
    WillComeFields,
    WrongNumberFields,
)
from tasks.callbacks.numbers import number_meant
from tasks.callbacks.refusals import close_unreachable
from tasks.callbacks.repository import product_of
from tasks.kernel.unit import Unit
from tasks.ledger.bookings import Agreed, book
from tasks.ledger.states import Precision
from tasks.people.contact_state import mark_wrong_number, refuse
from tasks.promises.service import Promised, promise


async def record_booking(unit: Unit, deed: Deed) -> Caused:
    """The appointment stands in the books even when the task was closed meanwhile: she did agree."""
    fields = cast("BookedFields", deed.fields)
    booked = await book(
        unit,
        Agreed(
            customer_id=deed.task.customer_id,
            store_id=deed.task.store_id,
            timezone=deed.task.timezone,
            starts_at=fields.instant(deed.task.timezone),
            precision=Precision.EXACT if fields.starts_at else Precision.HALF_DAY,
            booked_at=deed.at,
            staff_id=fields.staff_id,
            product_id=await product_of(unit, fields),
        ),
    )
    made = {"appointmentId": booked.appointment_id} if booked.happened else {}
    return Caused(booked.happened, booked.appointment_id, made=made)


async def record_promise(unit: Unit, deed: Deed) -> Caused:
    """The promise is watched even when the task was closed meanwhile: she did say so."""
    fields = cast("WillComeFields", deed.fields)
    await promise(
        unit,
        Promised(
            customer_id=deed.task.customer_id,
            store_id=deed.task.store_id,
            staff_id=deed.task.assignee_id or deed.scope.staff_id,
            task_id=deed.task.id,
            callback_id=deed.callback_id,
            promised_on=fields.promised_on,
            half_day=fields.half_day.value if fields.half_day else None,
            made_at=deed.at,
        ),
    )
    return Caused()


async def record_wrong_number(unit: Unit, deed: Deed) -> Caused:
    """That number is invalid at once, for everybody; the customer is a wrong number when no other is left."""
    fields = cast("WrongNumberFields", deed.fields)
    number = await number_meant(unit, deed.task.customer_id, fields.contact_point_id)
    if number is None:
        return Caused()
    await mark_wrong_number(unit, deed.task.customer_id, number)
    return Caused(made={"contactPointId": number})


async def record_refusal(unit: Unit, deed: Deed) -> Caused:
    """Do-not-contact at once, and every task that has no way left to reach her closes, whichever store's it is."""
    scope = cast("RefusedContactFields", deed.fields).scope
    await refuse(unit, deed.task.customer_id, scope.value, staff_id=deed.scope.staff_id)
    await close_unreachable(unit, deed.task.customer_id, deed.scope.staff_id, keep=deed.task.id if deed.moves else None)
    return Caused()


async def record_complaint(unit: Unit, deed: Deed) -> Caused:
    """The complaint is an event of hers: marketing stops, and somebody who leads must see to it (tasks.flow.outcome_recovery)."""
    happened = await write_complaint(unit, deed, cast("ComplaintFields", deed.fields).category)
    complaint = Complaint(
        callback_id=deed.callback_id,
        event_id=happened.event_id,
        customer_id=deed.task.customer_id,
        store_id=deed.task.store_id,
        task_id=deed.task.id,
        staff_id=deed.scope.staff_id,
        words=deed.fact.note,
    )
    return Caused([happened], complaint=complaint, made={"eventId": happened.event_id})
