from dataclasses import dataclass
from datetime import date

import pytest

from tasks.kernel.errors import Invalid
from tasks.people.inputs import CustomerIn
from tasks.people.rules import check_customer, merged
from tasks.people.states import BirthdayKind

TODAY = date(2026, 3, 2)


@dataclass
class Bad:
    field: str
    item: CustomerIn


REFUSED = [
    Bad("externalId", CustomerIn(external_id=" ")),
    Bad("externalId", CustomerIn(external_id="x" * 129)),
    Bad("externalId", CustomerIn(external_id="a\x00b")),
    Bad("name", CustomerIn(external_id="1", name="王\n红")),
    Bad("name", CustomerIn(external_id="1", name="红\u202e王")),
    Bad("name", CustomerIn(external_id="1", name="x" * 101)),
    Bad("notes", CustomerIn(external_id="1", notes="x" * 4001)),
    Bad("level", CustomerIn(external_id="1", level="\x7f")),
    Bad("phones[1]", CustomerIn(external_id="1", phones=("13800138000", "nope"))),
    Bad("phones", CustomerIn(external_id="1", phones=("13800138000",) * 21)),
    Bad("birthdayOn", CustomerIn(external_id="1", birthday_on=date(2026, 3, 3))),
    Bad("birthdayOn", CustomerIn(external_id="1", birthday_on=date(1899, 12, 31))),
    Bad("birthdayOn", CustomerIn(external_id="1", birthday_on=date(1990, 1, 31), birthday_kind=BirthdayKind.LUNAR)),
]


@pytest.mark.parametrize("bad", REFUSED, ids=lambda bad: bad.field)
def test_a_refusal_names_the_field(bad: Bad) -> None:
    with pytest.raises(Invalid) as caught:
        check_customer(bad.item, TODAY)
    assert caught.value.field == bad.field


def test_phones_are_normalised_once_each() -> None:
    item = CustomerIn(external_id="1", phones=("138 0013 8000", "+8613800138000"), notes="two\nlines")
    assert check_customer(item, TODAY) == ("+8613800138000",)


def test_records_of_one_batch_add_up_in_order() -> None:
    first = CustomerIn(external_id="1", name="王", level="gold", phones=("13800138000",), anonymous=True)
    second = CustomerIn(external_id="1", name="王红", phones=("13900139000",), anonymous=False)
    both = merged(first, second)
    assert (both.name, both.level, both.anonymous) == ("王红", "gold", False)
    assert both.phones == ("13800138000", "13900139000")
