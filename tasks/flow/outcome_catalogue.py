"""What an employee can log: the built-in outcomes and the merchant's own, with the fields each takes, the reasons to choose from and times to tap."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin
from uuid import UUID

import msgspec

from tasks.callbacks.codes import offered_codes
from tasks.callbacks.labels import CHIPS, LABELS, Chip, ChipKind
from tasks.callbacks.meanings import MEANINGS
from tasks.callbacks.outcomes import OUTCOMES, Behaviour
from tasks.callbacks.reasons import offered_reasons
from tasks.callbacks.tables import Outcome, ReasonTopic
from tasks.kernel.unit import Unit


class FieldKind(StrEnum):
    """How a field is asked for."""

    INSTANT = "instant"
    """An instant with a zone, RFC 3339."""
    DAY = "day"
    """A store-local day, YYYY-MM-DD."""
    CHOICE = "choice"
    """One of `choices`."""
    REASON = "reason"
    """A reason or category: one of the outcome's `reasons`."""
    MONEY = "money"
    """An amount in 分."""
    STAFF = "staff"
    """A colleague's id."""
    CONTACT_POINT = "contact_point"
    """The id of one of her numbers."""
    TEXT = "text"
    """A code or name."""


class _Out(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """camelCase outside."""


class ChoiceView(_Out, frozen=True):
    """One thing to choose, in the caller's language."""

    code: str
    label: str


class ChipView(_Out, frozen=True):
    """A time to tap: `minutes` after the contact, or `days` store-local days later (at a wall time), or the next Saturday (`weekend`)."""

    code: str
    label: str
    kind: ChipKind
    minutes: int | None = None
    days: int | None = None
    at: time | None = None


class FieldView(_Out, frozen=True):
    """One entry of a callback's `fields`. `required` is none of the alternatives of the outcome's `needs`: those are required by turns."""

    name: str
    kind: FieldKind
    required: bool
    choices: Sequence[ChoiceView] = ()
    chips: Sequence[ChipView] = ()


class OutcomeEntry(_Out, frozen=True):
    """An outcome to offer. `behaviour` is the built-in outcome it does the same as, itself when it is built in.

    `needs` are names of needed fields, `a|b` when one of two does, `channel` when the callback's channel must say how; `channels` are those that fit, all
    when empty. `positive` ones are what one hopes for.
    """

    code: str
    behaviour: Outcome
    label: str
    positive: bool
    own: bool
    needs: Sequence[str]
    fields: Sequence[FieldView]
    reasons: Sequence[ChoiceView]
    channels: Sequence[str]


class OutcomeCatalogue(_Out, frozen=True):
    """What can be logged, in the order it is shown."""

    outcomes: Sequence[OutcomeEntry]


async def outcome_catalogue(unit: Unit, locale: str = "zh-CN") -> OutcomeCatalogue:
    """Return the catalogue in the caller's language: the built-in outcomes in their order, the merchant's own by rank among them. Two queries."""
    topics = await offered_reasons(unit, locale)
    reasons = {topic: [ChoiceView(code=one.code, label=one.label) for one in found] for topic, found in topics.items()}
    built_in = [
        (0, place, _entry(outcome, (outcome.value, names[_column(locale)]), reasons, locale))
        for place, (outcome, names) in enumerate(LABELS.items())
    ]
    own = [
        (one.rank, len(LABELS) + place, _entry(one.behaviour, (one.code, one.label), reasons, locale))
        for place, one in enumerate(await offered_codes(unit, locale))
    ]
    return OutcomeCatalogue(outcomes=[entry for *_, entry in sorted((*built_in, *own), key=lambda one: one[:2])])


def _column(locale: str) -> int:
    return int(locale.startswith("en"))


def _entry(
    outcome: Outcome, named: tuple[str, str], reasons: Mapping[ReasonTopic, Sequence[ChoiceView]], locale: str
) -> OutcomeEntry:
    behaviour = OUTCOMES[outcome]
    return OutcomeEntry(
        code=named[0],
        behaviour=outcome,
        label=named[1],
        positive=MEANINGS[outcome].positive,
        own=named[0] != outcome.value,
        needs=behaviour.needs,
        fields=[_field(behaviour, one, locale) for one in msgspec.structs.fields(behaviour.fields)],
        reasons=reasons[behaviour.topic] if behaviour.topic else (),
        channels=sorted(channel.value for channel in behaviour.channels),
    )


def _field(behaviour: Behaviour, field: msgspec.structs.FieldInfo, locale: str) -> FieldView:
    kind = _kind(field)
    return FieldView(
        name=field.encode_name,
        kind=kind,
        required=field.encode_name in behaviour.needs,
        choices=_choices(field, locale) if kind is FieldKind.CHOICE else (),
        chips=[_chip(chip, locale) for chip in CHIPS.get(field.encode_name, ())],
    )


_KINDS: Final[Mapping[type, FieldKind]] = {
    datetime: FieldKind.INSTANT,
    date: FieldKind.DAY,
    int: FieldKind.MONEY,
    str: FieldKind.TEXT,
}
_BY_NAME: Final = {
    "reason": FieldKind.REASON,
    "category": FieldKind.REASON,
    "staffId": FieldKind.STAFF,
    "contactPointId": FieldKind.CONTACT_POINT,
}


def _plain(field: msgspec.structs.FieldInfo) -> Any:
    """The field's type without its None."""
    if get_origin(field.type) in {Union, UnionType}:
        return next(one for one in get_args(field.type) if one is not NoneType)
    return field.type


def _kind(field: msgspec.structs.FieldInfo) -> FieldKind:
    plain = _plain(field)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return FieldKind.CHOICE
    if field.encode_name in _BY_NAME or plain is UUID:
        return _BY_NAME[field.encode_name]
    return _KINDS[plain]


_CHOICES: Final = {
    "morning": ("上午", "Morning"),
    "afternoon": ("下午", "Afternoon"),
    "phone": ("不要打电话", "No calls"),
    "wechat": ("不要发消息", "No messages"),
    "all": ("不要任何联系", "No contact at all"),
}


def _choices(field: msgspec.structs.FieldInfo, locale: str) -> list[ChoiceView]:
    return [ChoiceView(code=one.value, label=_CHOICES[one.value][_column(locale)]) for one in _plain(field)]


def _chip(chip: Chip, locale: str) -> ChipView:
    words = chip.label[_column(locale)]
    return ChipView(code=chip.code, label=words, kind=chip.kind, minutes=chip.minutes, days=chip.days, at=chip.at)
