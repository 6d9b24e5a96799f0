"""Which fields of an event type conditions and plans may ask for; pure.

Free words (text, reason) and the sender's own marks never become fields. Amounts of receipts, cards and deposits do not either: those are the ledger's,
whether an event came for them or not.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tasks.events.payloads import (
    TYPES,
    AppointmentBooked,
    AppointmentEnded,
    Changed,
    Complained,
    Noticed,
    Ordered,
    Payload,
    PointsChanged,
    ServiceCompleted,
    VoucherRedeemed,
)
from tasks.people.states import AttributeKind

_ASKED: Final[Mapping[type[Payload], tuple[str, ...]]] = {
    ServiceCompleted: ("service",),
    AppointmentBooked: ("service",),
    AppointmentEnded: ("service",),
    VoucherRedeemed: ("platform", "deal", "price_cents"),
    Complained: ("category", "stars"),
    PointsChanged: ("points", "balance", "expires_on"),
    Changed: ("before", "after"),
    Ordered: ("product", "quantity", "amount_cents"),
    Noticed: ("product", "channel"),
}


def _kind(annotation: Any) -> AttributeKind:
    said = str(annotation)
    return (
        AttributeKind.DAY
        if "date" in said
        else AttributeKind.NUMBER
        if "int" in said or "Decimal" in said
        else AttributeKind.TEXT
    )


READ: Final = {
    shape: tuple((one.encode_name, one.name) for one in msgspec.structs.fields(shape) if one.name in names)
    for shape, names in _ASKED.items()
}
"""Shape of a payload → its fields as JSON and Python name them."""
FIELDS: Final[Mapping[str, Mapping[str, AttributeKind]]] = {
    name: {one.encode_name: _kind(one.type) for one in msgspec.structs.fields(shape) if one.name in _ASKED[shape]}
    for name, shape in TYPES.items()
    if shape in _ASKED
}
"""Event type → field, as the payload's JSON names it → what its values are. A merchant's own events have the fields that were declared."""
