"""A customer came to the store."""

from datetime import datetime
from typing import Final

from tasks.desk.inputs import DeskArrival, DeskDone
from tasks.desk.places import customer_code, place_of, staff_codes
from tasks.desk.states import DeskKind
from tasks.flow.front_desk_books import keep_entry, ledger_id, record_one
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.ledger.appointment_changes import keep_appointment
from tasks.ledger.facts import lock_facts
from tasks.ledger.inputs import VisitIn

__all__ = ["record_arrival"]

_NAMES: Final = {"staff": "servedBy", "customer": "customerId"}
_BEFORE: Final = """
select said_at from visit where merchant_id = :merchant and customer_id = :customer and store_id = :store and visited_on = :day
"""


async def record_arrival(unit: Unit, scope: StaffScope, said: DeskArrival, at: datetime) -> DeskDone:
    """Record her visit of the store-local day, and keep the appointment she came for; a second arrival of the day is `known`.

    Plans, the moot guard and credit see it as a completed service. Raises `NotFound` for a customer or store of somebody else's, `Invalid` by field.
    """
    customer = await customer_code(unit, scope, said.customer_id)
    place = await place_of(unit, scope, said.store_id, said.at or at)
    staff = await staff_codes(unit, place, [said.served_by], "servedBy")
    served_by = staff[said.served_by] if said.served_by else None
    item = VisitIn(customer=customer, store=place.code, at=place.at, staff=served_by, service=said.service)
    key = (said.customer_id, place.store_id, local_day(place.at, place.timezone))
    await lock_facts(unit, [said.customer_id], recorded=[])
    before = await unit.row(_BEFORE, customer=key[0], store=key[1], day=key[2])
    # Before the flow reacts: who writes appointments locks them before the customer's contact state.
    await keep_appointment(unit, key, place.at)
    verdict = await record_one(unit, "visits", item, _NAMES)
    return await keep_entry(
        unit,
        (new_id(), DeskKind.ARRIVAL, said.customer_id),
        place,
        scope.staff_id,
        visit_id=ledger_id(verdict),
        made=before is None or before["said_at"] is None,
        known=before is not None,
    )
