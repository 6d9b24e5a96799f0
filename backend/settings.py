"""Everything a deployment may decide, read once from the environment.

`Settings.from_env()` answers a complete, checked value or raises `SettingsError` naming the variable; nothing else
reads `os.environ`.
`docs/settings.md` lists the same fields (a test holds the two equal).
"""

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec

PREFIX: Final = "HUIFANG_"
MASTER_KEY_BYTES: Final = 32
SECRET_FIELDS: Final = frozenset(
    {"database_url", "migration_url", "bootstrap_url", "redis_url", "master_key", "files_secret_key"}
)


class SettingsError(ValueError):
    """A variable is missing or unusable; `variable` names it, the message says what would be accepted."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable
        self.problem = problem


class Environment(StrEnum):
    """Where this process believes it is."""

    DEVELOPMENT = "development"
    """A desk or a test run: the clock may be moved and the private servers may be used."""

    PRODUCTION = "production"
    """Real customers: the clock is the database's and both URLs are given."""


class LogLevel(StrEnum):
    """The least important line that is still written."""

    DEBUG = "debug"
    """Every decision of the machinery, for a developer at a desk."""

    INFO = "info"
    """One line per request, job and chunk."""

    WARNING = "warning"
    """Only what somebody may have to look at."""

    ERROR = "error"
    """Only what failed."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment's decisions; every field is one `HUIFANG_…` variable."""

    home: Path = Path(".huifang")
    """Folder of what a deployment without URLs keeps: the private servers and the master key."""

    env: Environment = Environment.DEVELOPMENT
    """development or production; production refuses a moved clock and missing URLs."""

    database_url: str | None = None
    """PostgreSQL as the app role, which owns nothing; unset starts a private server under the home folder."""

    migration_url: str | None = None
    """PostgreSQL as the owner role, for migrations only; falls back to the database URL."""

    bootstrap_url: str | None = None
    """PostgreSQL as a superuser, read by `huifang migrate` alone, to create the roles on a fresh server."""

    redis_url: str | None = None
    """Redis or Valkey that carries wake-ups; unset starts a private server under the home folder."""

    master_key: bytes | None = None
    """Base64 of the 32 bytes that seal personal data; unset uses the home folder's key, with private servers only."""

    now: datetime | None = None
    """ISO instant with an offset that the business clock shows at start (development only); it keeps ticking."""

    host: str = "127.0.0.1"
    """Address the API listens on."""

    port: int = 8460
    """TCP port the API listens on."""

    workers: int = 1
    """Processes that serve the API."""

    job_slots: int = 4
    """Background jobs one worker process runs at the same time."""

    database_pool: int = 10
    """Most database connections one process holds."""

    log_level: LogLevel = LogLevel.INFO
    """debug, info, warning or error."""

    minimum_app_version: str = "1.0.0"
    """Staff apps older than this (major.minor.patch) are asked to be updated."""

    firebase_credentials: Path | None = None
    """Service-account file for FCM push; unset writes pushes to the log instead."""

    firebase_endpoint: str | None = None
    """Server that stands in for FCM on this machine (development only), for tests."""

    push_contact: str | None = None
    """Address that browsers' push services may complain to, `mailto:…` or `https://…`; some refuse pushes without one."""

    files_url: str | None = None
    """Bucket that keeps attachments, `s3://bucket/prefix`; unset keeps them in the folder `files` below the home folder."""

    files_endpoint: str | None = None
    """Address of an S3-compatible store that is not AWS; if its host begins with the bucket's name, the bucket is not repeated in the path."""

    files_region: str = "us-east-1"
    """Region of the bucket."""

    files_access_key: str | None = None
    """Access key id of the bucket."""

    files_secret_key: str | None = None
    """Secret access key of the bucket."""

    def __repr__(self) -> str:
        """Never shows a secret: URLs carry passwords and end up in tracebacks."""
        shown = (f"{name}={'…' if name in SECRET_FIELDS and value else repr(value)}" for name, value in self._pairs())
        return f"Settings({', '.join(shown)})"

    def _pairs(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__]

    @property
    def embedded_database(self) -> bool:
        """True when PostgreSQL is ours to start."""
        return self.database_url is None

    @property
    def embedded_redis(self) -> bool:
        """True when Valkey is ours to start."""
        return self.redis_url is None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read and check every variable; an empty one counts as unset. Raises `SettingsError`."""
        source = os.environ if environ is None else environ
        values: dict[str, object] = {}
        for field in cls.__struct_fields__:
            text = source.get(variable(field), "").strip()
            if text:
                values[field] = _read(field, text)
        settings = msgspec.convert(values, cls, builtin_types=(datetime, bytes), dec_hook=_as_is)
        _check_together(settings)
        if settings.migration_url is None:
            settings = msgspec.structs.replace(settings, migration_url=settings.database_url)
        return settings


def variable(field: str) -> str:
    """The environment variable that sets a field."""
    return PREFIX + field.upper()


def _as_is(_kind: type, value: object) -> object:
    return value


def _read(field: str, text: str) -> object:
    try:
        return READERS[field](text)
    except ValueError as error:
        raise SettingsError(variable(field), str(error)) from None


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if urlsplit(text).scheme not in schemes:
            raise ValueError(f"expected an address that starts with {' or '.join(s + ':' for s in schemes)}")
        return text

    return read


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text)

    return read


def _choice(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read(text: str) -> StrEnum:
        if text not in [member.value for member in kind]:
            raise ValueError(f"expected one of {', '.join(kind)}")
        return kind(text)

    return read


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("expected an ISO instant such as 2026-03-01T09:00:00+08:00") from None
    if instant.tzinfo is None:
        raise ValueError("the instant needs an offset, such as +08:00 or Z")
    return instant.astimezone(UTC)


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("expected base64") from None
    if len(key) != MASTER_KEY_BYTES:
        raise ValueError(f"expected base64 of exactly {MASTER_KEY_BYTES} bytes, got {len(key)}")
    return key


def _existing_file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError("there is no such file")
    return path


def _version(text: str) -> str:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):  # noqa: PLR2004  # major, minor, patch
        raise ValueError("must be three numbers such as 2.4.0")
    return text


def _loopback(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ValueError("expected an http: address of this machine")
    return text


def _host(text: str) -> str:
    if any(character.isspace() or character == "/" for character in text):
        raise ValueError("expected a host name or an IP address")
    return text


_POSTGRES = _url("postgresql", "postgres")

READERS: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {
        "home": lambda text: Path(text).expanduser(),
        "env": _choice(Environment),
        "database_url": _POSTGRES,
        "migration_url": _POSTGRES,
        "bootstrap_url": _POSTGRES,
        "redis_url": _url("redis", "rediss", "unix"),
        "master_key": _key,
        "now": _instant,
        "host": _host,
        "port": _number(1, 65535),
        "workers": _number(1, 64),
        "job_slots": _number(1, 64),
        "database_pool": _number(1, 200),
        "log_level": _choice(LogLevel),
        "minimum_app_version": _version,
        "firebase_credentials": _existing_file,
        "firebase_endpoint": _loopback,
        "push_contact": _url("mailto", "https"),
        "files_url": _url("s3"),
        "files_endpoint": _url("https", "http"),
        "files_region": str,
        "files_access_key": str,
        "files_secret_key": str,
    }
)


def _check_together(settings: Settings) -> None:
    """Refuse combinations that are each valid alone."""
    if settings.migration_url is not None and settings.database_url is None:
        raise SettingsError(variable("database_url"), f"needed when {variable('migration_url')} is set")
    for field in ("files_access_key", "files_secret_key"):
        if settings.files_url is not None and getattr(settings, field) is None:
            raise SettingsError(variable(field), f"needed when {variable('files_url')} is set")
    if settings.env is not Environment.PRODUCTION:
        return
    if settings.now is not None:
        raise SettingsError(variable("now"), "the clock cannot be moved in production")
    if settings.firebase_endpoint is not None:
        raise SettingsError(variable("firebase_endpoint"), "pushes go to Google in production")
    for field in ("database_url", "redis_url"):
        if getattr(settings, field) is None:
            raise SettingsError(variable(field), "needed in production")
