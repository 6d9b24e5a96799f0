"""What crosses the edge for a merchant's own outcomes, reasons and categories."""

import msgspec

from tasks.callbacks.codes import OutcomeCodeRow
from tasks.callbacks.reasons import ReasonRow


class OutcomesOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of the merchant's own outcomes by code, those that are switched off too; the built-in ones are not among them."""

    items: list[OutcomeCodeRow]
    next_cursor: str | None = None


class ReasonsOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of the merchant's own reasons and categories by topic and code, those that are switched off too; the built-in ones are not among them."""

    items: list[ReasonRow]
    next_cursor: str | None = None
