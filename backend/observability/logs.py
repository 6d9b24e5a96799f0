"""Log lines: JSON for machines, one readable line for a terminal, and nothing personal in either.

A library's line keeps its template and loses its arguments; an exception keeps its kind and place and loses its
message; a text fact that is not plain, or holds as many digits in a row as a phone, is left out.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO, Final
from uuid import UUID

import structlog
from structlog.typing import EventDict, WrappedLogger

from backend.observability.faults import facts_of
from backend.settings import LogLevel

Fact = int | float | bool | str | UUID | None
"""What a line may carry beside its event."""

OURS: Final = "huifang"
LEFT_OUT: Final = "…"
_PLAIN: Final = re.compile(r"[\x20-\x7e]{0,300}")
_NUMBERED: Final = re.compile(r"\d{7,}")
_IDS: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_QUIET: Final = {"arq": logging.WARNING, "alembic": logging.WARNING, "uvicorn": logging.WARNING}
"""Libraries that say in every line what our own lines say better."""

_log = logging.getLogger(OURS)


def debug(event: str, **facts: Fact) -> None:
    """Say what the machinery decided."""
    _say(logging.DEBUG, event, None, facts)


def info(event: str, **facts: Fact) -> None:
    """Say what was done, `noun.verb.outcome`, with counts."""
    _say(logging.INFO, event, None, facts)


def warning(event: str, fault: BaseException | None = None, **facts: Fact) -> None:
    """Say what somebody may have to look at."""
    _say(logging.WARNING, event, fault, facts)


def error(event: str, fault: BaseException | None = None, **facts: Fact) -> None:
    """Say what failed, with the kind and the place of the exception."""
    _say(logging.ERROR, event, fault, facts)


def configure(level: LogLevel, stream: IO[str] | None = None) -> None:
    """Send every line of this process, the libraries' too, to `stream` (stderr): readable on a terminal, else JSON."""
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(Readable() if out.isatty() else AsJson())
    structlog.configure(processors=[_from_flow], cache_logger_on_first_use=False)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))


def _say(level: int, event: str, fault: BaseException | None, facts: Mapping[str, object]) -> None:
    if _log.isEnabledFor(level):
        known = {name: safe(value) for name, value in facts.items()}
        _log.log(level, event, extra={"facts": {**known, **(facts_of(fault) if fault else {})}})


def _from_flow(_logger: WrappedLogger, method: str, said: EventDict) -> EventDict:
    """Take over what `tasks` said through structlog: its lines become ours."""
    fault = said.pop("exc_info", None)
    event = str(said.pop("event", ""))
    level = {"warn": logging.WARNING, "exception": logging.ERROR}.get(method) or logging.getLevelName(method.upper())
    _say(level, event, fault if isinstance(fault, BaseException) else sys.exc_info()[1] if fault else None, said)
    raise structlog.DropEvent


def safe(value: object) -> Fact:
    """The value as a line may carry it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    text = str(value)
    return text if _PLAIN.fullmatch(text) and not _NUMBERED.search(_IDS.sub("", text)) else LEFT_OUT


def facts_in(record: logging.LogRecord) -> dict[str, Fact]:
    """What a record says, ours or a library's."""
    if record.name == OURS:
        return {"event": record.msg, **getattr(record, "facts", {})}
    fault = record.exc_info[1] if record.exc_info else None
    return {
        "event": "library.line.written",
        "library": record.name,
        "line": safe(record.msg),
        **(facts_of(fault) if fault else {}),
    }


class AsJson(logging.Formatter):
    """One JSON object a line: `at`, `level`, `process`, `event`, then the facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        level = record.levelname.lower()
        return json.dumps({"at": at, "level": level, "process": os.getpid(), **facts_in(record)}, ensure_ascii=False)


class Readable(logging.Formatter):
    """`09:00:01 info    sweep.run.done merchants=3` for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one readable line."""
        facts = facts_in(record)
        event = facts.pop("event")
        at = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        rest = " ".join(f"{name}={value}" for name, value in facts.items())
        return f"{at} {record.levelname.lower():<7} {event} {rest}".rstrip()
