"""What crosses the edge at the front desk beside the bodies of the flow: a call that names its appointment in the path."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from tasks.callbacks.fields import HalfDay
from tasks.desk.inputs import AppointmentChange
from tasks.ledger.states import AppointmentStatus


class AppointmentChangeIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What becomes of an appointment: a new time, a new status, or both."""

    status: AppointmentStatus | None = None
    starts_at: datetime | None = None
    starts_on: date | None = None
    half_day: HalfDay | None = None

    def about(self, appointment_id: UUID) -> AppointmentChange:
        """Return the change as an action has it."""
        return AppointmentChange(appointment_id=appointment_id, **msgspec.structs.asdict(self))
