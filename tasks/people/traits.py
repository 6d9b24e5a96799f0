"""The lists of what a merchant's customers can be: levels, sources, and the fields it declares of customers and of its own events."""

import re
from typing import Any, Final

import msgspec

from tasks.kernel.errors import Invalid
from tasks.people.coded import Sheet
from tasks.people.rules import check_text
from tasks.people.states import CUSTOM_EVENT, AttributeAbout, AttributeKind
from tasks.people.trait_inputs import AttributeIn, AttributeRow, LevelIn, LevelRow, SourceIn, SourceRow

_NAME = re.compile(r"[^\W\d]\w{0,63}")
LONGEST_CODE = 64
MOST_RANK = 1_000_000
MOST_CHOICES = 200
LONGEST_VALUE = 200
"""Characters of a text that a declared field may have."""


def check_code(code: str) -> None:
    """Refuse an empty code, and one that is too long for a customer to carry. Raises `Invalid`."""
    check_text("code", code, needed=True)
    if len(code) > LONGEST_CODE:
        raise Invalid("code", f"is longer than {LONGEST_CODE} characters")


def _level(item: LevelIn) -> tuple[Any, ...]:
    check_code(item.code)
    check_text("name", item.name, needed=True)
    check_text("benefit", item.benefit)
    if not -MOST_RANK <= item.rank <= MOST_RANK:
        raise Invalid("rank", f"is not between -{MOST_RANK} and {MOST_RANK}")
    return item.code, item.name, item.rank, item.benefit, item.active


def _source(item: SourceIn) -> tuple[Any, ...]:
    check_code(item.code)
    check_text("name", item.name, needed=True)
    return item.code, item.name, item.active


def _attribute(item: AttributeIn) -> tuple[Any, ...]:
    check_code(item.code)
    if not _NAME.fullmatch(item.code):
        raise Invalid("code", "is not letters, digits and underscores, a letter first")
    check_text("name", item.name, needed=True)
    if item.event_type and not CUSTOM_EVENT.fullmatch(item.event_type):
        raise Invalid("eventType", "is no event type of your own (custom.<name>)")
    _check_choices(item)
    about = AttributeAbout.EVENT if item.event_type else AttributeAbout.CUSTOMER
    choices = msgspec.json.encode(item.choices).decode()
    return about.value, item.event_type, item.code, item.name, item.kind.value, choices, item.sensitive, item.active


def _check_choices(item: AttributeIn) -> None:
    if item.choices and item.kind is not AttributeKind.TEXT:
        raise Invalid("choices", "only a text has choices")
    if len(item.choices) > MOST_CHOICES:
        raise Invalid("choices", f"more than {MOST_CHOICES}")
    for place, choice in enumerate(item.choices):
        check_text(f"choices[{place}]", choice, needed=True)
    if len(set(item.choices)) != len(item.choices):
        raise Invalid("choices", "has one twice")


LEVELS: Final[Sheet[LevelIn, LevelRow]] = Sheet(
    table="customer_level",
    what="等级/level",
    fields=(("code", "text"), ("name", "text"), ("rank", "int"), ("benefit", "text"), ("active", "bool")),
    values=_level,
    row=LevelRow,
)
SOURCES: Final[Sheet[SourceIn, SourceRow]] = Sheet(
    table="customer_source",
    what="来源/source",
    fields=(("code", "text"), ("name", "text"), ("active", "bool")),
    values=_source,
    row=SourceRow,
)
ATTRIBUTES: Final[Sheet[AttributeIn, AttributeRow]] = Sheet(
    table="attribute",
    what="属性/attribute",
    fields=(
        ("about", "text"),
        ("event_type", "text"),
        ("code", "text"),
        ("name", "text"),
        ("kind", "text"),
        ("choices", "jsonb"),
        ("sensitive", "bool"),
        ("active", "bool"),
    ),
    values=_attribute,
    row=AttributeRow,
    key=("event_type", "code"),
    # Values are stored in the column of their kind.
    fixed=("kind",),
    conflict="(code, about, event_type, merchant_id) where code <> ''",
    has_id=True,
)
