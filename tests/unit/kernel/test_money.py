import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.kernel.money import MAX_CENTS, parse_cents, yuan


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("0", 0),
        ("1,234.50", 123_450),
        (" ¥12 ", 1_200),
        ("￥3.005", 301),
        ("-3.1", -310),
        ("1e3", 100_000),
        ("１２", 1_200),
    ],
)
def test_what_people_write(text: str, cents: int) -> None:
    assert parse_cents(text) == cents


@pytest.mark.parametrize("text", ["", "abc", "NaN", "inf", "-Infinity", "1.2.3", "12元", "1e40", str(MAX_CENTS)])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_cents(text)


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0"), (86_000, "860"), (86_050, "860.50"), (-5, "-0.05"), (-300, "-3")]
)
def test_as_people_read_it(cents: int, text: str) -> None:
    assert yuan(cents) == text


@given(st.integers(-(10**12), 10**12))
def test_read_again_it_is_the_same(cents: int) -> None:
    assert parse_cents(yuan(cents)) == cents
