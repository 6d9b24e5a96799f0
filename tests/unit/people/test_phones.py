import pytest

from tasks.people.phones import masked, normalise_phone, spoken, tail

SAME = [
    "13800138000",
    "138 0013 8000",
    "138-0013-8000",
    "+8613800138000",
    "+86 138-0013-8000",
    "0086 138 0013 8000",
    "86 13800138000",
    "１３８００１３８０００",
    "＋８６　１３８００１３８０００",
    "(+86)138.0013.8000",
    "138—0013—8000",
]


@pytest.mark.parametrize("text", SAME)
def test_a_mainland_mobile_has_one_form(text: str) -> None:
    assert normalise_phone(text) == "+8613800138000"


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("010-12345678", "+861012345678"),
        ("（０１０）１２３４５６７８", "+861012345678"),
        ("+86 010 12345678", "+861012345678"),
        ("+86 10 12345678", "+861012345678"),
        ("0755-1234567", "+867551234567"),
        ("0755 12345678", "+8675512345678"),
        ("400-123-4567", "+864001234567"),
        ("+1 (604) 555-0199", "+16045550199"),
        ("0044 20 7946 0000", "+442079460000"),
        ("+852 9123 4567", "+85291234567"),
        ("87654321", "87654321"),
        ("604-555-0199", "6045550199"),
    ],
)
def test_other_numbers_have_one_form(text: str, phone: str) -> None:
    assert normalise_phone(text) == phone


@pytest.mark.parametrize(
    "text", ["", "无", "123", "138001380ab", "+", "+0123456789", "1" * 16, "1" * 60, "138\x0000138000"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        normalise_phone(text)


def test_normalising_twice_changes_nothing() -> None:
    for text in (*SAME, "010-12345678", "+1 604 555 0199", "87654321", "400-123-4567"):
        once = normalise_phone(text)
        assert normalise_phone(once) == once


def test_masks_show_the_tail_only() -> None:
    assert masked("+8613800138000") == "138****8000"
    assert masked("+861012345678") == "****5678"
    assert masked("87654321") == "****21"
    assert tail("+8613800138000") == "8000"


def test_numbers_are_spoken_as_one_dials_them() -> None:
    assert spoken("+8613800138000") == "13800138000"
    assert spoken("+861012345678") == "01012345678"
    assert spoken("+864001234567") == "4001234567"
    assert spoken("+16045550199") == "+16045550199"
