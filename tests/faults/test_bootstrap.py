"""Roles and their passwords on a server that asks for passwords, as an installed one does."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from backend import embedded
from backend.bootstrap import bootstrap
from backend.embedded.postgres import SUPERUSER, Postgres
from backend.settings import Settings, SettingsError

HBA = f"local all {SUPERUSER} trust\nlocal all all scram-sha-256\n"


@pytest.fixture
def strict() -> Iterator[Settings]:
    """Settings for a server where only the superuser gets in without a password."""
    folder = Path(tempfile.mkdtemp(prefix="huifang-test-"))
    with embedded.start(folder / "home") as handle:
        postgres = Postgres(handle.places)
        postgres.sql('CREATE DATABASE "strict"')
        (handle.places.data / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        postgres.sql("SELECT pg_reload_conf()")
        where = f"/strict?host={handle.places.sockets}"
        yield Settings(
            bootstrap_url=f"postgresql://{SUPERUSER}@{where}",
            migration_url=f"postgresql://huifang_owner:o%27wner%2F@{where}",
            database_url=f"postgresql://huifang_app:apple@{where}",
        )
    shutil.rmtree(folder)


async def test_the_roles_get_the_passwords_of_their_urls_again_and_again(strict: Settings) -> None:
    assert strict.database_url is not None
    assert strict.migration_url is not None
    for _ in range(2):
        assert await bootstrap(strict) == ["huifang_app", "huifang_owner"]
    for url, role in ((strict.database_url, "huifang_app"), (strict.migration_url, "huifang_owner")):
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT current_user::text") == role
        await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(strict.database_url.replace("apple", "pear"))


async def test_a_url_with_another_login_is_left_alone(strict: Settings) -> None:
    elsewhere = Settings(bootstrap_url=strict.bootstrap_url, database_url="postgresql://somebody:secret@db/x")
    assert await bootstrap(elsewhere) == []


async def test_without_a_superuser_nothing_is_tried() -> None:
    with pytest.raises(SettingsError, match="HUIFANG_BOOTSTRAP_URL"):
        await bootstrap(Settings())
