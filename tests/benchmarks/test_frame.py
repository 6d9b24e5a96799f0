"""The frame of the benchmarks: which there are, what becomes of a bar, what is printed. The measurements themselves are `make bench`."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.bench import measures
from backend.bench.clocks import Rounds, Spent, shortened
from backend.bench.figures import Bar, Benchmark, Measured, NotTheWork, Scale, at_least, at_most
from backend.bench.registry import UnknownBenchmark, benchmarks, by_name, chosen
from backend.bench.running import all_met, run_all
from backend.bench.stage import Stage
from backend.bench.table import lines
from backend.cli import benching
from backend.cli.edge import WRONG_CALL, Refused
from tests.support.processes import environment, huifang

TWICE = at_most(2.0)


def trivial(name: str, value: float = 1.5, bar: Bar = TWICE) -> Benchmark:
    async def run(stage: Stage, scale: Scale) -> Measured:
        assert stage.folder.is_dir()
        return Measured(value, {"scale": scale, "work": [{"wall": 3.0}], "longest": {"insert into x": 2.0}})

    return Benchmark(name, "a figure that measures nothing", bar, run)


def broken(name: str) -> Benchmark:
    async def run(_stage: Stage, _scale: Scale) -> Measured:
        raise NotTheWork("7 of 8 rows\nand more")

    return Benchmark(name, "a figure that cannot be measured", at_most(2.0), run)


def silent(_line: str) -> None:
    pass


def test_every_file_of_measures_is_a_benchmark() -> None:
    files = [path for path in Path(measures.__path__[0]).glob("*.py") if path.stem != "__init__"]
    assert len(benchmarks()) == len(files)
    assert {"I1", "S1", "S9"} <= set(benchmarks())


def test_bars_are_those_of_the_specification() -> None:
    bars = {name: str(one.bar) for name, one in benchmarks().items()}
    assert bars | {"I1": ">= 20000", "S1": "<= 2.0", "S9": "<= 6.0"} == bars


def test_names_are_in_the_order_of_numbers_and_each_is_there_once() -> None:
    assert list(by_name(map(trivial, ("S10", "S9", "I1", "S1")))) == ["I1", "S1", "S9", "S10"]
    with pytest.raises(ValueError, match="S1"):
        by_name([trivial("S1"), trivial("S1")])


def test_chosen_are_all_or_those_named() -> None:
    known = by_name(map(trivial, ("S1", "S9")))
    assert [one.name for one in chosen([], known)] == ["S1", "S9"]
    assert [one.name for one in chosen(["s9", "S1", "S9"], known)] == ["S9", "S1"]
    with pytest.raises(UnknownBenchmark, match=r"S7, X; there are S1, S9"):
        chosen(["S1", "S7", "X"], known)


@pytest.mark.parametrize(
    ("bar", "value", "met"),
    [
        (at_most(2.0), 2.0, True),
        (at_most(2.0), 2.01, False),
        (at_least(20_000), 20_000, True),
        (at_least(20_000), 19_999, False),
    ],
)
def test_a_bar_is_met_or_not(bar: Bar, value: float, *, met: bool) -> None:
    assert bar.met(value) is met


async def test_the_bar_judges_what_is_shown() -> None:
    results = await run_all([trivial("S1", 2.004), trivial("S2", 2.006)], Scale.SMALL, silent)
    assert [(one.value, one.met) for one in results.values()] == [(2.0, True), (2.01, False)]


async def test_one_that_fails_costs_the_others_nothing() -> None:
    said: list[str] = []
    results = await run_all([broken("S1"), trivial("S2")], Scale.FULL, said.append)
    assert results["S1"].value is None
    assert not results["S1"].met
    assert results["S1"].detail == {"error": "NotTheWork: 7 of 8 rows"}
    assert results["S2"].detail["scale"] == Scale.FULL
    assert not all_met(results)
    assert [line.split(" (")[0] for line in said if " (" in line] == ["S1: failed", "S2: 1.5 ×"]


async def test_the_table_says_bars_and_where_the_time_went() -> None:
    known = by_name([trivial("S1"), trivial("S2", 31_000, at_least(20_000, "rows/s")), broken("S3")])
    table = list(lines(await run_all(list(known.values()), Scale.SMALL, silent), known))
    rows = {line[:2]: line.split() for line in table if line[:1] == "S"}
    assert rows["S1"][1:6] == ["1.5", "×", "<=", "2.0", "yes"]
    assert rows["S2"][1:6] == ["31000", "rows/s", ">=", "20000", "yes"]
    assert rows["S3"][1:5] == ["failed", "<=", "2.0", "NO"]
    assert any("insert into x 2.0" in line for line in table)


def use(monkeypatch: pytest.MonkeyPatch, *some: Benchmark) -> None:
    monkeypatch.setattr(benching, "benchmarks", lambda: by_name(some))


async def answer(capsys: pytest.CaptureFixture[str], names: list[str]) -> tuple[int, Any, str]:
    code = await benching.measure(names, "small", as_json=True)
    written = capsys.readouterr()
    return code, json.loads(written.out), written.err


async def test_json_has_value_bar_met_and_detail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, trivial("S1", 1.83), trivial("S9", 7, at_most(6.0)))
    code, said, table = await answer(capsys, [])
    assert code == 1
    assert list(said) == ["S1", "S9"]
    assert said["S1"].pop("detail")["work"] == [{"wall": 3.0}]
    assert said["S1"] == {"value": 1.83, "bar": "<= 2.0", "met": True}
    assert said["S9"]["met"] is False
    assert "S9  7 ×" in table


async def test_nothing_missed_is_exit_code_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, trivial("S1"), broken("S9"))
    assert (await answer(capsys, ["S1"]))[:1] == (0,)


@pytest.mark.parametrize(("names", "scale", "words"), [(["S2"], "small", "S2"), (["S1"], "huge", "small, full")])
async def test_a_wrong_call_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, names: list[str], scale: str, words: str
) -> None:
    use(monkeypatch, trivial("S1"))
    with pytest.raises(Refused, match=words) as refused:
        await benching.measure(names, scale, as_json=False)
    assert refused.value.code == WRONG_CALL


async def test_the_command_says_which_names_there_are() -> None:
    done = await huifang("bench", "S1", "NOPE", env=environment())
    assert (done.code, done.out) == (2, "")
    assert "NOPE" in done.err
    assert "S9" in done.err
    assert "Traceback" not in done.err


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    rounds = Rounds(
        work=[Spent(wall, 1.0, 1.0) for wall in (2.0, 9.0, 4.0)],
        floor=[Spent(wall, 0.5, 0.5) for wall in (1.0, 3.0, 1.0)],
        statements={"insert into a": 6.0},
    )
    assert (rounds.ratio, rounds.seconds) == (3.0, 4.0)
    assert rounds.detail()["cpuRatio"] == 2.0
    assert rounds.detail()["longest"] == {"insert into a": 2.0}


def test_a_statement_is_named_by_its_deed() -> None:
    assert shortened("insert  into task\n (id)") == "insert into task (id)"
    assert shortened("with want as (select c.no, c.consultant_id from chunk c) update chunk c set x = 1").endswith(
        "… update chunk"
    )
