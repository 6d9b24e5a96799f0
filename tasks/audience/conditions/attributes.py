"""The condition of the attributes that a merchant declares of its customers."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import SIGNS, Days, When, bounded, check_bounds, check_range, dates, when, when_words
from tasks.audience.references import MOST_NAMED, AttributeId
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words

MILLI: Final = 1000
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Texts = Annotated[tuple[Text, ...], msgspec.Meta(max_length=MOST_NAMED)]
Number = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
_DAYS: Final = ("within_days", "not_within_days", "from_on", "to_on")


class AttributeParams(Params, frozen=True):
    """The value of a declared attribute: a text (`isOneOf`, `isNoneOf`), a number (bounds, up to three decimals), a flag, or a day, near or in a range.

    A value of another kind is none. A customer without a value matches only with `missing`, which alone asks that there is none at all.
    """

    attribute: AttributeId
    is_one_of: Texts = ()
    is_none_of: Texts = ()
    equals: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None
    flag: bool | None = None
    within_days: Days | None = None
    not_within_days: Days | None = None
    from_on: date | None = None
    to_on: date | None = None
    missing: bool = False

    def __post_init__(self) -> None:
        """Refuse nothing, operands of two kinds, and bounds that no value can keep."""
        asked = (self.is_text, self.is_number, self.flag is not None, self.is_day)
        if sum(asked) > 1:
            raise ValueError("needs operands of one kind: text, number, flag or day")
        if not any(asked) and not self.missing:
            raise ValueError("needs a text, bounds, a flag, a day, or missing")
        if self.is_number:
            check_bounds(_milli(self))
        if self.is_day:
            self.when()

    @property
    def is_text(self) -> bool:
        """True when a text is asked for."""
        return bool(self.is_one_of or self.is_none_of)

    @property
    def is_number(self) -> bool:
        """True when a number is asked for."""
        return any(getattr(self, name) is not None for name in SIGNS)

    @property
    def is_day(self) -> bool:
        """True when a day is asked for."""
        return any(getattr(self, name) is not None for name in _DAYS)

    def when(self) -> When:
        """Return the parameters of a day; raises `ValueError` when they are none."""
        check_range(self.from_on, self.to_on)
        return When(**{name: getattr(self, name) for name in _DAYS})


def _milli(params: AttributeParams) -> SimpleNamespace:
    """Return the bounds in thousandths, as they are stored; raises `ValueError` on a fourth decimal."""
    bounds = {}
    for name in SIGNS:
        value = getattr(params, name)
        scaled = None if value is None else Decimal(str(value)) * MILLI
        if scaled is not None and scaled != int(scaled):
            raise ValueError("a number has at most three decimals")
        bounds[name] = None if scaled is None else int(scaled)
    return SimpleNamespace(**bounds)


def _kept(params: AttributeParams, binds: Binds) -> tuple[str, str]:
    """Return the column of the operand's kind, and the SQL that its value, which is not null, is as asked."""
    if params.flag is not None:
        return "ca.number_milli", f"ca.number_milli = {binds.add(MILLI * params.flag, 'bigint')}"
    if params.is_number:
        return "ca.number_milli", bounded("ca.number_milli", _milli(params), binds)
    if params.is_day:
        return "ca.day_value", when("ca.day_value", params.when(), dates(binds), until_today=True)
    parts = []
    for texts, quantifier in ((params.is_one_of, "= any"), (params.is_none_of, "<> all")):
        if texts:
            parts.append(f"ca.text_value {quantifier}({binds.add(list(texts), 'text[]')})")
    return "ca.text_value", " and ".join(parts)


def _attribute(params: AttributeParams, binds: Binds) -> Asked:
    """With `missing` nobody is taken who has a value of the kind that is not as asked: who has none is left."""
    among = f"ca.attribute_id = {binds.add(params.attribute, 'uuid')}"
    where = among
    if params.is_text or params.is_number or params.is_day or params.flag is not None:
        column, kept = _kept(params, binds)
        where += f" and {column} is not null and {'not ' if params.missing else ''}({kept})"
    return Some(
        source="customer_attribute ca",
        who="ca.customer_id",
        merchant="ca.merchant_id",
        where=where,
        none=params.missing,
        seen="max(coalesce(ca.text_value, ca.day_value::text, trim_scale(ca.number_milli / 1000.0)::text))",
        among=among,
    )


def _attribute_words(params: AttributeParams, words: Words) -> str:
    name = words.named([params.attribute])
    said = [words.say("{}{}", "{} {}", name, part) for part in _operand_words(params, words)]
    missing = [words.say("{}没有填写", "{} is not set", name)] if params.missing else []
    return words.either([words.say("且", " and ").join(said), *missing] if said else missing)


def _plain(value: float | None) -> str | None:
    return None if value is None else f"{Decimal(str(value)).normalize():f}"


def _operand_words(params: AttributeParams, words: Words) -> list[str]:
    if params.flag is not None:
        return [words.say("为是", "is yes") if params.flag else words.say("为否", "is no")]
    if params.is_number:
        return [words.bounds(SimpleNamespace(**{name: _plain(getattr(params, name)) for name in SIGNS}))]
    if params.is_day:
        return [when_words(params.when(), words, ("内", "was"), ("内没有", "was not"))]
    parts = [words.say("为{}", "is {}", words.either(params.is_one_of))] if params.is_one_of else []
    return [*parts, *([words.say("不是{}", "is not {}", words.either(params.is_none_of))] if params.is_none_of else [])]


register(
    Condition(
        name="attribute",
        group=Group.PROFILE,
        params=AttributeParams,
        zh="自定义属性",
        en="Attribute",
        ask=_attribute,
        words=_attribute_words,
        example={"attribute": "01930000-0000-7000-8000-000000000001", "isOneOf": ["是"]},
        todays=True,
    )
)
