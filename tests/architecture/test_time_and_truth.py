"""Time is an argument, the edge owns the transaction, hashes are stable, and rows stay behind the flow."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture.source import (
    ROOMS,
    ROOT,
    broken,
    calls,
    caught,
    classes,
    imports,
    python_files,
    texts,
    tracked,
    tree,
)

COMMITS = {
    "backend/db/transactions.py": "what a unit of work is opened in",
    "backend/db/units.py": "looks without a merchant",
    "backend/db/migrate.py": "migrations are their own transactions",
    "backend/db/migrations/": "as migrate.py",
}
CLOCKS = {
    "backend/observability/": "log lines and measurements tell the machine's time",
    "tasks/kernel/ids.py": "the ids' order is the machine's; no business time is read from them",
    "backend/embedded/": "server processes live in the machine's time",
}

PYTHON_CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.strftime", "time.ctime",
}  # fmt: skip
SQL_CLOCKS = re.compile(
    r"\b(?:now\s*\(\s*\)|current_date\b|current_time\b|current_timestamp\b|localtime\b|localtimestamp\b"
    r"|transaction_timestamp\s*\(|statement_timestamp\s*\(|timeofday\s*\()|'now'\s*::|timestamptz\s+'now'",
    re.IGNORECASE,
)
SQL_CLOCK_FUNCTIONS = re.compile(
    r"func\.(?:now|current_date|current_time|current_timestamp|localtime|localtimestamp|transaction_timestamp"
    r"|statement_timestamp|timeofday)"
)


def commits(module: ast.Module) -> Iterator[str]:
    for name, call in calls(module):
        if name.split(".")[-1] == "commit":
            yield f"line {call.lineno}: {name}()"
    for line, text in texts(module):
        if re.fullmatch(r"\s*COMMIT\s*;?\s*", text):
            yield f"line {line}: {text!r}"


def python_clocks(module: ast.Module) -> Iterator[str]:
    for name, call in calls(module):
        if name in PYTHON_CLOCKS:
            yield f"line {call.lineno}: {name}()"
    for line, source, name in imports(module):
        if (source, name) in {("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime")}:
            yield f"line {line}: from time import {name}"


def sql_clocks(module: ast.Module) -> Iterator[str]:
    for line, text in texts(module):
        if found := SQL_CLOCKS.search(text):
            yield f"line {line}: {found.group()}"
    for name, call in calls(module):
        if SQL_CLOCK_FUNCTIONS.search(name):
            yield f"line {call.lineno}: {name}()"


def unstable_hashes(module: ast.Module) -> Iterator[str]:
    for line, text in texts(module):
        if "hashtext" in text.lower():
            yield f"line {line}: hashtext in SQL"
    for name, call in calls(module):
        if "hashtext" in name.lower() or name == "hash":
            yield f"line {call.lineno}: {name}()"


def frozen_time(module: ast.Module) -> Iterator[str]:
    for line, source, _ in imports(module):
        if source.split(".")[0] in {"freezegun", "time_machine"}:
            yield f"line {line}: {source}"


def table_rows(module: ast.Module) -> Iterator[str]:
    for line, source, name in imports(module):
        if source.split(".")[-1].endswith("tables") or name.endswith("tables") or name in row_classes():
            yield f"line {line}: {source} {name}"


@cache
def row_classes() -> frozenset[str]:
    """Names of every SQLModel class with table=True."""
    return frozenset(
        found.name
        for name in python_files("tasks", "backend")
        for found in classes(tree(name))
        if any(word.arg == "table" for word in found.keywords)
    )


def test_only_the_unit_of_work_commits() -> None:
    assert broken(commits, python_files(*ROOMS), COMMITS) == []


def test_no_clock_of_this_process_decides() -> None:
    assert broken(python_clocks, python_files(*ROOMS), CLOCKS) == []


def test_no_clock_of_a_transaction_decides() -> None:
    assert broken(sql_clocks, python_files("tasks", "backend")) == []


@pytest.mark.parametrize("name", [name for name in tracked() if name.endswith(".sql")] or [None])
def test_no_sql_file_has_a_clock(name: str | None) -> None:
    text = (ROOT / name).read_text(encoding="utf-8") if name else ""
    assert SQL_CLOCKS.search(text) is None


def test_hashes_are_the_same_tomorrow() -> None:
    assert broken(unstable_hashes, python_files(*ROOMS)) == []


def test_nobody_freezes_time() -> None:
    assert broken(frozen_time, python_files(*ROOMS, "tests")) == []


def test_no_handler_knows_a_row() -> None:
    assert broken(table_rows, python_files("backend/http", "backend/web")) == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (commits, "async def f(session):\n    await session.commit()"),
        (commits, "connection.execute('COMMIT')"),
        (python_clocks, "at = datetime.now(UTC)"),
        (python_clocks, "on = datetime.date.today()"),
        (python_clocks, "import time\nat = time.time()"),
        (python_clocks, "from time import time"),
        (sql_clocks, "q = 'update t set at = now()'"),
        (sql_clocks, "q = f'select {x} where d > CURRENT_DATE'"),
        (sql_clocks, "q = 'default current_timestamp'"),
        (sql_clocks, "column = mapped(server_default=func.now())"),
        (sql_clocks, "q = \"select 'now'::timestamptz\""),
        (unstable_hashes, "q = 'select hashtext(id)'"),
        (unstable_hashes, "bucket = hash(customer) % 100"),
        (frozen_time, "from freezegun import freeze_time"),
        (table_rows, "from tasks.worklist.tables import Anything"),
        (table_rows, "from tasks.worklist import tables"),
    ],
)
def test_the_rules_catch_what_they_are_for(rule: object, source: str) -> None:
    assert callable(rule)
    assert caught(rule, source)


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (commits, "unit.after_commit(ring)"),
        (python_clocks, "at = unit.now\nstarted = time.monotonic()"),
        (
            sql_clocks,
            "def f():\n    '''Never now() or CURRENT_DATE.'''\n    q = 'where lease < clock_timestamp() and at < :now'",
        ),
        (unstable_hashes, "bucket = hashlib.sha256(data)"),
    ],
)
def test_the_rules_let_pass_what_is_meant(rule: object, source: str) -> None:
    assert callable(rule)
    assert not caught(rule, source)
