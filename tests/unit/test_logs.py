"""Log lines carry facts and nothing personal, whatever was said."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog

from backend.observability import logs
from backend.settings import LogLevel
from tasks.kernel.errors import Conflict

NAME, PHONE = "王小红", "13800138000"
ID = UUID("01930000-0000-7000-8000-000000000001")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure(LogLevel.INFO, stream)
    yield stream
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_its_event_and_facts(written: io.StringIO) -> None:
    logs.info("sweep.run.done", merchants=3, merchant=ID, ms=1.5, note="plain words: 12345")
    (line,) = lines(written)
    assert line["event"] == "sweep.run.done"
    assert (line["level"], line["merchants"], line["ms"]) == ("info", 3, 1.5)
    assert (line["merchant"], line["note"]) == (str(ID), "plain words: 12345")


@pytest.mark.parametrize("said", [NAME, PHONE, f"call {PHONE} now", "x" * 400, "two\nlines"])
def test_a_fact_that_may_be_personal_is_left_out(written: io.StringIO, said: str) -> None:
    logs.warning("task.open.done", said=said)
    assert lines(written)[0]["said"] == logs.LEFT_OUT


def test_an_exception_shows_its_kind_code_and_place_and_never_what_it_says(written: io.StringIO) -> None:
    try:
        try:
            int(f"Key (phone)=({PHONE}) of {NAME}")
        except ValueError as cause:
            raise Conflict from cause
    except Conflict as fault:
        logs.error("task.close.failed", fault)
    (line,) = lines(written)
    assert (line["fault"], line["code"]) == ("Conflict<ValueError", "conflict")
    assert line["where"].startswith("tests/unit/test_logs.py:")
    assert PHONE not in written.getvalue()
    assert NAME not in written.getvalue()


def test_a_library_keeps_its_template_and_loses_its_arguments(written: io.StringIO) -> None:
    logging.getLogger("somebody.elses").warning("no answer from %s at %s", NAME, PHONE)
    (line,) = lines(written)
    assert (line["library"], line["line"]) == ("somebody.elses", "no answer from %s at %s")


def test_what_the_flow_says_through_structlog_is_said_the_same_way(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.get_logger().info("run.lease.lost", occurrence=str(ID), customer=NAME)
    (line,) = lines(written)
    assert (line["event"], line["occurrence"], line["customer"]) == ("run.lease.lost", str(ID), logs.LEFT_OUT)
    assert capsys.readouterr().out == ""


def test_a_person_at_a_terminal_gets_a_readable_line() -> None:
    record = logging.LogRecord(logs.OURS, logging.INFO, "", 0, "api.listen.started", None, None)
    record.facts = {"port": 8460}
    assert logs.Readable().format(record).endswith(" info    api.listen.started port=8460")
