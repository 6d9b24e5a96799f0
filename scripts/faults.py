"""What can be wrong with a script, as facts."""

from collections.abc import Iterable
from enum import StrEnum


class FaultCode(StrEnum):
    """Why a script was refused; stable, safe to store and to translate."""

    TOO_LONG = "too_long"
    "The source has more characters than a script may have."
    EMPTY = "empty"
    "Nothing would be said: no text at all."
    CONTROL_CHARACTER = "control_character"
    "An invisible or direction-changing character that a message must not carry."
    STRAY_BRACE = "stray_brace"
    "A brace that is not part of a blank or a tag."
    SYNTAX = "syntax"
    "A blank or a tag that is not closed or not understood."
    FORBIDDEN = "forbidden"
    "A construct that scripts do not have: calls, attributes, loops, comments, arithmetic."
    UNKNOWN_VARIABLE = "unknown_variable"
    "A blank that nobody can fill."
    UNKNOWN_FILTER = "unknown_filter"
    "A filter that scripts do not have."
    BAD_COMPARISON = "bad_comparison"
    "A comparison that is not between a variable and a constant of its own kind."
    TOO_DEEP = "too_deep"
    "Conditions nested deeper than anyone can read."
    TOO_MANY_NODES = "too_many_nodes"
    "More pieces than a script may have."
    OUTPUT_TOO_LONG = "output_too_long"
    "The filled-in text would be longer than a message may be."


class ScriptFault(Exception):
    """A script was refused: `code` says why, `line` (from 1; 0 when it is the whole) where, `detail` what was met."""

    def __init__(self, code: FaultCode, line: int, detail: str) -> None:
        super().__init__(f"{code} at line {line}: {detail}")
        self.code = code
        self.line = line
        self.detail = detail


class MissingValues(Exception):
    """A script was not rendered because these values are absent or blank; `names` is never empty."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        super().__init__(", ".join(sorted(self.names)))
