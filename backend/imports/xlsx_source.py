"""Rows of an XLSX sheet: values as they were last calculated, dates as dates, read as a stream."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook  # type: ignore[import-untyped]  # ships no types
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]  # as above

from backend.imports.errors import FileUnfit, quoted
from backend.imports.mapping import Mapping

MAX_UNPACKED = 1 << 30
"""One gigabyte of XML is more than a full sheet; beyond it the file is a bomb."""
MAX_RATIO = 200
"""A sheet packs about ten to one; a bomb a thousand to one."""
SMALL = 16 << 20
"""What is small when unpacked may pack as well as it likes."""


@dataclass(frozen=True)
class SheetTable:
    """A sheet whose header was read."""

    path: Path
    sheet: str
    header_row: int
    columns: list[str]
    has_nul: bool = False

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number, cells as text) after the header; a sheet has no ragged rows, so short ones are filled."""
        width = len(self.columns)
        for number, cells in _records(self.path, self.sheet):
            if number > self.header_row:
                full = cells[:width] if len(cells) > width and not any(cells[width:]) else cells
                yield number, full + [""] * (width - len(full))


def open_sheet(path: Path, mapping: Mapping) -> SheetTable:
    """Choose the sheet and read its header; raises `FileUnfit` for a bomb, a broken book, no such sheet, no header."""
    _must_be_harmless(path)
    with path.open("rb") as file:
        names = list(_open_book(path.name, file).sheetnames)
    if mapping.sheet is not None and mapping.sheet not in names:
        raise FileUnfit(
            path.name,
            f"it has no sheet “{mapping.sheet}”, only {quoted(names)}",
            f"没有工作表“{mapping.sheet}”，只有 {quoted(names)}",
        )
    if not names:
        raise FileUnfit(path.name, "it has no sheets", "没有工作表")
    sheet = mapping.sheet or names[0]
    at = max(mapping.header_row, 1)
    row = next((cells for number, cells in _records(path, sheet) if number == at), [])
    columns = (
        [str(number) for number in range(1, len(row) + 1)]
        if mapping.header_row == 0
        else [cell.strip() for cell in row]
    )
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise FileUnfit(path.name, f"row {at} of sheet “{sheet}” is no header", f"工作表“{sheet}”的第 {at} 行不是表头")
    return SheetTable(path, sheet, mapping.header_row, columns)


def _must_be_harmless(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError) as fault:
        raise FileUnfit(path.name, "a broken workbook", "工作簿已损坏") from fault
    unpacked = sum(part.file_size for part in parts)
    bomb = any(part.file_size > SMALL and part.file_size > MAX_RATIO * max(part.compress_size, 1) for part in parts)
    if unpacked > MAX_UNPACKED or bomb:
        raise FileUnfit(path.name, "its parts unpack to more than a sheet can be", "解压后过大，疑似压缩炸弹")


def _open_book(name: str, file: BinaryIO) -> Any:
    """Open a workbook from an open file: given a path, openpyxl goes by what it ends in."""
    try:
        return load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, OSError, ParseError, zipfile.BadZipFile) as fault:
        raise FileUnfit(name, "not a workbook, or a broken one", "不是工作簿，或已损坏") from fault


def _records(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    with path.open("rb") as file:
        page = _open_book(path.name, file)[sheet]
        try:
            # The stored dimension is often wrong (one cell, or a million rows); without it rows are as long as they are.
            page.reset_dimensions()
            for number, row in enumerate(page.iter_rows(values_only=True), 1):
                yield number, [_text(value) for value in row]
        except (ParseError, KeyError, ValueError, AttributeError, zipfile.BadZipFile) as fault:
            why, why_zh = f"sheet “{sheet}” is broken or holds no rows", f"工作表“{sheet}”已损坏或没有行"
            raise FileUnfit(path.name, why, why_zh) from fault


def _text(value: Any) -> str:  # noqa: PLR0911  # one return per type of cell
    """Return a cell as a plain export would show it: no `.0` after whole numbers, dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return format(value, ".15g") if value.is_integer() is False else str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
