from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.imports.amounts import parse_flag, parse_money, parse_quantity, parse_whole, to_cents
from backend.imports.reasons import CellRefused


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("", 0),
        ("12", 1200),
        ("12.345", 1235),
        ("-12.345", -1235),
        ("1,234.50", 123450),
        ("¥1,234.50", 123450),
        ("￥12元", 1200),
        ("$ -50", -5000),
        ("-$50.00", -5000),
        ("(50.00)", -5000),
        ("50-", -5000),
        ("CNY 3.1", 310),
        ("１２．５", 1250),
        ("1e3", 100000),
        ("1 234,5", None),
        ("3,1", None),
        ("1,23,456", None),
        ("1.234,56", None),
        ("1'234.50", 123450),
        ("abc", None),
        ("--5", None),
        ("NaN", None),
        ("Infinity", None),
        ("1.2.3", None),
        ("99999999999999999999", None),
    ],
)
def test_money_as_books_write_it(text: str, cents: int | None) -> None:
    if cents is None:
        with pytest.raises(CellRefused) as caught:
            to_cents(parse_money(text, "."))
        assert caught.value.code == "not-an-amount"
    else:
        assert to_cents(parse_money(text, ".")) == cents


def test_decimal_comma() -> None:
    assert to_cents(parse_money("1.234,50 €", ",")) == 123450
    assert to_cents(parse_money("-3,1", ",")) == -310


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_every_amount_survives_being_written(amount: Decimal) -> None:
    assert to_cents(parse_money(f"¥{amount:,.2f}", ".")) == int(amount * 100)
    assert to_cents(parse_money(str(amount), ".")) == int(amount * 100)


def test_quantities_and_whole_numbers() -> None:
    assert parse_quantity("-1", ".") == -1
    assert parse_quantity("1.5", ".") == Decimal("1.5")
    assert parse_whole("28.0", ".") == 28
    for text in ("1.2345", "1e12", "two"):
        with pytest.raises(CellRefused):
            parse_quantity(text, ".")
    with pytest.raises(CellRefused):
        parse_whole("1.5", ".")


def test_flags() -> None:
    assert [parse_flag(text) for text in ("TRUE", "是", "Y", "1", "√")] == [True] * 5
    assert [parse_flag(text) for text in ("false", "否", "n", "0", "")] == [False] * 5
    with pytest.raises(CellRefused):
        parse_flag("maybe")
