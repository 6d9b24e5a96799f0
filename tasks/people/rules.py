"""What a customer or staff record must look like before it is let in; pure."""

import re
from collections.abc import Callable, Sequence
from datetime import date

from tasks.kernel.errors import Invalid
from tasks.people.inputs import CustomerIn, StaffIn
from tasks.people.phones import normalise_phone
from tasks.people.states import BirthdayKind

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
LONGEST = {
    "externalId": 128,
    "name": 100,
    "nickname": 100,
    "remarkName": 100,
    "wechat": 100,
    "source": 64,
    "level": 64,
    "notes": 4000,
}
"""Characters per field; what is longer is refused, not cut."""
MOST_PHONES = 20
MOST_TAGS = 50
MOST_ATTRIBUTES = 200
_OLDEST_BIRTHDAY = date(1900, 1, 1)
_LONGEST_LUNAR_MONTH = 30


def check_text(field: str, value: str | None, *, needed: bool = False) -> None:
    """Refuse control characters, over-long values and, when `needed`, an empty one. Raises `Invalid`."""
    if not value or not value.strip():
        if needed:
            raise Invalid(field, "is empty")
        return
    if len(value) > LONGEST.get(field, 128):
        raise Invalid(field, f"is longer than {LONGEST.get(field, 128)} characters")
    if (_CONTROL_BUT_LINES if field == "notes" else _CONTROL).search(value):
        raise Invalid(field, "has control characters")


def check_phone(field: str, value: str) -> str:
    """Return the normalised number. Raises `Invalid`."""
    try:
        return normalise_phone(value)
    except ValueError as fault:
        raise Invalid(field, "is not a phone number") from fault


def check_birthday(born_on: date | None, kind: BirthdayKind | None, today: date) -> None:
    """Refuse a birthday in the future, before 1900, or past the thirtieth of a lunar month. Raises `Invalid`."""
    if born_on is None:
        return
    if born_on > today or born_on < _OLDEST_BIRTHDAY:
        raise Invalid("birthdayOn", "is in the future or before 1900")
    if kind is BirthdayKind.LUNAR and born_on.day > _LONGEST_LUNAR_MONTH:
        raise Invalid("birthdayOn", "is past the 30th of a lunar month")


def _check_tags(tags: Sequence[str]) -> None:
    if len(tags) > MOST_TAGS:
        raise Invalid("tags", f"more than {MOST_TAGS}")
    for at, tag in enumerate(tags):
        check_text(f"tags[{at}]", tag)


def check_customer(item: CustomerIn, today: date) -> tuple[str, ...]:
    """Return the normalised phones, without repeats. Raises `Invalid` naming the field."""
    check_text("externalId", item.external_id, needed=True)
    for field, value in (
        ("name", item.name),
        ("nickname", item.nickname),
        ("remarkName", item.remark_name),
        ("wechat", item.wechat),
        ("source", item.source),
        ("level", item.level),
        ("notes", item.notes),
    ):
        if value is not None:
            check_text(field, value)
    check_birthday(item.birthday_on, item.birthday_kind, today)
    if len(item.phones) > MOST_PHONES:
        raise Invalid("phones", f"more than {MOST_PHONES}")
    if item.tags:
        _check_tags(item.tags)
    if len(item.attributes) > MOST_ATTRIBUTES:
        raise Invalid("attributes", f"more than {MOST_ATTRIBUTES}")
    return tuple(dict.fromkeys(check_phone(f"phones[{at}]", phone) for at, phone in enumerate(item.phones)))


def check_staff(item: StaffIn) -> str | None:
    """Return the normalised log-in phone, if any. Raises `Invalid` naming the field."""
    check_text("externalId", item.external_id, needed=True)
    check_text("name", item.name, needed=True)
    return check_phone("phone", item.phone) if item.phone else None


def look_up(field: str, code: str | None, found: Callable[[str], object | None]) -> None:
    """Refuse a code nobody knows. Raises `Invalid`."""
    if code is not None and found(code) is None:
        raise Invalid(field, "is not known")


def merged(earlier: CustomerIn, later: CustomerIn) -> CustomerIn:
    """Return what two records of one batch say together, in order: the later value wins, None says nothing, phones and tags add up."""
    said = {name: getattr(later, name) for name in CustomerIn.__struct_fields__ if getattr(later, name) is not None}
    before = {name: getattr(earlier, name) for name in CustomerIn.__struct_fields__}
    phones: Sequence[str] = tuple(dict.fromkeys((*earlier.phones, *later.phones)))
    tags = tuple(dict.fromkeys((*earlier.tags, *later.tags)))
    attributes = earlier.attributes | later.attributes
    return CustomerIn(**(before | said | {"phones": tuple(phones), "tags": tags, "attributes": attributes}))
