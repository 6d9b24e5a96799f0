import random
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.imports.books import Books, Catalogue
from backend.imports.chunks import Reader
from backend.imports.dealing import Chunk
from backend.imports.errors import ColumnsMissing
from backend.imports.kinds import ImportKind
from backend.imports.mapping import check_mapping, parse_mapping
from backend.imports.source import open_source
from tasks.ledger.inputs import SaleIn
from tasks.ledger.states import AppointmentStatus, EntryKind, ProductKind
from tasks.people.states import BirthdayKind, Gender

CATALOGUE = (("CUT", "Women's hair cut"), ("BD", "Blowdry"), ("OLD", "Blowdry 2"), ("X1", "twin"), ("X2", "Twin "))


def reader(path: Path, text: str, mapping: str, kind: ImportKind) -> Reader:
    path.write_text(text, encoding="utf-8")
    said = parse_mapping(mapping)
    check_mapping(said, kind)
    zones = {"main": "Asia/Shanghai"}
    books = Books(said, zones, "main", "Asia/Shanghai", Catalogue.of(CATALOGUE))
    return Reader(open_source(path, said), said, kind, books)


def read(path: Path, text: str, mapping: str, kind: ImportKind = ImportKind.SALES, size: int = 10_000) -> list[Chunk]:
    made = reader(path, text, mapping, kind)
    survey = made.survey()
    chunks = list(made.chunks(size, 1, survey.scattered))
    assert sum(chunk.rows for chunk in chunks) == survey.rows
    for chunk in chunks:
        assert (
            chunk.rows == sum(len(draft.rows) for draft in chunk.drafts) + len(chunk.refusals) + chunk.skipped.total()
        )
    return chunks


def items(chunks: list[Chunk]) -> list[Any]:
    return [draft.item for chunk in chunks for draft in chunk.drafts]


def codes(chunks: list[Chunk]) -> list[tuple[int, str, str]]:
    return sorted((one.row_no, one.column, one.code) for chunk in chunks for one in chunk.refusals)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.csv"


LINES = """
anonymous = [""]
[columns]
external_id = "No"
at = "Date"
customer = "Client"
product = { column = "What", lookup = "name" }
cash = "Amount"
"""


def test_lines_of_a_receipt_become_one_sale_even_when_apart(path: Path) -> None:
    text = (
        "No,Date,Client,What,Amount\n1,2026-03-01,A,Blowdry,10\n2,2026-03-01,B,BLOWDRY,20\n"
        "1,2026-03-01,A,women's  hair cut,30\n3,2026-03-01,,,5\n"
    )
    sales = {sale.external_id: sale for sale in items(read(path, text, LINES))}
    assert [line.product for line in sales["1"].lines] == ["BD", "CUT"]
    assert [line.cash_cents for line in sales["1"].lines] == [1000, 3000]
    assert sales["2"].lines[0].product == "BD"
    assert (sales["3"].customer, sales["3"].lines[0].product) == (None, None)
    assert sales["1"].at == datetime(2026, 2, 28, 16, tzinfo=UTC)  # midnight in Shanghai


def test_one_bad_line_costs_its_whole_receipt_and_no_other(path: Path) -> None:
    text = (
        "No,Date,Client,What,Amount\n1,2026-03-01,A,Blowdry,10\n1,2026-03-01,A,Blowdry,ten\n2,2026-03-01,A,twin,10\n"
        "3,2026-03-01,A,nothing like it,10\n4,2026-03-01,A,,1\n4,2026-03-01,B,,1\n5,2026-03-01,A,,1\n5,2026-03-02,A,,1\n"
        "6,2026-03-01,A,,1\n7,1 March,A,,1\n8,,A,,1\n,2026-03-01,A,,1\n"
    )
    chunks = read(path, text, LINES)
    assert [sale.external_id for sale in items(chunks)] == ["6"]
    assert codes(chunks) == [
        (2, "", "rows-incomplete"),
        (3, "Amount", "not-an-amount"),
        (4, "What", "ambiguous-product"),
        (5, "What", "unknown-product"),
        (6, "", "rows-disagree"),
        (7, "", "rows-disagree"),
        (8, "", "rows-disagree"),
        (9, "", "rows-disagree"),
        (11, "Date", "not-a-date"),
        (12, "Date", "missing"),
        (13, "No", "missing"),
    ]
    for chunk in chunks:
        for one in chunk.refusals:
            zh, en = one.sentences()
            assert zh
            assert en
            assert "{" not in zh + en


def test_rows_that_are_no_rows(path: Path) -> None:
    text = (
        "No,Date,Client,What,Amount\n1,2026-03-01,A,Blowdry\n2,2026-03-01,A,,1,extra\n3,2026-03-01,A,,1,,\n\n , ,,,\n"
        f"4,2026-03-01,A,{'x' * 1_000_000},1\n5,2026-03-01,A,a\0b,1\n"
    )
    chunks = read(path, text, LINES)
    assert [sale.external_id for sale in items(chunks)] == ["3"]
    assert codes(chunks) == [(2, "", "ragged"), (3, "", "ragged"), (7, "What", "too-long"), (8, "What", "nul")]
    assert chunks[0].skipped == Counter({"blank row": 2})


