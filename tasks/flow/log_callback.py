"""Logging what came of a contact, and letting the rest of the flow see what it caused."""

from tasks.callbacks.facts import CallbackAnswer, CallbackFact
from tasks.callbacks.service import log
from tasks.callbacks.tables import Outcome
from tasks.flow.react import react
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

__all__ = ["CallbackAnswer", "CallbackFact", "Outcome", "log_callback"]


async def log_callback(unit: Unit, scope: StaffScope, fact: CallbackFact) -> CallbackAnswer:
    """Keep what the employee says for ever, let it move the task if the task can still move, and let plans and credit follow in the same transaction."""
    logged = await log(unit, scope, fact)
    if logged.happened:
        await react(unit, logged.happened)
    return logged.answer
