"""A file of rows, whatever it is written in: looked through once before anything is written, then read as a stream."""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from backend.imports.csv_source import CsvTable, open_csv
from backend.imports.errors import FileUnfit
from backend.imports.mapping import Mapping
from backend.imports.xlsx_source import SheetTable, open_sheet

BLOCK = 1 << 20
MAX_BYTES = 4 << 30
"""Four gigabytes: past it somebody chose the wrong file."""
_XLSX = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Look:
    """What one pass over the bytes found: digest, the encoding that decodes them all, whether a NUL is among them."""

    digest: bytes
    encoding: str | None
    has_nul: bool
    head: bytes


@dataclass(frozen=True)
class Source:
    """A readable file: its columns, and its rows with their numbers as a person counts them."""

    digest: bytes
    table: CsvTable | SheetTable

    @property
    def columns(self) -> list[str]:
        """The header, spaces at the ends taken off."""
        return self.table.columns

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number in the file, cells); the row number of the first row of all is 1. Can be called again."""
        return self.table.rows()


def open_source(path: Path, mapping: Mapping) -> Source:
    """Look through a file and open it, whatever its name ends in; raises `FileUnfit` for what is no table of rows."""
    _must_be_file(path)
    look = _look(path, mapping.encoding)
    if look.head.startswith(_XLSX):
        return Source(look.digest, open_sheet(path, mapping))
    if look.head.startswith(_OLD_EXCEL):
        raise FileUnfit(
            path.name, "an old .xls workbook; save it as .xlsx or CSV", "旧版 .xls 文件，请另存为 .xlsx 或 CSV"
        )
    if look.encoding is None:
        wanted = "UTF-8, UTF-8 with BOM, UTF-16 or GB18030" if mapping.encoding == "auto" else mapping.encoding
        raise FileUnfit(path.name, f"not text in {wanted}", f"不是 {wanted} 编码的文本")
    return Source(look.digest, open_csv(path, look.encoding, mapping, has_nul=look.has_nul))


def _must_be_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as fault:
        raise FileUnfit(path.name, "there is no such file", "文件不存在") from fault
    if path.is_dir():
        raise FileUnfit(path.name, "it is a directory", "这是一个目录")
    if not path.is_file():
        raise FileUnfit(path.name, "it is not a regular file", "不是普通文件")
    if size == 0:
        raise FileUnfit(path.name, "it is empty", "文件是空的")
    if size > MAX_BYTES:
        raise FileUnfit(path.name, "it is larger than 4 GB", "文件大于 4 GB")


def _look(path: Path, wanted: str) -> Look:
    digest = hashlib.sha256()
    with _opened(path) as file:
        head = file.read(4)
    decoders = {name: codecs.getincrementaldecoder(name)("strict") for name in _candidates(head, wanted)}
    has_nul = False
    with _opened(path) as file:
        while block := file.read(BLOCK):
            digest.update(block)
            has_nul = has_nul or b"\0" in block
            _drop_failing(decoders, block, final=False)
    _drop_failing(decoders, b"", final=True)
    found = next(iter(decoders), None)
    if found in ("utf-8", "gb18030", "gbk") and has_nul and _is_binary(path):
        found = None
    return Look(digest.digest(), found, has_nul and found != "utf-16", head)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as fault:
        raise FileUnfit(path.name, "it cannot be opened", "无法打开") from fault


def _candidates(head: bytes, wanted: str) -> list[str]:
    """Return encodings in the order they are believed; GB18030 decodes much that is not Chinese, so it comes last."""
    if wanted != "auto":
        return [wanted]
    if head.startswith(codecs.BOM_UTF8):
        return ["utf-8-sig"]
    if head.startswith(_UTF16):
        return ["utf-16"]
    return ["utf-8", "gb18030"]


def _drop_failing(decoders: dict[str, codecs.IncrementalDecoder], block: bytes, *, final: bool) -> None:
    for name in list(decoders):
        try:
            decoders[name].decode(block, final)
        except UnicodeDecodeError:
            del decoders[name]


def _is_binary(path: Path) -> bool:
    """True when NULs or control bytes are more than a slip: text has at most a few."""
    with _opened(path) as file:
        sample = file.read(BLOCK)
    odd = sum(sample.count(bytes([code])) for code in (*range(9), *range(14, 32)))
    return bool(odd * 100 > len(sample))
