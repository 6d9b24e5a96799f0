"""What a benchmark is, what it measures, and what became of its bar."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Final

import msgspec

from backend.bench.stage import Stage

_WHOLE_FROM: Final = 100
"""Values from here on are shown without decimals."""


class Scale(StrEnum):
    """How much work a benchmark does."""

    SMALL = "small"
    """About a minute each, on two cores."""

    FULL = "full"
    """The size that quality.md names; may take many minutes."""


class Bar(msgspec.Struct, frozen=True):
    """The bound a figure has to keep, in its unit (`×` is a ratio to the floor)."""

    sign: str
    bound: float
    unit: str = "×"

    def __str__(self) -> str:
        """As tables and JSON show it."""
        return f"{self.sign} {self.bound:.0f}" if self.bound >= _WHOLE_FROM else f"{self.sign} {self.bound:.1f}"

    def met(self, value: float) -> bool:
        """True when the value keeps the bound."""
        return value <= self.bound if self.sign == "<=" else value >= self.bound


def at_most(bound: float, unit: str = "×") -> Bar:
    """Return a bar that smaller values meet."""
    return Bar("<=", bound, unit)


def at_least(bound: float, unit: str = "×") -> Bar:
    """Return a bar that greater values meet."""
    return Bar(">=", bound, unit)


class Measured(msgspec.Struct, frozen=True):
    """A figure, and what helps to understand it: sizes, seconds of work and floor, where the time went."""

    value: float
    detail: dict[str, Any]


Run = Callable[[Stage, Scale], Awaitable[Measured]]


class Benchmark(msgspec.Struct, frozen=True):
    """One figure.

    Attributes:
        name: as quality.md calls it.
        what: the work and what it is measured against, in a few words.
        bar: what it has to keep.
        run: measures it; raises when what it measured was not the work it claims.
    """

    name: str
    what: str
    bar: Bar
    run: Run


class Result(msgspec.Struct, frozen=True):
    """What became of a benchmark. No value: it failed, and `detail.error` says how."""

    value: float | None
    bar: str
    met: bool
    detail: dict[str, Any]


class NotTheWork(Exception):  # a fact: the figure would be of something else
    """The work did not do what the figure is about, so there is no figure."""


def judged(bar: Bar, measured: Measured) -> Result:
    """Return the result; the bar judges the value as it is shown."""
    value = round(measured.value, 0 if measured.value >= _WHOLE_FROM else 2)
    return Result(value, str(bar), bar.met(value), measured.detail)


def shown(value: float | None, bar: Bar) -> str:
    """Return a value with its unit."""
    return "failed" if value is None else f"{value:g} {bar.unit}"


def failed(bar: Bar, fault: Exception) -> Result:
    """Return the result of a benchmark that could not be measured."""
    said = str(fault).strip().split("\n", 1)[0]
    return Result(None, str(bar), met=False, detail={"error": f"{type(fault).__name__}: {said[:300]}"})
