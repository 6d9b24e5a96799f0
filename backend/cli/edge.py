"""Where a command meets the system: settings, signals, exit codes, and what is written where. Imports nothing heavy."""

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import typer

from backend.settings import LogLevel, Settings, SettingsError

FAILED: Final = 1
WRONG_CALL: Final = 2
INTERRUPTED: Final = 130
TERMINATED: Final = 143


class Refused(Exception):
    """The command cannot do what was asked; the message is the one line that is shown."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def settings() -> Settings:
    """The environment's decisions; ends the command with one line when one is unusable."""
    try:
        return Settings.from_env()
    except SettingsError as fault:
        raise typer.Exit(complain(str(fault), WRONG_CALL)) from fault


def go(work: Callable[[Settings], Awaitable[int | None]]) -> None:
    """Run an asynchronous command to its end; Ctrl-C and SIGTERM end it cleanly. Always raises `typer.Exit`."""
    decided = settings()
    try:
        code = asyncio.run(_guarded(work, decided))
    except KeyboardInterrupt:
        code = INTERRUPTED
    except asyncio.CancelledError:
        code = TERMINATED
    except Exception as fault:  # noqa: BLE001  # whatever it is, it ends as one line
        code = explain(fault, decided.log_level)
    raise typer.Exit(code or 0)


async def _guarded(work: Callable[[Settings], Awaitable[int | None]], decided: Settings) -> int | None:
    from backend.observability import logs  # noqa: PLC0415  # `--help` does not need it

    logs.configure(LogLevel.ERROR if decided.log_level is LogLevel.INFO else decided.log_level)
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work(decided)


def explain(fault: Exception, level: LogLevel) -> int:
    """Write the one line about a fault and return the exit code."""
    from backend.cli.faults import sentence  # noqa: PLC0415  # only a fault pays for knowing every fault

    if level is LogLevel.DEBUG:
        raise fault
    return complain(sentence(fault), getattr(fault, "code", FAILED) if isinstance(fault, Refused) else FAILED)


def complain(message: str, code: int = FAILED) -> int:
    """Write one line to standard error; returns the code."""
    typer.echo(f"huifang: {message}", err=True)
    return code


def show(answer: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Write the answer: one JSON document, or the lines meant for a person."""
    typer.echo(to_json(answer) if as_json else "\n".join(lines))


def to_json(answer: Any) -> str:
    """The JSON of Structs and plain values, indented."""
    import msgspec  # noqa: PLC0415  # `--help` does not need it

    return json.dumps(msgspec.to_builtins(answer, str_keys=True), ensure_ascii=False, indent=2)


def say(line: str) -> None:
    """Write a line for a person to standard error, so that standard output stays the answer's."""
    typer.echo(line, err=True)
    sys.stderr.flush()
