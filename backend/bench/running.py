"""Runs benchmarks one after the other."""

from collections.abc import Callable, Sequence
from time import perf_counter

from backend.bench.figures import Benchmark, Result, Scale, failed, judged, shown
from backend.bench.stage import open_stage
from backend.observability import logs

Say = Callable[[str], None]
"""Takes a line for whoever waits."""


async def run_all(wanted: Sequence[Benchmark], scale: Scale, say: Say) -> dict[str, Result]:
    """Measure each; one that fails has no value and costs the others nothing."""
    results: dict[str, Result] = {}
    for one in wanted:
        say(f"{one.name}: {one.what} …")
        started = perf_counter()
        try:
            async with open_stage(say) as stage:
                results[one.name] = judged(one.bar, await one.run(stage, scale))
        except Exception as fault:  # noqa: BLE001  # whatever it is, it is this benchmark's result
            logs.error("bench.measure.failed", fault, benchmark=one.name)
            results[one.name] = failed(one.bar, fault)
        say(f"{one.name}: {shown(results[one.name].value, one.bar)} ({perf_counter() - started:.0f} s)")
    return results


def all_met(results: dict[str, Result]) -> bool:
    """True when every bar was met."""
    return all(result.met for result in results.values())
