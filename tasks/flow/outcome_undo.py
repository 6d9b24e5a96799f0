"""Undoing a mistaken refusal, from outside."""

from tasks.callbacks.facts import UndoAnswer, UndoFact
from tasks.callbacks.faults import CallbackVoid, CorrectionTooLate, NotUndoable
from tasks.callbacks.undo import undo
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

__all__ = ["CallbackVoid", "CorrectionTooLate", "NotUndoable", "UndoAnswer", "UndoFact", "undo_callback"]


async def undo_callback(unit: Unit, scope: StaffScope, fact: UndoFact) -> UndoAnswer:
    """Take a mistaken refusal back: its author for ten minutes, who leads at any time. Her live tasks show it on every phone."""
    return await undo(unit, scope, fact)
