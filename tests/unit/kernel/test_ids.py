import threading
from itertools import pairwise
from uuid import RFC_4122, UUID

from tasks.kernel.ids import new_id, new_ids


def test_ids_ascend_however_they_are_taken() -> None:
    ids = [new_id(), *new_ids(1_000), new_id(), new_id(), *new_ids(1), *new_ids(5), new_id()]
    assert all(one < following for one, following in pairwise(ids))


def test_ids_are_of_version_seven() -> None:
    assert {(one.version, one.variant) for one in (new_id(), *new_ids(100))} == {(7, RFC_4122)}
    assert new_ids(0) == []


def test_no_two_threads_get_the_same() -> None:
    found: list[list[UUID]] = []
    threads = [threading.Thread(target=lambda: found.extend(new_ids(50) for _ in range(100))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one for ids in found for one in ids}) == 8 * 100 * 50
