from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backend.imports.runs import Run, Runs, mark_of

KEYS = st.lists(st.sampled_from("abcdefgh"), max_size=60)


def scattered(keys: list[str]) -> frozenset[int]:
    starts = [key for key, before in zip(keys, [None, *keys], strict=False) if key != before]
    return frozenset(mark_of(key) for key in starts if starts.count(key) > 1)


def cut(keys: list[str], ends: list[int]) -> list[Run]:
    runs, found = Runs(scattered(keys)), []
    for start, end in pairwise([0, *sorted(min(end, len(keys)) for end in ends), len(keys)]):
        rows = [(at, [keys[at]]) for at in range(start, end)]
        found += runs.add(keys[start:end], rows, [f"said {at}" for at in range(start, end)])
    return [*found, *runs.rest()]


@given(KEYS, st.lists(st.integers(0, 60), max_size=8))
def test_however_rows_come_each_key_is_one_run_of_all_its_rows_in_order(keys: list[str], ends: list[int]) -> None:
    runs = cut(keys, ends)
    assert sorted(key for key, _, _ in runs) == sorted(set(keys))
    for key, rows, pieces in runs:
        places = [at for at, one in enumerate(keys) if one == key]
        assert [number for number, _ in rows] == places
        assert pieces == [f"said {at}" for at in places]


@given(KEYS)
def test_keys_that_stand_together_come_in_the_order_of_the_file(keys: list[str]) -> None:
    together = sorted(keys)
    assert [key for key, _, _ in cut(together, [7, 20, 21])] == sorted(set(keys))


def test_a_run_longer_than_any_block_stays_one() -> None:
    runs = Runs(frozenset())
    for at in range(2_000):
        assert runs.add(["R1"], [(at, [])], [at]) == []
    [(key, rows, pieces)] = list(runs.rest())
    assert (key, len(rows), pieces) == ("R1", 2_000, list(range(2_000)))
