"""The file of refused rows: what a person corrects in a spreadsheet and sends again with the same mapping."""

import csv
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from backend.imports.errors import FileUnfit
from backend.imports.reasons import Refusal

HEAD = ("import_row", "import_column", "import_code", "import_reason_zh", "import_reason_en")
"""What stands before the file's own columns; the names do not collide with any POS we know."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = re.compile(r"[+-]?[\d.,]+")


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; plain numbers below zero stay numbers."""
    shown = text.replace("\0", "")
    return f"'{shown}" if shown.startswith(_FORMULA) and not _PLAIN_NUMBER.fullmatch(shown) else shown


class RejectFile:
    """Written as rows are refused, readable by the owner of the process only; without refusals there is no file."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.columns = list(columns)
        self._file: Any = None
        self._writer: Any = None

    def clear(self) -> None:
        """Take away what an earlier import of the same file left."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as fault:
            raise FileUnfit(
                self.path.name, "the file of refused rows cannot be replaced", "无法替换被拒行文件"
            ) from fault

    def write(self, refusals: Iterable[Refusal]) -> None:
        """Append refused rows in the order of the file."""
        for one in sorted(refusals, key=lambda refusal: refusal.row_no):
            if self._writer is None:
                self._open()
            row = (one.row_no, one.column, one.code, *one.sentences(), *one.cells)
            self._writer.writerow([harmless(str(text)) for text in row])
        if self._file is not None:
            self._file.flush()

    def close(self) -> Path | None:
        """Close and return the file, None when every row was taken."""
        if self._file is None:
            return None
        self._file.close()
        return self.path

    def _open(self) -> None:
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as fault:
            raise FileUnfit(
                self.path.name, "the file of refused rows cannot be written", "无法写入被拒行文件"
            ) from fault
        self._file = os.fdopen(handle, "w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([*HEAD, *(harmless(name) for name in self.columns)])
