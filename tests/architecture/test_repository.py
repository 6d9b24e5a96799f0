"""What is committed works on any machine: no addresses of registries, no paths of one machine, complete locks."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.architecture.source import ROOT, tracked

# Put together here so that this file does not contain what it forbids.
HOSTS = ("pypi" + ".org", "python" + "hosted", "npm" + "js", "deb.debian" + ".org", "/simple" + "/")
FOLDERS = ("work", "farm", "root", "opt", "mnt", "Users", "home")
MACHINE = re.compile(r"(?<![\w./}<-])/(?:" + "|".join(FOLDERS) + r")/[\w.-]+")
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;\\]+)(?P<rest>.*)$", re.MULTILINE)


def addresses(text: str) -> list[str]:
    """Registry hosts and machine paths in a text."""
    return [host for host in HOSTS if host in text] + MACHINE.findall(text)


def pins(name: str) -> dict[str, str]:
    """Locked versions by package name."""
    return {found["name"]: found["version"] for found in PIN.finditer((ROOT / name).read_text(encoding="utf-8"))}


def readable(name: str) -> str:
    """The text of a file; nothing for a picture or another binary."""
    content = (ROOT / name).read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


def unlocked(requirements: list[str], locked: dict[str, str]) -> list[str]:
    """Requirements that the lock does not satisfy."""
    parsed = [Requirement(text) for text in requirements]
    return [str(wanted) for wanted in parsed if not wanted.specifier.contains(locked.get(wanted.name.lower(), "0"))]


def test_no_tracked_file_names_a_registry_or_a_machine() -> None:
    found = {name: addresses(readable(name)) for name in tracked()}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_no_address_and_a_hash_for_everything(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert ":" + "//" not in text
    assert "--find-links" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) == len(PIN.findall(text))  # a package may be pinned once per Python version
    assert [entry.split("\n", 1)[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_development_lock_is_the_runtime_lock_and_more() -> None:
    runtime, development = pins(LOCKS[0]), pins(LOCKS[1])
    assert runtime.items() <= development.items()
    assert len(development) > len(runtime)


def test_the_locks_satisfy_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert unlocked(project["project"]["dependencies"], pins(LOCKS[0])) == [], "run make lock"
    assert unlocked(project["dependency-groups"]["dev"], pins(LOCKS[1])) == [], "run make lock"


def test_the_rules_catch_what_they_are_for() -> None:
    assert addresses("index-url = https:" + "//files." + HOSTS[1] + ".org")
    assert addresses("home = " + "/" + "work/main/.venv")
    assert addresses("cd '" + "/" + "root/x'")
    assert not addresses("POST /v1/staff/" + "work/items and ." + "/" + "root/y")
    assert unlocked(["alembic>=99"], {"alembic": "1.20.1"}) == ["alembic>=99"]
    assert unlocked(["absent>=1"], {}) == ["absent>=1"]
    assert unlocked(["alembic>=1"], {"alembic": "1.20.1"}) == []
