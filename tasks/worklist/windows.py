"""When customers may be contacted: the contact window of a store-local day (product.md: 09:30–20:30, weekend to 21:00)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

import msgspec

from tasks.kernel.zones import local_day, local_instant, zone_of

SATURDAY: Final = 5
DEFAULT: Final = tuple((time(9, 30), time(21) if weekday >= SATURDAY else time(20, 30)) for weekday in range(7))
"""Monday to Sunday."""


class ContactWindow(msgspec.Struct, frozen=True):
    """A merchant's contact window: first and last wall time per weekday (0 = Monday), in the store's zone."""

    days: Sequence[tuple[time, time]] = DEFAULT

    def opens(self, day: date, zone: str) -> datetime:
        """Return the instant the window opens on a local day."""
        return local_instant(day, self.days[day.weekday()][0], zone)

    def closes(self, day: date, zone: str) -> datetime:
        """Return the instant the window closes on a local day."""
        return local_instant(day, self.days[day.weekday()][1], zone)

    def holds(self, at: datetime, zone: str) -> bool:
        """Say whether a customer may be contacted at an instant."""
        wall = at.astimezone(zone_of(zone)).time()
        first, last = self.days[local_day(at, zone).weekday()]
        return first <= wall <= last


def contact_window(settings: Mapping[str, Any]) -> ContactWindow:
    """Return the merchant's window from its settings: `contactWindow`, seven pairs of `HH:MM`, Monday first; the default without one."""
    raw = settings.get("contactWindow")
    return (
        ContactWindow(tuple((time.fromisoformat(first), time.fromisoformat(last)) for first, last in raw))
        if raw
        else ContactWindow()
    )
