"""The contact window of the merchant whose unit it is."""

from tasks.kernel.unit import Unit
from tasks.worklist.windows import ContactWindow, contact_window


async def merchant_window(unit: Unit) -> ContactWindow:
    """Return when this merchant's customers may be contacted; the driver gives the settings decoded."""
    return contact_window(await unit.scalar("select settings from merchant where merchant_id = :merchant") or {})
