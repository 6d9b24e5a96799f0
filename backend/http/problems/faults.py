"""Turns what the decoder says of a body or a parameter into a field, a stable code and a sentence; never repeats a value that was sent."""

import re
from datetime import datetime
from typing import Final

import msgspec

Fault = tuple[str, str, dict[str, object]]
"""JSON path, code, facts."""

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "required": ("必填", "is required"),
    "unknown-field": ("未知字段", "is not a known field"),
    "type": ("类型应为 {expected}", "must be of type {expected}"),
    "choice": ("不在允许的取值之内", "is not one of the allowed values"),
    "range": ("应满足 {bound}", "must be {bound}"),
    "length": ("长度应满足 {bound}", "must have length {bound}"),
    "format": ("格式不正确", "is not in the right format"),
    "nul": ("不能包含 NUL 字符", "must not contain a NUL character"),
    "out-of-calendar": ("时间超出 1900–2999 年", "is outside the years 1900 to 2999"),
    "number-too-large": ("数字过大", "is too large a number"),
    "too-deep": ("嵌套过深", "is nested too deep"),
    "repeated": ("只能出现一次", "may appear only once"),
}
"""Fault code → Chinese, English."""

_AT = re.compile(r" - at `(?P<path>[^`]*)`$")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_PATTERNS: Final = (
    (re.compile(r"^Object missing required field `(?P<name>[^`]*)`"), "required"),
    (re.compile(r"^Object contains unknown field `(?P<name>[^`]*)`"), "unknown-field"),
    (re.compile(r"^Invalid enum value"), "choice"),
    (re.compile(r"^Expected `[a-z ]+` of length (?P<bound>[<>=]+ \d+)"), "length"),
    (re.compile(r"^Expected `[a-z ]+` matching regex"), "format"),
    (re.compile(r"^Expected `[a-z ]+` (?P<bound>[<>=]+ [-\d.]+)"), "range"),
    (re.compile(r"^Expected `(?P<expected>[a-z_ |]+)`, got"), "type"),
)
_BIGGEST: Final = 2**63
_YEARS: Final = range(1900, 3000)
"""Instants beyond leave the calendar once they are said in another zone. Days may be 9999-12-31: that is how a POS says never."""


def read_fault(message: str, root: str = "") -> Fault:
    """Return the fault a msgspec message speaks of; `root` stands before its path."""
    at = _AT.search(message)
    path = join(root, at["path"].removeprefix("$").removeprefix(".")) if at else root
    for pattern, code in _PATTERNS:
        found = pattern.match(message)
        if found:
            facts: dict[str, object] = dict(found.groupdict())
            name = facts.pop("name", None)
            return join(path, _safe(str(name))) if name is not None else path, code, facts
    return path, "format", {}


def sentence(code: str, facts: dict[str, object], locale: str) -> str:
    """Return the sentence of a fault in `zh-CN` or `en`."""
    zh, en = SENTENCES[code]
    return (en if locale == "en" else zh).format(**facts)


def unstorable(value: object, path: str = "") -> Fault | None:
    """Return the first NUL, number beyond 64 bits or instant beyond the calendar inside a decoded value; None when all can be stored."""
    waiting: list[tuple[object, str]] = [(value, path)]
    while waiting:
        each, where = waiting.pop()
        if isinstance(each, str) and "\0" in each:
            return where, "nul", {}
        if isinstance(each, int) and not -_BIGGEST <= each < _BIGGEST:
            return where, "number-too-large", {}
        if isinstance(each, datetime) and each.year not in _YEARS:
            return where, "out-of-calendar", {}
        if isinstance(each, msgspec.Struct):
            names = zip(each.__struct_encode_fields__, each.__struct_fields__, strict=True)
            waiting += [(getattr(each, field), join(where, name)) for name, field in names]
        elif isinstance(each, dict):
            waiting += [
                pair for key, inner in each.items() for pair in ((key, where), (inner, join(where, _safe(str(key)))))
            ]
        elif isinstance(each, list | tuple):
            waiting += [(inner, f"{where}[{index}]") for index, inner in enumerate(each)]
    return None


def join(path: str, name: str) -> str:
    """Return a JSON path with one more name or index."""
    if not path or not name:
        return path or name
    return f"{path}{name}" if name.startswith("[") else f"{path}.{name}"


def _safe(name: str) -> str:
    """Return a field's name as it may be repeated to the caller; a name that is none could be personal data in the wrong place."""
    return name if _NAME.fullmatch(name) else "…"
