"""What the front desk writes, as kinds of actions: the shape of each and who does it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from tasks.desk.inputs import (
    AppointmentChange,
    ContactUndo,
    DeskAppointment,
    DeskArrival,
    DeskCardUse,
    DeskSale,
    DeskTopUp,
    DeskVoid,
    NewCustomer,
    SideContact,
)
from tasks.flow.front_desk_appointments import book_appointment, move_appointment
from tasks.flow.front_desk_arrivals import record_arrival
from tasks.flow.front_desk_cards import record_card_use, record_top_up
from tasks.flow.front_desk_sales import record_sale
from tasks.flow.front_desk_voids import void_entry
from tasks.flow.log_contact import log_contact
from tasks.flow.new_customer import make_customer
from tasks.flow.undo_contact import undo_contact
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

DESK_ACTS: Final[
    Mapping[str, tuple[type[msgspec.Struct], Callable[[Unit, StaffScope, Any, datetime], Awaitable[Any]]]]
] = {
    "arrival": (DeskArrival, record_arrival),
    "sale": (DeskSale, record_sale),
    "top_up": (DeskTopUp, record_top_up),
    "card_use": (DeskCardUse, record_card_use),
    "appointment": (DeskAppointment, book_appointment),
    "change_appointment": (AppointmentChange, move_appointment),
    "void_entry": (DeskVoid, void_entry),
    "create_customer": (NewCustomer, make_customer),
    "log_contact": (SideContact, log_contact),
    "undo_contact": (ContactUndo, undo_contact),
}
"""Kind → the shape of its body, and what does it as of an instant."""
