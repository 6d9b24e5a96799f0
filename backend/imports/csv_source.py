"""Rows of a CSV file: quoted newlines, any delimiter, one record at a time."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from backend.imports.errors import FileUnfit
from backend.imports.mapping import Mapping

MAX_FIELD = 4 << 20
"""A cell of four megabytes is a quote that was never closed; smaller ones that are too long cost their row only."""
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class CsvTable:
    """A CSV file whose header was read; `has_nul` says that cells must be looked at for NULs."""

    path: Path
    encoding: str
    delimiter: str
    header_row: int
    columns: list[str]
    has_nul: bool

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (record number, cells) after the header; raises `FileUnfit` where the file stops being CSV."""
        for number, cells in _records(self.path, self.encoding, self.delimiter):
            if number > self.header_row:
                yield number, cells


def open_csv(path: Path, encoding: str, mapping: Mapping, *, has_nul: bool) -> CsvTable:
    """Find the delimiter and the header; raises `FileUnfit` when there is no header."""
    choices = DELIMITERS if mapping.delimiter == "auto" else (mapping.delimiter,)
    heads = {choice: _head(path, encoding, choice, mapping.header_row) for choice in choices}
    wanted = named_columns(mapping)
    # The right delimiter is the one under which the mapping's own columns appear, then the one that parts the most.
    delimiter = max(choices, key=lambda choice: (len(wanted & set(heads[choice])), len(heads[choice])))
    columns = heads[delimiter]
    if not any(columns):
        raise FileUnfit(
            path.name, f"row {max(mapping.header_row, 1)} is no header", f"第 {max(mapping.header_row, 1)} 行不是表头"
        )
    return CsvTable(path, encoding, delimiter, mapping.header_row, columns, has_nul)


def named_columns(mapping: Mapping) -> set[str]:
    """Return the columns that the mapping names outright; those inside templates are checked later."""
    found: set[str] = {skip.column for skip in mapping.skip}
    for field in mapping.columns:
        column = mapping.column(field)
        if column is not None:
            found |= {
                name
                for name in (column.column, column.time, column.minutes, column.fallback, *column.columns, *column.less)
                if name
            }
    return found


def _head(path: Path, encoding: str, delimiter: str, header_row: int) -> list[str]:
    at = max(header_row, 1)
    row = next(islice(_records(path, encoding, delimiter), at - 1, at), (at, []))[1]
    if header_row == 0:
        return [str(number) for number in range(1, len(row) + 1)]
    return [cell.strip().lstrip("\ufeff") for cell in row]


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(MAX_FIELD)
    number = 0
    with path.open(encoding=encoding, newline="") as file:
        try:
            for number, cells in enumerate(csv.reader(file, delimiter=delimiter), 1):
                yield number, cells
        except csv.Error as fault:
            raise FileUnfit(
                path.name,
                f"row {number + 1}: {fault} (a quote that is never closed?)",
                f"第 {number + 1} 行：引号没有闭合？",
            ) from fault
