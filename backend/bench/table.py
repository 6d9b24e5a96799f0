"""Results as a person reads them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from backend.bench.figures import Benchmark, Result, shown

_HEAD: Final = ("", "value", "bar", "met", "what")
_FEW: Final = 7


def lines(results: Mapping[str, Result], known: Mapping[str, Benchmark]) -> Iterator[str]:
    """Yield the table, and under each row where its time went."""
    rows = [_HEAD, *(_row(name, result, known[name]) for name, result in results.items())]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD) - 1)]
    yield _line(_HEAD, widths)
    for row, result in zip(rows[1:], results.values(), strict=True):
        yield _line(row, widths)
        yield from (f"      {name}: {said}" for name, said in _details(result.detail))


def _row(name: str, result: Result, benchmark: Benchmark) -> tuple[str, ...]:
    return name, shown(result.value, benchmark.bar), result.bar, "yes" if result.met else "NO", benchmark.what


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()


def _details(detail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what can be said in a line; what has many parts gets a line each."""
    for name, said in detail.items():
        if isinstance(said, Mapping) and len(said) > _FEW:
            yield from ((name, f"{one}  {key}") for key, one in said.items())
        elif isinstance(said, Mapping):
            yield name, _parts(said)
        elif isinstance(said, list):
            yield name, " | ".join(_parts(one) if isinstance(one, Mapping) else str(one) for one in said)
        else:
            yield name, str(said)


def _parts(said: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {one}" for key, one in said.items())
