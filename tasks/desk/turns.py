"""Two who type in the same thing at once take turns."""

from typing import Final

from tasks.kernel.unit import Unit

_LOCK: Final = "select pg_advisory_xact_lock(:turn)"


async def take_turn(unit: Unit, kind: str, value: str) -> None:
    """Wait until nobody else holds this value, and hold it until the transaction ends. What the lock is called says nothing of the value."""
    await unit.run(_LOCK, turn=unit.vault.blind(f"turn:{kind}", value).int >> 65)
