"""The directions between rooms, against a small house that breaks each of them (make lint checks the real one)."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
}
CLEAN = {
    "tasks/kernel/clock.py": "",
    "tasks/people/rules.py": "import tasks.kernel.clock",
    "tasks/flow/log.py": "import tasks.people.rules",
    "scripts/render.py": "",
    "backend/db/units.py": "import tasks.flow.log",
    "backend/db/schema.py": "import backend.auth.tables",
    "backend/auth/tables.py": "import tasks.kernel.clock",
    "backend/http/staff/routes.py": "import backend.db.units",
    "backend/http/manager/routes.py": "import msgspec",
    "backend/jobs/ring.py": "import arq",
}
BREAKS = [
    ("Directions", "tasks/kernel/clock.py", "import tasks.people.rules"),
    ("Directions", "tasks/people/rules.py", "import tasks.flow.log"),
    ("Directions", "scripts/render.py", "import tasks.kernel.clock"),
    ("Directions", "backend/db/units.py", "import backend.jobs.ring"),
    ("no server", "tasks/flow/log.py", "import redis"),
    ("no server", "scripts/render.py", "import litestar"),
    ("no server", "tasks/flow/log.py", "from backend.db import units"),
    ("Rules and call scripts", "tasks/people/rules.py", "import sqlalchemy"),
    ("Rules and call scripts", "scripts/render.py", "from sqlmodel import select"),
    ("Handlers", "backend/http/staff/routes.py", "import sqlalchemy"),
    ("five HTTP surfaces", "backend/http/staff/routes.py", "import backend.http.manager.routes"),
]


def build(folder: Path, files: dict[str, str]) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(text[text.index("[tool.importlinter]") :], encoding="utf-8")
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source + "\n", encoding="utf-8")
        for package in path.parents:
            if package == folder:
                break
            (package / "__init__.py").touch()


def lint(folder: Path) -> tuple[int, str]:
    command = (str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    environment = {**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "300"}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_clean_house_passes(tmp_path: Path) -> None:
    build(tmp_path, CLEAN)
    status, said = lint(tmp_path)
    assert status == 0, said


@pytest.mark.parametrize(("contract", "name", "source"), BREAKS)
def test_a_broken_direction_is_found(tmp_path: Path, contract: str, name: str, source: str) -> None:
    build(tmp_path, {**CLEAN, name: source})
    status, said = lint(tmp_path)
    assert status != 0
    assert [line for line in said.splitlines() if contract in line and " BROKEN" in line], said


def test_every_contract_has_a_control() -> None:
    assert [name for name in CONTRACTS if not any(contract in name for contract, _, _ in BREAKS)] == []
