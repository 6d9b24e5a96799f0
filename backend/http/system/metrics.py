"""How the house is, in the text format of Prometheus: gauges only, of all merchants together, without a name or an id of anybody."""

from collections.abc import Iterator, Sequence

from backend.observability.late import KINDS, LOOPS, House

Sample = tuple[str, str, float]
"""Label, its value, the figure."""


def exposition(house: House) -> str:
    """Return the document; every kind is there, also when it is nothing, so that an alarm can be written before it is needed."""
    late = [("kind", kind, float(house.late.get(kind, 0))) for kind in sorted({*KINDS, *house.late})]
    heard = [("loop", loop, ago) for loop in LOOPS if (ago := house.heard(loop)) is not None]
    workers = float(len({one.worker for one in house.pulses} - set(house.dead_workers())))
    families: Sequence[tuple[str, str, Sequence[Sample]]] = (
        ("huifang_late", "Things that are late, by kind.", late),
        ("huifang_loop_seconds", "Seconds since a worker ran the loop; absent when none did in a day.", heard),
        ("huifang_workers", "Workers that were heard and have not left.", [("", "", workers)]),
    )
    return "\n".join(line for family in families for line in _family(*family)) + "\n"


def _family(name: str, meaning: str, samples: Sequence[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
    for label, value, figure in samples:
        yield f'{name}{{{label}="{value}"}} {figure:g}' if label else f"{name} {figure:g}"
