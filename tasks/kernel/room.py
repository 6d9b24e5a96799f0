"""Room for statements about everybody."""

from typing import Final

from tasks.kernel.unit import Unit

_ROOMY: Final = ("set local work_mem = '192MB'", "set local jit = off")


async def make_room(unit: Unit) -> None:
    """Let sorts and hashes of this transaction use up to 192 MB each; compiling a statement that runs once would cost more than it saves."""
    for statement in _ROOMY:
        await unit.run(statement)
