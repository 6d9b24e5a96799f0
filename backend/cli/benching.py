"""Measures the named benchmarks and shows the table."""

from collections.abc import Sequence

from backend.bench.figures import Scale
from backend.bench.registry import UnknownBenchmark, benchmarks, chosen
from backend.bench.running import all_met, run_all
from backend.bench.table import lines
from backend.cli.edge import FAILED, WRONG_CALL, Refused, say, show


async def measure(names: Sequence[str], scale: str, *, as_json: bool) -> int:
    """Run them; 1 when a bar is missed. With JSON on standard output the table is on standard error. Raises `Refused`."""
    known = benchmarks()
    try:
        wanted, size = chosen(names, known), Scale(scale)
    except UnknownBenchmark as fault:
        raise Refused(str(fault), WRONG_CALL) from fault
    except ValueError as fault:
        raise Refused(f"--scale is one of {', '.join(Scale)}", WRONG_CALL) from fault
    results = await run_all(wanted, size, say)
    table = list(lines(results, known))
    if as_json:
        say("\n".join(table))
    show(results, table, as_json=as_json)
    return 0 if all_met(results) else FAILED