WIDE = """
decimal = ","
date_formats = ["%d.%m.%Y"]
ignore_staff = ["HOUSE"]
create_customers = true
create_staff = true
unknown_products = "describe"
[columns]
external_id = { template = "{Beleg}-{Kunde}" }
at = { column = "Tag", time = "Uhrzeit" }
customer = "Kunde"
product = { column = "Was", lookup = "either" }
description = { columns = ["Was", "Zusatz"], join = " / " }
quantity = { column = "Menge", negate = true }
cash = { column = "Brutto", less = ["MwSt 1", "MwSt 2"], when = { column = "Zahlung", not_in = ["Karte"] } }
card = { column = "Brutto", when = { column = "Zahlung", in = ["Karte"] } }
tax = { columns = ["MwSt 1", "MwSt 2"] }
staff = { column = "Wer", separator = "/、" }
requested = "Wunsch"
[values.requested]
"*" = "no"
W = "yes"
[[skip]]
reason = "voided"
column = "Status"
in = ["void"]
"""


def test_a_mapping_bends_to_a_strangers_columns(path: Path) -> None:
    text = (
        "Beleg;Kunde;Tag;Uhrzeit;Was;Zusatz;Menge;Brutto;MwSt 1;MwSt 2;Zahlung;Wer;Wunsch;Status\n"
        "9;K1;01.03.2026;15:05;CUT;lang;-1;1.234,56;1,005;2,005;Bar;HOUSE/JJ、BO;W;\n"
        "9;K1;01.03.2026;15:07;nie gehört;;2;10;0;0;Karte;;-;\n"
        "8;K2;01.03.2026;15:07;;;1;10;0;0;Bar;;;void\n"
    )
    (chunk,) = read(path, text, WIDE)
    (sale,) = items([chunk])
    first, second = sale.lines
    assert (sale.external_id, sale.customer, sale.at) == ("9-K1", "K1", datetime(2026, 3, 1, 7, 5, tzinfo=UTC))
    assert (first.product, first.description, first.quantity) == ("CUT", "CUT / lang", Decimal(1))
    assert (first.cash_cents, first.card_cents, first.tax_cents) == (123155, 0, 301)
    assert (first.staff, first.requested) == (("JJ", "BO"), True)
    assert (second.product, second.description, second.quantity, second.requested) == (None, "nie gehört", -2, False)
    assert (second.cash_cents, second.card_cents) == (0, 1000)
    assert chunk.skipped == Counter({"voided": 1})
    assert [one.external_id for one in chunk.newcomers.customers] == ["K1"]
    assert [one.external_id for one in chunk.newcomers.staff] == ["JJ", "BO"]


def test_customers_from_a_chinese_export(path: Path) -> None:
    mapping = """
    [columns]
    external_id = "卡号"
    name = "姓名"
    phones = { column = "电话", separator = "/ ，" }
    gender = "性别"
    birthday_on = "生日"
    birthday_kind = "历法"
    home_store = "门店"
    anonymous = "散客"
    [values.gender]
    "男" = "male"
    "女" = "female"
    [values.birthday_kind]
    "农历" = "lunar"
    "" = "solar"
    """
    text = (
        "卡号,姓名,电话,性别,生日,历法,门店,散客\n001,王红,13800138000/13900139000,女,1990年5月17日,农历,main,否\n"
        "002,李四,,男,,,,\n003,某人,,不详,,,,\n004,某人,,,,,分店,\n"
    )
    chunks = read(path, text, mapping, ImportKind.CUSTOMERS)
    first, second = items(chunks)
    assert (first.external_id, first.phones, first.gender) == ("001", ("13800138000", "13900139000"), Gender.FEMALE)
    assert (first.birthday_on, first.birthday_kind, first.home_store) == (date(1990, 5, 17), BirthdayKind.LUNAR, "main")
    assert (first.anonymous, second.anonymous) == (False, None)
    assert (second.phones, second.birthday_on, second.gender) == ((), None, Gender.MALE)
    assert codes(chunks) == [(4, "性别", "not-a-choice"), (5, "门店", "unknown-store")]


