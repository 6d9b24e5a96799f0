"""X5: hostile templates never pass, never cost more than 50 ms or 5 MiB, and never reach Jinja's runtime."""

import time
import tracemalloc
from collections.abc import Callable

import pytest
from jinja2 import Environment

from scripts.builder import build
from scripts.faults import ScriptFault
from scripts.render import compile_script
from scripts.review import review
from tests.unit.scripts.hostile import hostile

MOST_SECONDS = 0.050
MOST_BYTES = 5 * 2**20


def refuse(source: str) -> ScriptFault:
    with pytest.raises(ScriptFault) as caught:
        compile_script(source)
    return caught.value


def seconds(source: str) -> float:
    """Processor time of the slower of compiling and reviewing, repeated only when a pause may have been measured."""

    def once(act: Callable[[], object]) -> float:
        start = time.process_time()
        act()
        return time.process_time() - start

    def best(act: Callable[[], object]) -> float:
        first = once(act)
        return first if first <= MOST_SECONDS else min(first, once(act), once(act))

    return max(best(lambda: refuse(source)), best(lambda: review(source, "zh-CN")))


def peak(source: str) -> int:
    tracemalloc.start()
    try:
        refuse(source)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_there_are_at_least_two_hundred() -> None:
    assert len(hostile()) >= 200


def test_each_is_refused_with_a_fact() -> None:
    for source in hostile():
        fault = refuse(source)
        assert fault.line >= 0
        assert len(fault.detail) <= 200
        assert any(hint.severity == "fault" for hint in review(source, "en"))


def test_each_is_refused_in_time() -> None:
    slow = {source[:60]: took for source in hostile() if (took := seconds(source)) > MOST_SECONDS}
    assert slow == {}


def test_each_is_refused_in_little_memory() -> None:
    fat = {source[:60]: bytes_ for source in hostile() if (bytes_ := peak(source)) > MOST_BYTES}
    assert fat == {}


@pytest.mark.parametrize(
    "source", ["{% for x in store %}a{% endfor %}", "{% set x = 1 %}", "{% include 'x' %}", "{{ store.x }}"]
)
def test_the_walk_refuses_by_itself_what_the_tokens_never_let_through(source: str) -> None:
    with pytest.raises(ScriptFault, match="forbidden"):
        build(Environment(autoescape=True).parse(source).body)


def test_jinja_never_compiles_or_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("Jinja's compiler or runtime was reached")

    for name in ("compile", "from_string", "_generate", "_compile", "handle_exception"):
        monkeypatch.setattr(Environment, name, forbidden)
    for source in hostile():
        refuse(source)
    assert compile_script.__wrapped__("{{ nickname }}好").render({"nickname": "王姐"}) == "王姐好"
