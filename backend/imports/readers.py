"""One closure per field, made once per file: from a row to a value, each distinct text parsed once."""

from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from backend.imports.amounts import parse_flag, parse_money, parse_quantity, parse_whole, to_cents
from backend.imports.books import Books
from backend.imports.fields import FIELDS, Field, Shape
from backend.imports.header import Header, Row, TextOf, as_text, column_text, condition_test, field_text
from backend.imports.kinds import ImportKind
from backend.imports.mapping import Column, Mapping
from backend.imports.moments import Moment, parse_minutes, parse_moment, parse_wall
from backend.imports.reasons import CellRefused
from tasks.kernel.zones import local_instant

Read = Callable[[Row], Any]
ReadAt = Callable[[Row, str], datetime | None]

REMEMBERED = 65_536
"""How many distinct texts of a column are kept parsed; past it the memory starts anew."""
MAX_TEXT = 32_767
"""What a cell may hold, as in a spreadsheet."""
_MIDNIGHT = time(0)


class Readers:
    """Makes the readers of one file; columns that are missing are collected in `header`."""

    def __init__(self, mapping: Mapping, kind: ImportKind, header: Header, books: Books) -> None:
        self.mapping = mapping
        self.kind = kind
        self.header = header
        self.books = books

    def read(self, name: str) -> Read:
        """Return the reader of any field but an instant; an empty cell is None, an amount of 0, or an empty list."""
        field = FIELDS[self.kind][name]
        label = self.label(name)
        if field.shape is Shape.AMOUNT:
            return self._amount(name, label)
        text = field_text(self.header, self.mapping, name)
        if field.shape is Shape.TEXT:
            return _needed(text, label) if field.needed else lambda row: text(row) or None
        return remembered(text, self._parser(name, field), label)

    def text(self, name: str) -> TextOf:
        """Return a field's text, empty when there is none."""
        return field_text(self.header, self.mapping, name)

    def label(self, name: str) -> str:
        """Return the file's column to look at when a field is refused."""
        column = self.mapping.column(name)
        if column is None:
            return name
        return column.column or " + ".join(column.columns) or column.template or name

    def _parser(self, name: str, field: Field) -> Callable[[str], Any]:
        column = self.mapping.column(name) or Column(constant="")
        mark = self.mapping.decimal
        sign = -1 if column.negate else 1
        choices = {choice.value: choice for choice in field.choices or ()}
        parsers: dict[Shape, Callable[[str], Any]] = {
            Shape.LIST: lambda text: _parted(text, column.separator),
            Shape.NUMBER: lambda text: sign * parse_quantity(text, mark) if text else None,
            Shape.WHOLE: lambda text: sign * parse_whole(text, mark) if text else None,
            Shape.FLAG: lambda text: parse_flag(text) if text else None,
            Shape.DAY: lambda text: (
                parse_moment(text, column.formats or self.mapping.date_formats).day if text else None
            ),
            Shape.CHOICE: lambda text: _chosen(text, choices, needed=field.needed),
            Shape.PRODUCT: lambda text: self.books.product(text, column.lookup),
        }
        return parsers[field.shape]

    def _amount(self, name: str, label: str) -> Read:
        column = self.mapping.column(name)
        if column is None:
            fixed = to_cents(parse_money(as_text(self.mapping.defaults.get(name, "")), self.mapping.decimal))
            return lambda _row: fixed
        mark = self.mapping.decimal
        step = Decimal("0.01") if column.cents else Decimal(1)
        sign = -1 if column.negate else 1
        names = (column.column,) if column.column else column.columns
        texts = [column_text(self.header, one) for one in names] or [field_text(self.header, self.mapping, name)]
        if len(texts) == 1 and not column.less:
            whole = remembered(texts[0], lambda text: to_cents(sign * step * parse_money(text, mark)), label)
        else:
            added = [remembered(text, lambda text: parse_money(text, mark), label) for text in texts]
            taken = [
                remembered(column_text(self.header, one), lambda text: parse_money(text, mark), one)
                for one in column.less
            ]
            whole = _difference(added, taken, sign * step)
        if column.when is None:
            return whole
        holds = condition_test(self.header, column.when)
        return lambda row: whole(row) if holds(row) else 0

    def instant(self, name: str) -> ReadAt:
        """Return the reader of an instant: it takes the row and the zone in which the file's wall times are meant."""
        if not self.mapping.fills(name):
            return lambda _row, _zone: None
        column = self.mapping.column(name) or Column(constant="")
        formats = column.formats or self.mapping.date_formats
        text = field_text(self.header, self.mapping, name)
        moment = remembered(text, lambda said: parse_moment(said, formats) if said else None, self.label(name))
        wall = self._wall(column)
        needed, label = FIELDS[self.kind][name].needed, self.label(name)
        known: dict[tuple[Moment, time | None, str], datetime] = {}

        def read(row: Row, zone: str) -> datetime | None:
            said: Moment | None = moment(row)
            if said is None:
                if needed:
                    raise CellRefused("missing", label)
                return None
            key = (said, wall(row), zone)
            if key not in known:
                if len(known) >= REMEMBERED:
                    known.clear()
                known[key] = _instant(*key)
            return known[key]

        return read

    def _wall(self, column: Column) -> Callable[[Row], time | None]:
        fallback = parse_wall(column.at) if column.at else None
        name = column.time or column.minutes
        if name is None:
            return lambda _row: fallback
        parse = parse_wall if column.time else parse_minutes
        return remembered(column_text(self.header, name), lambda text: parse(text) if text else fallback, name)


def _instant(said: Moment, wall: time | None, zone: str) -> datetime:
    """Join day and time: the time written with the day, else of its own column, else of the mapping, else midnight."""
    if said.exact is not None:
        return said.exact
    own = said.wall if said.wall not in (None, _MIDNIGHT) else None
    # A spreadsheet writes a bare day as midnight, so midnight gives way to the mapping's own time of day.
    return local_instant(said.day, own or wall or said.wall or _MIDNIGHT, zone)


def remembered(text: TextOf, parse: Callable[[str], Any], label: str) -> Read:
    """Return a reader that parses each distinct text once; what it refuses names the column."""
    known: dict[str, Any] = {}

    def read(row: Row) -> Any:
        said = text(row)
        try:
            return known[said]
        except KeyError:
            pass
        try:
            value = parse(said)
        except CellRefused as fault:
            raise CellRefused(fault.code, fault.column or label, fault.detail) from None
        if len(known) >= REMEMBERED:
            known.clear()
        known[said] = value
        return value

    return read


def _needed(text: TextOf, label: str) -> Read:
    def read(row: Row) -> str:
        said = text(row)
        if not said:
            raise CellRefused("missing", label)
        return said

    return read


def _difference(added: list[Read], taken: list[Read], factor: Decimal) -> Read:
    def read(row: Row) -> int:
        total = sum((one(row) for one in added), Decimal(0)) - sum((one(row) for one in taken), Decimal(0))
        return to_cents(factor * total)

    return read


def _parted(text: str, separator: str | None) -> tuple[str, ...]:
    if not text:
        return ()
    if not separator:
        return (text,)
    for mark in separator[1:]:
        text = text.replace(mark, separator[0])
    return tuple(part for piece in text.split(separator[0]) if (part := piece.strip()))


def _chosen(text: str, choices: dict[str, Any], *, needed: bool) -> Any:
    if not text and not needed:
        return None
    found = choices.get(text) or choices.get(text.casefold())
    if found is None:
        raise CellRefused("missing" if not text else "not-a-choice", detail=", ".join(choices))
    return found