def test_rows_of_one_card_become_one_card(path: Path) -> None:
    mapping = """
    [columns]
    external_id = "卡"
    product = "种类"
    customer = "会员"
    opened_on = "开卡"
    entry_id = { template = "{卡}#{流水}" }
    entry_kind = "动作"
    entry_at = "时间"
    principal = "本金"
    gift = "赠送"
    uses = "次"
    [values.entry_kind]
    "开" = "open"
    "充" = "top_up"
    "扣" = "consume"
    """
    text = (
        "卡,种类,会员,开卡,流水,动作,时间,本金,赠送,次\nC1,VIP,A,2026-01-01,1,开,2026-01-01 10:00,1000,200,\n"
        "C2,VIP,B,2026-01-02,1,开,2026-01-02,0,0,10\nC1,,,,2,扣,2026-02-01,-300,,\n"
        "C3,VIP,B,2026-01-02,1,开,,0,0,10\nC4,VIP,B,,,,,,,\nC4,GOLD,B,,,,,,,\n"
    )
    chunks = read(path, text, mapping, ImportKind.CARDS)
    cards = {card.external_id: card for card in items(chunks)}
    assert [(one.kind, one.principal_cents, one.gift_cents) for one in cards["C1"].entries] == [
        (EntryKind.OPEN, 100000, 20000),
        (EntryKind.CONSUME, -30000, 0),
    ]
    assert (cards["C1"].product, cards["C1"].customer, cards["C1"].opened_on) == ("VIP", "A", date(2026, 1, 1))
    assert cards["C2"].entries[0].uses == 10
    assert cards["C1"].entries[0].external_id == "C1#1"
    assert codes(chunks) == [(5, "时间", "missing"), (6, "", "rows-disagree"), (7, "", "rows-disagree")]


def test_appointments_without_an_id_are_numbered(path: Path) -> None:
    mapping = """
    anonymous = [""]
    create_products = "service"
    [columns]
    external_id = { template = "{Client}/{Day}/{#}" }
    starts_at = { column = "Day", minutes = "Min" }
    customer = "Client"
    service = "What"
    status = "State"
    [defaults]
    status = "booked"
    """
    text = "Client,Day,Min,What,State\nA,2026-03-01,600,Perm,\nA,2026-03-01,660,Perm,missed\n,2026-03-01,0,,\nB,2026-03-01,1440,,\n"
    chunks = read(path, text, mapping, ImportKind.APPOINTMENTS)
    first, second, third = items(chunks)
    assert [one.external_id for one in (first, second, third)] == ["A/2026-03-01/1", "A/2026-03-01/2", "/2026-03-01/1"]
    assert first.starts_at == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert (first.status, second.status, third.customer) == (AppointmentStatus.BOOKED, AppointmentStatus.MISSED, None)
    assert [(one.code, one.kind) for one in chunks[0].newcomers.products] == [("Perm", ProductKind.SERVICE)]
    assert codes(chunks) == [(5, "Min", "not-a-time")]


def test_columns_that_are_missing_or_doubled_are_all_named(path: Path) -> None:
    with pytest.raises(ColumnsMissing) as caught:
        reader(path, "No,Date,Date,Amount\n", LINES, ImportKind.SALES)
    assert caught.value.facts["missing"] == "“Client”, “Date”, “What”"
    assert caught.value.facts["columns"] == "“No”, “Date”, “Date”, “Amount”"


def test_column_names_forgive_case_and_spaces(path: Path) -> None:
    text = " no ,DATE,Cli ent,what,AMOUNT\n1,2026-03-01,A,,1\n"
    assert len(items(read(path, text, LINES))) == 1


def test_two_hundred_columns(path: Path) -> None:
    extra = ",".join(f"c{number}" for number in range(195))
    text = f"No,Date,Client,What,Amount,{extra}\n1,2026-03-01,A,,1{',' * 195}\n"
    assert len(items(read(path, text, LINES))) == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    receipts=st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["1", "2.5", "-3", "x", ""])), max_size=60),
    size=st.integers(1, 20),
    lanes=st.integers(1, 3),
    seed=st.integers(0, 5),
)
def test_every_row_is_in_exactly_one_place(
    path: Path, receipts: list[tuple[int, str]], size: int, lanes: int, seed: int
) -> None:
    random.Random(seed).shuffle(receipts)  # noqa: S311  # a reproducible order
    text = "No,Date,Client,What,Amount\n" + "".join(f"{no},2026-03-01,C{no % 4},,{amount}\n" for no, amount in receipts)
    made = reader(path, text, LINES, ImportKind.SALES)
    survey = made.survey()
    chunks = list(made.chunks(size, lanes, survey.scattered))
    places = [number for chunk in chunks for draft in chunk.drafts for number, _ in draft.rows]
    places += [one.row_no for chunk in chunks for one in chunk.refusals]
    assert sorted(places) == list(range(2, len(receipts) + 2))
    sales: list[SaleIn] = items(chunks)
    assert len({sale.external_id for sale in sales}) == len(sales)
    bad = {no for no, amount in receipts if amount == "x"}
    expected = {no: [amount for other, amount in receipts if other == no] for no, _ in receipts if no not in bad}
    assert {int(sale.external_id): len(sale.lines) for sale in sales} == {
        no: len(lines) for no, lines in expected.items()
    }
    lane_of: dict[str | None, set[int]] = {}
    for chunk in chunks:
        for draft in chunk.drafts:
            lane_of.setdefault(draft.item.customer, set()).add(chunk.lane)
    assert all(len(lanes) == 1 for lanes in lane_of.values())
