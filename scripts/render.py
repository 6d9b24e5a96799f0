"""Compiling a script once and filling it in many times, without Jinja's runtime."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol, TypeVar

from scripts.builder import build
from scripts.faults import FaultCode, MissingValues, ScriptFault
from scripts.grammar import parse
from scripts.program import Known, Program, derive, run
from scripts.variables import SENSITIVE, Value, Values

MAX_OUTPUT: Final = 2_000
"""Most characters of a filled-in text, and of one value."""
MAX_INTEGER: Final = 10**15
"""Integers of this size and beyond are no count of anything."""
CACHED: Final = 512
"""Compiled sources kept: the library several times over."""
BRACES: Final = str.maketrans("{}", "｛｝")


@dataclass(frozen=True, slots=True)
class Script:
    """A compiled script; immutable, safe to share and to keep for ever."""

    source: str
    program: Program

    @property
    def needs(self) -> frozenset[str]:
        """Variables printed on every way through the script: without one of them it is never rendered."""
        return self.program.needs

    @property
    def uses(self) -> frozenset[str]:
        """Every variable the script prints or tests."""
        return frozenset(self.program.uses)

    @property
    def sensitive(self) -> frozenset[str]:
        """The variables it uses that tell something about a customer's health."""
        return SENSITIVE.intersection(self.program.uses)

    def render(self, values: Values) -> str:
        """The filled-in text: 1 to 2,000 characters, stripped, without holes and without braces.

        Raises MissingValues when a value it has to print is absent or blank, or when nothing would be said at all;
        ScriptFault (output_too_long) when a value or the text is too long.
        """
        known: Known = {}
        absent: set[str] = set()
        for name in self.program.uses:
            value = known[name] = _plain(values.get(name), name)
            if value == "":
                absent.add(name)
        text = self._text(known, absent)
        if len(text) > MAX_OUTPUT:
            raise ScriptFault(FaultCode.OUTPUT_TOO_LONG, 0, f"{len(text)} > {MAX_OUTPUT}")
        return text.translate(BRACES) if "{" in text or "}" in text else text

    def _text(self, known: Known, absent: set[str]) -> str:
        if absent and not absent.isdisjoint(self.program.needs):
            raise MissingValues(absent & self.program.needs)
        if self.program.derived:
            derive(self.program, known)
        out: list[str] = []
        if holes := run(self.program.body, known, out, absent):
            raise MissingValues(holes)
        text = "".join(out).strip()
        if not text:
            raise MissingValues(absent or self.program.uses)
        return text


class Scripted(Protocol):
    """Anything that has a compiled script: a catalogue variant, or a merchant's own."""

    @property
    def script(self) -> Script:
        """The compiled script."""
        ...


S = TypeVar("S", bound=Scripted)


@lru_cache(maxsize=CACHED)
def compile_script(source: str) -> Script:
    """The script of a source, or ScriptFault: bounded in time and memory whatever the source is."""
    return Script(source, build(parse(source)))


def offered(variants: Iterable[S], values: Values) -> tuple[S, ...]:
    """The variants that can be said with these values, in the order given: each of them renders."""
    return tuple(variant for variant in variants if _renders(variant.script, values))


def _renders(script: Script, values: Values) -> bool:
    try:
        script.render(values)
    except (MissingValues, ScriptFault):
        return False
    return True


def _plain(value: Value, name: str) -> str | int:
    """The value without surrounding space; "" for a missing one; never long enough to hurt."""
    if value is None:
        return ""
    if isinstance(value, str):
        if len(value) > MAX_OUTPUT:
            raise ScriptFault(FaultCode.OUTPUT_TOO_LONG, 0, name)
        return value.strip()
    if not -MAX_INTEGER < value < MAX_INTEGER:
        raise ScriptFault(FaultCode.OUTPUT_TOO_LONG, 0, name)
    return int(value)
