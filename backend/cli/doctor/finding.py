"""One line of a diagnosis."""

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    """As it should be."""
    WARN = "warn"
    """Works, and somebody should look at it."""
    FAIL = "fail"
    """Does not work, or is not safe."""


class Finding(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What was looked at, how it is, what was seen, and what to do when it is not well."""

    check: str
    level: Level
    seen: str
    todo: str = ""


def ok(check: str, seen: str) -> Finding:
    """It is well."""
    return Finding(check, Level.OK, seen)


def warn(check: str, seen: str, todo: str) -> Finding:
    """It works and should be looked at."""
    return Finding(check, Level.WARN, seen, todo)


def fail(check: str, seen: str, todo: str) -> Finding:
    """It must be mended."""
    return Finding(check, Level.FAIL, seen, todo)
