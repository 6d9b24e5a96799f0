"""Conditions of who a customer is."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Row
from tasks.audience.binds import Binds
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words


class GenderIs(StrEnum):
    """What a customer's gender can be asked to be."""

    FEMALE = "female"
    """女"""
    MALE = "male"
    """男"""
    UNKNOWN = "unknown"
    """未知"""


_GENDERS: Final = {
    GenderIs.FEMALE: ("女", "female"),
    GenderIs.MALE: ("男", "male"),
    GenderIs.UNKNOWN: ("未知", "unknown"),
}


class GenderParams(Params, frozen=True):
    """One of these; `unknown` is a customer whose gender is not written down."""

    is_one_of: Annotated[tuple[GenderIs, ...], msgspec.Meta(min_length=1, max_length=3)]


def _gender(params: GenderParams, binds: Binds) -> Asked:
    return Row(f"coalesce(cu.gender, 'unknown') = any({binds.add(list(params.is_one_of), 'text[]')})", "cu.gender")


def _gender_words(params: GenderParams, words: Words) -> str:
    said = words.either(words.say(*_GENDERS[one]) for one in params.is_one_of)
    return words.say("性别为{}", "gender is {}", said)


register(
    Condition(
        name="gender",
        group=Group.PROFILE,
        params=GenderParams,
        zh="性别",
        en="Gender",
        ask=_gender,
        words=_gender_words,
        example={"isOneOf": ["female"]},
        todays=True,
    )
)
