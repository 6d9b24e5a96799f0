"""Every benchmark there is: each file in `measures/` has one, named `BENCHMARK`."""

import pkgutil
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from backend.bench import measures
from backend.bench.figures import Benchmark


class UnknownBenchmark(Exception):  # a fact for the person at the terminal
    """There is no benchmark of that name; the message lists those there are."""


def benchmarks() -> dict[str, Benchmark]:
    """Return every benchmark by name, in the order of quality.md. Raises `ValueError` when two share a name."""
    modules = [import_module(f"{measures.__name__}.{one.name}") for one in pkgutil.iter_modules(measures.__path__)]
    return by_name(module.BENCHMARK for module in modules)


def by_name(found: Iterable[Benchmark]) -> dict[str, Benchmark]:
    """Return benchmarks by name, letters first, then numbers as numbers. Raises `ValueError` when two share a name."""
    named: dict[str, Benchmark] = {}
    for one in found:
        if named.setdefault(one.name, one) is not one:
            raise ValueError(f"two benchmarks are called {one.name}")
    return {name: named[name] for name in sorted(named, key=_order)}


def _order(name: str) -> tuple[str, int]:
    letters, number = re.fullmatch(r"(\D*)(\d*).*", name, re.DOTALL).groups()  # type: ignore[union-attr]  # matches anything
    return letters, int(number or 0)


def chosen(names: Sequence[str], known: Mapping[str, Benchmark]) -> list[Benchmark]:
    """Return the named benchmarks, each once, in the order given; no names: all. Raises `UnknownBenchmark`."""
    spelt = {name.casefold(): one for name, one in known.items()}
    unknown = [name for name in names if name.casefold() not in spelt]
    if unknown:
        raise UnknownBenchmark(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
    return list({name.casefold(): spelt[name.casefold()] for name in names or known}.values())
