"""One closure per field, made once per file: from a row to a value, each distinct text parsed once."""

from collections.abc import Callable, Sequence
from datetime import datetime, time
from decimal import Decimal
from functools import partial
from typing import Any

from backend.imports.amounts import parse_flag, parse_money, parse_quantity, parse_whole, quick_cents, to_cents
from backend.imports.books import Books
from backend.imports.cells import REMEMBERED, Constant, Memo, OneCell, Read, WrittenCell
from backend.imports.fields import FIELDS, Field, Shape
from backend.imports.header import Header, Row, TextOf, as_text, bare, condition_test, field_text, finishing
from backend.imports.instants import HalvedCell, Halves, WholeInstant
from backend.imports.kinds import ImportKind
from backend.imports.mapping import Column, Mapping
from backend.imports.moments import Moment, instant_of, parse_minutes, parse_moment, parse_wall
from backend.imports.reasons import CellRefused

ReadAt = Callable[[Row, str], datetime | None]

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
            return self._amount(name)
        if field.shape is not Shape.TEXT:
            return self._remembered(name, self._parser(name, field))
        if not field.needed:
            return self._remembered(name, lambda said: said or None)
        column = self.mapping.column(name)
        if (
            column is not None
            and column.column is not None
            and finishing(self.mapping, name) is None
            and not column.fallback
        ):
            return WrittenCell(self.header.place(column.column), label)
        return _needed(field_text(self.header, self.mapping, name), label)

    def text(self, name: str) -> TextOf:
        """Return a field's text, empty when there is none."""
        return self._remembered(name, lambda said: said)

    def meant(self, name: str, meaning: Callable[[str], Any]) -> Read:
        """Return the reader of what a field's text means; `meaning` is asked once per distinct text and may refuse it."""
        return self._remembered(name, meaning)

    def _remembered(self, name: str, parse: Callable[[str], Any]) -> Read:
        """Return a reader that parses each distinct text of the field once: plain columns by a single look-up."""
        column, label = self.mapping.column(name), self.label(name)
        if column is None:
            value = Memo(parse, label)[as_text(self.mapping.defaults.get(name, ""))]
            return Constant(value)
        if column.column is None or column.fallback is not None:
            return remembered(field_text(self.header, self.mapping, name), parse, label)
        finish = finishing(self.mapping, name)
        whole = parse if finish is None else lambda said: parse(finish(said))
        return OneCell(self.header.place(column.column), Memo(lambda raw: whole(bare(raw)), label))

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

    def _amount(self, name: str) -> Read:
        column = self.mapping.column(name)
        if column is None:
            fixed = to_cents(parse_money(as_text(self.mapping.defaults.get(name, "")), self.mapping.decimal))
            return Constant(fixed)
        mark = self.mapping.decimal
        step = Decimal("0.01") if column.cents else Decimal(1)
        sign = -1 if column.negate else 1
        if not column.columns and not column.less:
            slow = partial(_cents, sign * step, mark)
            whole = self._remembered(name, _quickly(slow) if mark == "." and sign * step == 1 else slow)
        else:
            added, taken = (
                [OneCell(self.header.place(one), Memo(lambda raw: parse_money(bare(raw), mark), one)) for one in names]
                for names in (column.columns or (column.column or "",), column.less)
            )
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
        moment = self._remembered(name, lambda said: parse_moment(said, formats) if said else None)
        if column.time is None and column.minutes is None:
            return self._whole(name, column, formats)
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
            at = known.get(key)
            if at is None:
                if len(known) >= REMEMBERED:
                    known.clear()
                known[key] = at = _instant(*key)
            return at

        return read

    def _whole(self, name: str, column: Column, formats: Sequence[str]) -> ReadAt:
        """Return the reader of an instant that one text says: a single look-up per row and zone."""
        needed, wall = FIELDS[self.kind][name].needed, parse_wall(column.at) if column.at else None

        def meet(zone: str) -> Read:
            halves = Halves(zone, formats)

            def parse(said: str) -> datetime | None:
                usual = halves.find(said)
                if usual is not None:
                    return usual
                if said:
                    moment = parse_moment(said, formats)
                    halves.learn(said, moment)
                    return _instant(moment, wall, zone)
                if needed:
                    raise CellRefused("missing")
                return None

            read = self._remembered(name, parse)
            # A text that is translated first is not what it looks like.
            if not isinstance(read, OneCell) or finishing(self.mapping, name) is not None:
                return read
            return HalvedCell(read, halves)

        return WholeInstant(meet)

    def _wall(self, column: Column) -> Callable[[Row], time | None]:
        fallback = parse_wall(column.at) if column.at else None
        name = column.time or column.minutes
        if name is None:
            return lambda _row: fallback
        parse = parse_wall if column.time else parse_minutes
        memo = Memo(lambda raw: parse(text) if (text := bare(raw)) else fallback, name)
        return OneCell(self.header.place(name), memo)


def _cents(factor: Decimal, mark: str, text: str) -> int:
    return to_cents(factor * parse_money(text, mark))


def _quickly(slow: Callable[[str], int]) -> Callable[[str], int]:
    def parse(text: str) -> int:
        cents = quick_cents(text)
        return slow(text) if cents is None else cents

    return parse


def _instant(said: Moment, wall: time | None, zone: str) -> datetime:
    """Join day and time: the time written with the day, else of its own column, else of the mapping, else midnight."""
    if said.exact is not None:
        return said.exact
    own = said.wall if said.wall not in (None, _MIDNIGHT) else None
    # A spreadsheet writes a bare day as midnight, so midnight gives way to the mapping's own time of day.
    return instant_of(said.day, own or wall or said.wall or _MIDNIGHT, zone)


def remembered(text: TextOf, parse: Callable[[str], Any], label: str) -> Read:
    """Return the reader of a text made of several cells."""
    memo = Memo(parse, label)

    def read(row: Row) -> Any:
        value = memo[text(row)]
        if value.__class__ is CellRefused:
            raise value
        return value

    return read


def _needed(text: TextOf, label: str) -> Read:
    def read(row: Row) -> str:
        said = text(row)
        if not said:
            raise CellRefused("missing", label)
        return said

    return read


def _difference(added: Sequence[Read], taken: Sequence[Read], factor: Decimal) -> Read:
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
