import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]  # ships no types

from backend.imports.errors import FileUnfit
from backend.imports.mapping import Mapping
from backend.imports.source import Source, open_source

PLAIN = Mapping(columns={"name": "姓名", "external_id": "编号"})
TEXT = "编号,姓名\n1,王小红\n2,李四\n"


def opened(path: Path, mapping: Mapping = PLAIN) -> Source:
    return open_source(path, mapping)


def written(tmp_path: Path, content: bytes, name: str = "book.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def rows(source: Source) -> list[list[str]]:
    return [cells for _, cells in source.rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    source = opened(written(tmp_path, TEXT.encode(encoding)))
    assert source.columns == ["编号", "姓名"]
    assert list(source.rows()) == [(2, ["1", "王小红"]), (3, ["2", "李四"])]


def test_a_character_cut_by_a_block_border_is_whole(tmp_path: Path) -> None:
    for odd in range(3):
        line = "编号,姓名\n" + "x" * odd + "王" * 400_000 + ",李\n"
        assert rows(opened(written(tmp_path, line.encode())))[0][1] == "李"


def test_a_named_encoding_is_believed_and_checked(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT.encode("gb18030"))
    assert rows(opened(path, Mapping(columns=PLAIN.columns, encoding="gb18030")))[1] == ["2", "李四"]
    with pytest.raises(FileUnfit, match="not text in utf-8"):
        opened(path, Mapping(columns=PLAIN.columns, encoding="utf-8"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_by_the_mappings_columns(tmp_path: Path, delimiter: str) -> None:
    text = TEXT.replace(",", delimiter).replace("姓名", f"姓名{delimiter}备注 a;b;c")
    source = opened(written(tmp_path, text.encode()))
    assert source.columns[:2] == ["编号", "姓名"]


def test_quoted_newlines_and_delimiters_stay_in_their_cell(tmp_path: Path) -> None:
    source = opened(written(tmp_path, '编号,姓名\r\n1,"王\r\n小,""红"\r\n2,李\r\n'.encode()))
    assert list(source.rows()) == [(2, ["1", '王\r\n小,"红']), (3, ["2", "李"])]


def test_a_header_further_down_or_none(tmp_path: Path) -> None:
    path = written(tmp_path, ("会员导出,\n2026年3月,\n" + TEXT).encode())
    assert next(opened(path, Mapping(columns=PLAIN.columns, header_row=3)).rows()) == (4, ["1", "王小红"])
    bare = written(tmp_path, b"1,a\n2,b\n", "bare.csv")
    source = opened(bare, Mapping(columns={"external_id": "1"}, header_row=0))
    assert (source.columns, rows(source)) == (["1", "2"], [["1", "a"], ["2", "b"]])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", "not text"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 64, "not text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, "xls"),
        (b"PK\x03\x04 this is no zip", "broken"),
        (b"a,b\n\x81\xff,1\n", "not text"),
        (b"\n\n", "no header"),
        (b'a,b\n1,2\n"never closed,' + b"x" * (4 << 20), "quote"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(FileUnfit) as caught:
        rows(opened(path))
    assert why in str(caught.value.facts["why"])
    assert str(tmp_path) not in caught.value.message("en") + caught.value.message("zh-CN")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "directory"), (tmp_path / "absent.csv", "no such file")):
        with pytest.raises(FileUnfit) as caught:
            opened(path)
        assert why in str(caught.value.facts["why"])


def workbook(tmp_path: Path, name: str = "book.xlsx") -> Path:
    book = Workbook()
    page = book.active
    page.title = "会员"
    page.append(["编号", "姓名", "生日", "时间", "金额", "有效", "空"])
    page.append([1, "王小红", date(1990, 5, 17), time(15, 5), 12.5, True, None])
    page.append([13800138000, "李四", datetime(2026, 3, 1, 9, 30), "3:05 PM", 1e3, False, ""])  # noqa: DTZ001  # a sheet has no zones
    page["B4"] = "=1+1"
    book.create_sheet("别的").append(["x"])
    path = tmp_path / name
    book.save(path)
    return path


def test_a_sheet_reads_as_a_plain_export_would(tmp_path: Path) -> None:
    source = opened(workbook(tmp_path))
    assert source.columns == ["编号", "姓名", "生日", "时间", "金额", "有效", "空"]
    assert rows(source)[:2] == [
        ["1", "王小红", "1990-05-17T00:00:00", "15:05:00", "12.5", "TRUE", ""],
        ["13800138000", "李四", "2026-03-01T09:30:00", "3:05 PM", "1000", "FALSE", ""],
    ]
    assert rows(source)[2][1] == ""  # a formula that nobody calculated has no value


def test_a_sheet_is_known_by_its_content(tmp_path: Path) -> None:
    assert opened(workbook(tmp_path, "book.csv")).columns[0] == "编号"
    named = opened(workbook(tmp_path), Mapping(columns={"name": "x"}, sheet="别的"))
    assert named.columns == ["x"]
    with pytest.raises(FileUnfit, match="no sheet"):
        opened(workbook(tmp_path), Mapping(columns={"name": "x"}, sheet="第三"))


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    with pytest.raises(FileUnfit, match="unpack"):
        opened(written(tmp_path, packed.getvalue(), "bomb.xlsx"))


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("hello.txt", b"hello")
    with pytest.raises(FileUnfit, match="workbook"):
        opened(written(tmp_path, packed.getvalue(), "book.xlsx"))
