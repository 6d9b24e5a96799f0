"""From a column's name to its place, once per file; and from a field to the text it starts with."""

import re
from collections.abc import Callable, Iterator, Sequence

from backend.imports.errors import ColumnsMissing
from backend.imports.mapping import Column, Condition, Mapping, Skip

Row = Sequence[str]
TextOf = Callable[[Row], str]
Test = Callable[[Row], bool]

_BRACES = re.compile(r"\{([^{}]+)\}")
COUNTER = "#"
"""`{#}` in a template: the how-manieth row with the same text otherwise."""


class Header:
    """Finds columns by name: exactly, else without regard to case and spaces. Collects what it cannot find."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self.missing: list[str] = []
        self._exact = _places(columns)
        self._loose = _places([_loose(name) for name in columns])

    def place(self, name: str) -> int:
        """Return the index of a column; an unknown or doubled one is noted and gets 0."""
        found = self._exact.get(name.strip()) or self._loose.get(_loose(name), [])
        if len(found) == 1:
            return found[0]
        self.missing.append(name)
        return 0

    def must_be_complete(self) -> None:
        """Raise `ColumnsMissing` when any column could not be found."""
        if self.missing:
            raise ColumnsMissing(sorted(set(self.missing)), [name for name in self.columns if name])


def _loose(name: str) -> str:
    return "".join(name.split()).casefold()


def _places(names: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        found.setdefault(name.strip(), []).append(place)
    return found


def cell(row: Row, place: int) -> str:
    """Return a cell without spaces around it, and without the apostrophe by which our own files disarm formulas."""
    return bare(row[place])


def bare(text: str) -> str:
    """Return the text of a cell as `cell` does."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in "=+-@" and len(text) > 1 else text


def column_text(header: Header, name: str) -> TextOf:
    """Return what reads one column."""
    place = header.place(name)
    return lambda row: cell(row, place)


def source_text(header: Header, column: Column) -> TextOf:
    """Return what makes the text of a field, before defaults and translations."""
    first = _first_text(header, column)
    if column.fallback is None:
        return first
    second = column_text(header, column.fallback)
    return lambda row: first(row) or second(row)


def _first_text(header: Header, column: Column) -> TextOf:
    if column.constant is not None:
        fixed = column.constant
        return lambda _row: fixed
    if column.template is not None:
        return _template(header, column.template)
    if column.columns:
        places = [header.place(name) for name in column.columns]
        join = column.join
        return lambda row: join.join(text for place in places if (text := cell(row, place)))
    return column_text(header, column.column or "")


def _template(header: Header, template: str) -> TextOf:
    parts = _BRACES.split(template)
    makers: list[TextOf] = []
    for number, part in enumerate(parts):
        if number % 2 == 0 or part == COUNTER:
            makers.append(_literal(part if part != COUNTER or number % 2 == 0 else "\0"))
        else:
            makers.append(column_text(header, part))
    plain: TextOf = lambda row: "".join([make(row) for make in makers])  # noqa: E731  # one of two closures to return
    return _counting(plain) if f"{{{COUNTER}}}" in template else plain


def _literal(text: str) -> TextOf:
    return lambda _row: text


def _counting(plain: TextOf) -> TextOf:
    seen: dict[str, int] = {}

    def counted(row: Row) -> str:
        text = plain(row)
        seen[text] = number = seen.get(text, 0) + 1
        return text.replace("\0", str(number))

    return counted


def field_text(header: Header, mapping: Mapping, field: str) -> TextOf:
    """Return a field's text, translated and defaulted."""
    column = mapping.column(field)
    raw = source_text(header, column) if column is not None else _literal("")
    finish = finishing(mapping, field)
    return raw if finish is None else lambda row: finish(raw(row))


def finishing(mapping: Mapping, field: str) -> Callable[[str], str] | None:
    """Return what translates and defaults a field's text, if anything does; `"*"` translates what nothing else does."""
    given = mapping.defaults.get(field)
    fallback = "" if given is None else as_text(given)
    table = {text: as_text(value) for text, value in mapping.values.get(field, {}).items()}
    rest = table.get("*")
    if table:
        return lambda text: table.get(text, text if rest is None else rest) or fallback
    return (lambda text: text or fallback) if fallback else None


def as_text(value: str | float | bool) -> str:  # noqa: FBT001  # a TOML scalar
    """Return a TOML scalar as a cell would have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def condition_test(header: Header, condition: Condition | Skip) -> Test:
    """Return whether a row meets every key that a condition gives."""
    text = column_text(header, condition.column)
    tests = list(_tests(condition))
    return lambda row: _all(text(row), tests)


def _all(text: str, tests: list[Callable[[str], bool]]) -> bool:
    return all(test(text) for test in tests)


def _tests(condition: Condition | Skip) -> Iterator[Callable[[str], bool]]:
    if condition.in_ is not None:
        allowed = frozenset(condition.in_)
        yield lambda text: text in allowed
    if condition.not_in is not None:
        refused = frozenset(condition.not_in)
        yield lambda text: text not in refused
    if condition.starts_with is not None:
        start = condition.starts_with
        yield lambda text: text.startswith(start)
    if condition.contains is not None:
        part = condition.contains
        yield lambda text: part in text
    if condition.empty is not None:
        wanted = condition.empty
        yield lambda text: (not text) is wanted
