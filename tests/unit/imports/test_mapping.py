from pathlib import Path

import pytest

from backend.imports.errors import MappingInvalid
from backend.imports.kinds import ImportKind
from backend.imports.mapping import check_mapping, load_mapping, parse_mapping

SALES = """
kind = "sales"
[columns]
external_id = "Receipt"
at = "Date"
cash = "Amount"
"""


def refused(text: str, kind: ImportKind = ImportKind.SALES) -> MappingInvalid:
    with pytest.raises(MappingInvalid) as caught:
        check_mapping(parse_mapping(text), kind)
    return caught.value


def test_a_plain_mapping_is_taken() -> None:
    check_mapping(parse_mapping(SALES), ImportKind.SALES)


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ('colour = "x"\n' + SALES, "mapping", "colour"),
        (SALES + 'colour = "x"', "columns.colour", "no such field"),
        (SALES + 'tax = { column = "x", bogus = 1 }', "columns.tax", "bogus"),
        (SALES + "tax = 3", "columns.tax", "int"),
        (SALES + 'tax = { column = "x", columns = ["y"] }', "columns.tax", "exactly one"),
        (SALES + "tax = { negate = true }", "columns.tax", "exactly one"),
        (SALES + 'tax = { column = "x", separator = "," }', "columns.tax.separator", "means nothing"),
        (SALES + 'tax = { column = "x", when = { column = "y" } }', "columns.tax.when", "say one of"),
        (SALES + 'tax = { column = "x", when = { column = "y", on = ["z"] } }', "columns.tax.when", "on"),
        (SALES + 'quantity = { columns = ["x", "y"] }', "columns.quantity.columns", "several"),
        (SALES.replace('external_id = "Receipt"\n', ""), "columns.external_id", "cannot do without"),
        ('timezone = "Mars/Olympus"\n' + SALES, "timezone", "unknown"),
        ('encoding = "latin-1"\n' + SALES, "encoding", "latin-1"),
        ('delimiter = ";;"\n' + SALES, "delimiter", "one character"),
        ("header_row = -1\n" + SALES, "header_row", "0"),
        ('keep = ["status"]\n' + SALES, "keep", "appointments"),
        (SALES + '[[skip]]\ncolumn = "a"\nin = ["b"]', "skip[0]", "reason"),
        (SALES + '[[skip]]\nreason = "r"\ncolumn = "a"', "skip[0]", "say one of"),
        (SALES + '[values.nothing]\na = "b"', "values.nothing", "no such field"),
        ("kind = [", "mapping", "TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(text: str, where: str, why: str) -> None:
    fault = refused(text)
    assert fault.facts["where"] == where
    assert why in str(fault.facts["why"])
    assert where in fault.message("en")
    assert where in fault.message("zh-CN")


def test_a_mapping_for_another_kind_is_refused() -> None:
    assert "sales" in str(refused(SALES, ImportKind.STAFF).facts["why"])


def test_only_appointment_fields_can_be_kept() -> None:
    text = 'keep = ["customer"]\n[columns]\nexternal_id = "a"\nstarts_at = "b"'
    assert "cannot be kept" in str(refused(text, ImportKind.APPOINTMENTS).facts["why"])


def test_mapping_files_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "m.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    large = tmp_path / "l.toml"
    large.write_bytes(b"#" * 1_000_001)
    for path in (binary, large, tmp_path, tmp_path / "absent.toml"):
        with pytest.raises(MappingInvalid) as caught:
            load_mapping(path)
        assert str(tmp_path.parent) not in str(caught.value)
