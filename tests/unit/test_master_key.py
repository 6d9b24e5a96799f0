"""The master key: given, or made once and kept; refused when neither is safe."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.master_key import FILE, load
from backend.settings import Settings, SettingsError

GIVEN = bytes(range(32))


def test_a_given_key_is_used_and_no_file_is_made(tmp_path: Path) -> None:
    assert load(Settings(master_key=GIVEN), tmp_path) == GIVEN
    assert list(tmp_path.iterdir()) == []


def test_a_deployment_with_a_database_of_its_own_must_give_a_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"HUIFANG_MASTER_KEY: needed when HUIFANG_DATABASE_URL is set"):
        load(Settings(database_url="postgresql://db/x"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_first_use_makes_a_private_file_and_the_next_use_reads_it(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    key = load(Settings(), home)
    assert len(key) == 32
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600
    assert load(Settings(), home) == key
    assert load(Settings(), tmp_path / "other") != key


def test_processes_that_race_end_with_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load(Settings(), tmp_path), range(32)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE], "nothing is left aside"


@pytest.mark.parametrize("content", [b"", b"not base64!", base64.b64encode(b"short")])
def test_a_damaged_file_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="restore it from the backup"):
        load(Settings(), tmp_path)
    assert path.read_bytes() == content


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load(Settings(), tmp_path)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load(Settings(), tmp_path)
