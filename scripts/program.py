"""What a script becomes: text, texts with blanks, and choices. Only the lines below interpret it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

Known = dict[str, str | int]
"""A value for every variable the script uses; "" when it is missing."""
Test = Callable[[Known], bool]

FILTERS: Final[Mapping[str, Callable[[str], str]]] = {
    "trim": str.strip,
    "upper": str.upper,
    "lower": str.lower,
    "capfirst": lambda text: text[:1].upper() + text[1:],
}
"""Filters a script may use: each maps one text to one text of about its length."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Text with blanks: a `%` format, and the values that go in."""

    pattern: str
    pick: Callable[[Known], Any]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """`if` / `elif` / `else`: the first arm whose test holds; no arm, no text."""

    arms: tuple[tuple[Test, "Block"], ...]


Block = tuple[str | Filled | Choice, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled script: its body, what it may read, what it always prints, and its filtered values."""

    body: Block
    uses: tuple[str, ...]
    needs: frozenset[str]
    derived: tuple[tuple[str, str, tuple[Callable[[str], str], ...]], ...]


def filled(pieces: list[str | tuple[str, str]]) -> str | Filled:
    """One step printing these pieces: texts, and (key, variable) pairs for the blanks."""
    blanks = [piece for piece in pieces if not isinstance(piece, str)]
    if not blanks:
        return "".join(piece for piece in pieces if isinstance(piece, str))
    pattern = "".join(piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in pieces)
    return Filled(pattern, itemgetter(*(key for key, _ in blanks)), frozenset(name for _, name in blanks))


def derive(program: Program, known: Known) -> None:
    """Add the filtered values to the known ones."""
    for key, name, filters in program.derived:
        text = str(known[name])
        for apply in filters:
            text = apply(text)
        known[key] = text


def run(block: Block, known: Known, out: list[str], absent: set[str]) -> set[str]:
    """Append the texts of a block to `out`; return the absent names it had to print, none when the text is whole."""
    holes: set[str] = set()
    for step in block:
        if isinstance(step, str):
            out.append(step)
        elif isinstance(step, Filled):
            out.append(step.pattern % step.pick(known))
            if absent:
                holes |= absent & step.names
        else:
            chosen = next((body for test, body in step.arms if test(known)), ())
            holes |= run(chosen, known, out, absent)
    return holes
