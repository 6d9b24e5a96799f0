"""What a script that is accepted may cost, however it is written and whatever fills it."""

import gc
import time
import tracemalloc

import pytest

from scripts.faults import ScriptFault
from scripts.render import compile_script

HEAVY = (
    "{{ nickname }}" * 285,
    "a{{ nickname|upper|lower|upper }}" * 79,
    "{% if nickname %}{{nickname}}{% endif %}" * 97,
    "{% if nickname and store and staff and level %}a{% endif %}" * 50,
    "{% if nickname %}" * 8 + "{{ nickname }}" * 200 + "{% endif %}" * 8,
)


@pytest.mark.parametrize("source", HEAVY)
@pytest.mark.parametrize("size", [1, 2_000])
def test_filling_in_is_bounded_too(source: str, size: int) -> None:
    values = dict.fromkeys(("nickname", "store", "staff", "level"), "🎂" * size)
    gc.collect()
    gc.disable()  # a collection of what other tests left is no cost of a script, nor are other threads
    tracemalloc.start()
    start = time.thread_time()
    try:
        script = compile_script.__wrapped__(source)
        script.render(values)
    except ScriptFault as fault:
        assert fault.code == "output_too_long"  # noqa: PT017 - either answer is right, its cost matters
    finally:
        spent = time.thread_time() - start
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        gc.enable()
    assert peak <= 5 * 2**20
    assert spent <= 0.2  # traced: about four times what it takes
