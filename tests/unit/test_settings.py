"""Settings: complete, checked, named in every error, silent about secrets and described in docs/settings.md."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from backend.settings import READERS, Environment, LogLevel, Settings, SettingsError, variable

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
URLS = {
    "HUIFANG_DATABASE_URL": "postgresql://app:pw@db/huifang",
    "HUIFANG_REDIS_URL": "redis://bell:6379/0",
}


def test_an_empty_environment_is_a_desk_with_private_servers() -> None:
    settings = Settings.from_env({"HUIFANG_PORT": " "})
    assert settings == Settings()
    assert (settings.home, settings.port, settings.env) == (Path(".huifang"), 8460, Environment.DEVELOPMENT)
    assert settings.embedded_database
    assert settings.embedded_redis
    assert settings.migration_url is None


def test_every_variable_arrives_in_its_field(tmp_path: Path) -> None:
    account = tmp_path / "service-account.json"
    account.touch()
    settings = Settings.from_env(
        {
            **URLS,
            "HUIFANG_HOME": str(tmp_path),
            "HUIFANG_MIGRATION_URL": "postgres://owner@db/huifang",
            "HUIFANG_BOOTSTRAP_URL": "postgresql://postgres@db/huifang",
            "HUIFANG_MASTER_KEY": base64.b64encode(KEY).decode(),
            "HUIFANG_NOW": "2026-03-01T09:00:00+08:00",
            "HUIFANG_ENV": "development",
            "HUIFANG_HOST": "0.0.0.0",  # noqa: S104  # only read, nothing listens
            "HUIFANG_PORT": "9000",
            "HUIFANG_WORKERS": "2",
            "HUIFANG_JOB_SLOTS": "8",
            "HUIFANG_DATABASE_POOL": "20",
            "HUIFANG_LOG_LEVEL": "debug",
            "HUIFANG_FIREBASE_CREDENTIALS": str(account),
        }
    )
    assert settings == Settings(
        home=tmp_path,
        env=Environment.DEVELOPMENT,
        database_url=URLS["HUIFANG_DATABASE_URL"],
        migration_url="postgres://owner@db/huifang",
        bootstrap_url="postgresql://postgres@db/huifang",
        redis_url=URLS["HUIFANG_REDIS_URL"],
        master_key=KEY,
        now=datetime(2026, 3, 1, 1, tzinfo=UTC),
        host="0.0.0.0",  # noqa: S104  # as above
        port=9000,
        workers=2,
        job_slots=8,
        database_pool=20,
        log_level=LogLevel.DEBUG,
        firebase_credentials=account,
    )
    assert not settings.embedded_database
    assert not settings.embedded_redis


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIFANG_PORT", "9001")
    assert Settings.from_env().port == 9001


def test_migrations_use_the_database_url_unless_they_have_their_own() -> None:
    assert Settings.from_env(URLS).migration_url == URLS["HUIFANG_DATABASE_URL"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HUIFANG_DATABASE_URL", "mysql://db/x", "postgresql: or postgres:"),
        ("HUIFANG_REDIS_URL", "http://bell", "redis: or rediss: or unix:"),
        ("HUIFANG_MASTER_KEY", "not base64!", "base64"),
        ("HUIFANG_MASTER_KEY", "c2hvcnQ=", "exactly 32 bytes, got 5"),
        ("HUIFANG_NOW", "yesterday", "ISO instant"),
        ("HUIFANG_NOW", "2026-03-01T09:00:00", "needs an offset"),
        ("HUIFANG_ENV", "staging", "development, production"),
        ("HUIFANG_HOST", "two words", "host name"),
        ("HUIFANG_PORT", "0", "from 1 to 65535"),
        ("HUIFANG_PORT", "８４６０", "whole number"),
        ("HUIFANG_WORKERS", "-1", "from 1 to 64"),
        ("HUIFANG_LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("HUIFANG_FIREBASE_CREDENTIALS", "/nowhere/at/all.json", "no such file"),
        ("HUIFANG_MIGRATION_URL", "postgresql://owner@db/x", None),
    ],
)
def test_a_bad_value_is_refused_by_its_name(name: str, value: str, says: str | None) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({name: value})
    if says is None:
        assert caught.value.variable == "HUIFANG_DATABASE_URL", "an owner without an app role"
    else:
        assert caught.value.variable == name
        assert says in caught.value.problem
        assert str(caught.value) == f"{name}: {caught.value.problem}"


@pytest.mark.parametrize("missing", sorted(URLS))
def test_production_needs_both_urls(missing: str) -> None:
    environ = {name: url for name, url in URLS.items() if name != missing}
    with pytest.raises(SettingsError, match=missing):
        Settings.from_env({**environ, "HUIFANG_ENV": "production"})


def test_production_refuses_a_moved_clock() -> None:
    moved = {**URLS, "HUIFANG_ENV": "production", "HUIFANG_NOW": "2026-03-01T09:00:00Z"}
    with pytest.raises(SettingsError, match="HUIFANG_NOW"):
        Settings.from_env(moved)
    assert Settings.from_env({**URLS, "HUIFANG_ENV": "production"}).env is Environment.PRODUCTION


def test_a_printed_settings_value_shows_no_secret() -> None:
    settings = Settings.from_env({**URLS, "HUIFANG_MASTER_KEY": base64.b64encode(KEY).decode()})
    shown = f"{settings!r} {settings}"
    for secret in ("app:pw", "bell", "x1f"):
        assert secret not in shown
    assert "port=8460" in shown


def test_every_field_has_a_reader() -> None:
    assert sorted(READERS) == sorted(Settings.__struct_fields__)


def test_the_document_lists_exactly_the_settings_with_their_defaults() -> None:
    rows = [
        line.split("|")
        for line in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").splitlines()
        if "| `" in line
    ]
    listed = {row[1].strip(" `"): row[2].strip(" `") for row in rows}
    fields = msgspec.structs.fields(Settings)
    assert listed == {variable(field.name): "" if field.default is None else str(field.default) for field in fields}
    assert all(len(row[3].strip()) > 10 for row in rows)
