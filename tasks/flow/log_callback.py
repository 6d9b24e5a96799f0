"""Logging what came of a contact, and letting the rest of the flow see what it caused."""

from tasks.callbacks.facts import CallbackAnswer, CallbackFact
from tasks.callbacks.service import log
from tasks.callbacks.tables import Outcome
from tasks.flow.accept_events import open_complaints
from tasks.flow.outcome_recovery import recover
from tasks.flow.react import react
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

__all__ = ["CallbackAnswer", "CallbackFact", "Outcome", "log_callback"]


async def log_callback(unit: Unit, scope: StaffScope, fact: CallbackFact) -> CallbackAnswer:
    """Keep what the employee says for ever, let it move the task if the task can still move, and let plans and credit follow in the same transaction.

    A complaint stops marketing and gets a recovery, by a plan or else by a task of its own.
    """
    logged = await log(unit, scope, fact)
    happened, complaint = logged.caused.happened, logged.caused.complaint
    if happened:
        await open_complaints(unit, happened)
        await react(unit, happened)
    if complaint is not None:
        await recover(unit, complaint)
    return logged.answer
