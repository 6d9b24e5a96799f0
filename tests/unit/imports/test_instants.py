"""Instants put together from halves say what the whole text says."""

import pytest

from backend.imports.books import Books, Catalogue
from backend.imports.cells import Block, attempt, down
from backend.imports.header import Header
from backend.imports.instants import WholeInstant
from backend.imports.kinds import ImportKind
from backend.imports.mapping import Mapping, parse_mapping
from backend.imports.readers import Readers
from backend.imports.reasons import CellRefused

DAYS = (
    "2026-03-07",
    "2026-03-08",
    "2026/3/9",
    "2026年3月10日",
    "03/04/2026",
    "04/03/2026",
    "2026-13-01",
    "1850-01-01",
    "",
)
TIMES = ("00:00", "02:30", "9:05", "09:05:07", "下午3:05", "3:05 PM", "25:00", "x", "")
ZONES = ("Asia/Shanghai", "America/Vancouver")


def mapping(more: str) -> Mapping:
    return parse_mapping(
        f'kind = "sales"\n{more}\n[columns]\nexternal_id = "no"\nat = {{ column = "at", at = "12:00" }}\n'
    )


def readers(made: Mapping) -> Readers:
    books = Books(made, {"S1": "Asia/Shanghai"}, "S1", "Asia/Shanghai", Catalogue())
    return Readers(made, ImportKind.SALES, Header(["no", "at"]), books)


def said(value: object) -> object:
    return (value.code, value.column) if isinstance(value, CellRefused) else value


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "formats",
    [
        "",
        'date_formats = ["%m/%d/%Y %H:%M"]',
        'date_formats = ["%m/%d/%Y %H:%M", "%d/%m/%Y %I:%M %p"]',
        'date_formats = ["%Y-%m-%d"]',
    ],
)
def test_a_text_says_the_same_whatever_was_read_before(formats: str, zone: str) -> None:
    made = mapping(formats)
    rows = [["R1", f"{day} {time}"] for day in DAYS for time in TIMES]
    warm = readers(made).instant("at")
    for _ in range(2):
        assert [said(attempt(warm, row, zone)) for row in rows] == [
            said(attempt(readers(made).instant("at"), row, zone)) for row in rows
        ]
        rows.reverse()


def test_a_column_says_what_its_cells_say() -> None:
    rows = [["R1", ""], ["", ""], [" R2 ", ""], ["'=R3", ""]]
    read = readers(mapping("")).read("external_id")
    assert [said(one) for one in down(read, Block(rows))] == [said(attempt(read, row)) for row in rows]
    assert down(read, Block(rows[2:])) == ["R2", "=R3"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("formats", ["", 'date_formats = ["%m/%d/%Y %H:%M"]'])
@pytest.mark.parametrize("values", ["", '[values.at]\n"2026-03-09 09:05" = "2020-01-01 10:00"'])
def test_a_column_of_instants_says_what_its_cells_say(formats: str, values: str, zone: str) -> None:
    made = parse_mapping(
        f'kind = "sales"\n{formats}\n[columns]\nexternal_id = "no"\nat = {{ column = "at", at = "12:00" }}\n{values}'
    )
    days, times = (*DAYS, " 2026-03-09", "'2026-03-09", "2026-03-09 "), ("09:05", *TIMES, " 09:05", "09:05 ")
    rows = [["R1", f"{day} {time}"] for day in days for time in times]
    at = readers(made).instant("at")
    assert isinstance(at, WholeInstant)
    read = at.of(zone)
    for _ in range(2):
        alone = [said(attempt(readers(made).instant("at"), row, zone)) for row in rows]
        assert [said(one) for one in down(read, Block(rows))] == alone
        rows.reverse()
