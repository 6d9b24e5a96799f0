"""Conditions of who a customer is."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Row
from tasks.audience.binds import Binds
from tasks.audience.bounds import Code, When, dates, when, when_words
from tasks.audience.references import MOST_NAMED, StoreId
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words


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
    parts = ["cu.gender is null"] if GenderIs.UNKNOWN in params.is_one_of else []
    if known := [one for one in params.is_one_of if one is not GenderIs.UNKNOWN]:
        parts.append(f"(cu.gender is not null and cu.gender = any({binds.add(known, 'text[]')}))")
    return Row(" or ".join(parts), "cu.gender")


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


class CodedParams(Params, frozen=True):
    """One of these codes; `missing` takes those of whom nothing is written down, too."""

    is_one_of: Annotated[tuple[Code, ...], msgspec.Meta(max_length=MOST_NAMED)] = ()
    missing: bool = False

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        if not self.is_one_of and not self.missing:
            raise ValueError("needs one of: isOneOf, missing")


class SourceParams(CodedParams, frozen=True):
    """Came from one of these sources (codes); `missing`: nobody knows from where."""


class LevelParams(CodedParams, frozen=True):
    """Has one of these membership levels (codes); `missing`: has none."""


class RegionParams(CodedParams, frozen=True):
    """The home store is in one of these regions; `missing`: it has no region, or there is no home store."""


def _coded(column: str, params: CodedParams, binds: Binds) -> Row:
    """An empty code, which imports may leave, is none."""
    parts = [f"({column} is null or {column} = '')"] if params.missing else []
    if params.is_one_of:
        parts.append(f"({column} is not null and {column} = any({binds.add(list(params.is_one_of), 'text[]')}))")
    return Row(" or ".join(parts), column)


def _coded_words(params: CodedParams, words: Words, what: tuple[str, str, str], none: tuple[str, str]) -> str:
    """`what` is the sentence in zh-CN and en, and whose codes they are."""
    parts = [words.say(*none)] if params.missing else []
    if params.is_one_of:
        parts.insert(0, words.say(what[0], what[1], words.coded(what[2], params.is_one_of)))
    return words.either(parts)


def _source(params: SourceParams, binds: Binds) -> Asked:
    return _coded("cu.source", params, binds)


def _source_words(params: SourceParams, words: Words) -> str:
    return _coded_words(params, words, ("来源为{}", "came from {}", "source"), ("来源未知", "source is unknown"))


register(
    Condition(
        name="source",
        group=Group.PROFILE,
        params=SourceParams,
        zh="来源",
        en="Source",
        ask=_source,
        words=_source_words,
        example={"isOneOf": ["dianping"]},
        todays=True,
    )
)


def _level(params: LevelParams, binds: Binds) -> Asked:
    return _coded("cu.level", params, binds)


def _level_words(params: LevelParams, words: Words) -> str:
    return _coded_words(params, words, ("会员等级为{}", "level is {}", "level"), ("没有会员等级", "has no level"))


register(
    Condition(
        name="level",
        group=Group.PROFILE,
        params=LevelParams,
        zh="会员等级",
        en="Level",
        ask=_level,
        words=_level_words,
        example={"isOneOf": ["gold"]},
        todays=True,
    )
)


def _customer_since(params: When, binds: Binds) -> Asked:
    return Row(when("cu.customer_since_on", params, dates(binds), until_today=True), "cu.customer_since_on::text")


def _customer_since_words(params: When, words: Words) -> str:
    """Whose day is unknown did not become a customer in the last days, as far as anybody knows: the words say so."""
    did = ("成为客户", "became a customer")
    told = {name: getattr(params, name) for name in ("within_days", "from_on", "to_on")}
    parts = [when_words(When(**told), words, did, did)] if any(value is not None for value in told.values()) else []
    if params.not_within_days is not None:
        unknown = (
            "成为客户超过 {} 天（含日期未知）",
            "has been a customer for more than {} days, or since nobody knows when",
        )
        parts.append(words.say(*unknown, params.not_within_days))
    return words.say("且", " and ").join(parts)


register(
    Condition(
        name="customer_since",
        group=Group.PROFILE,
        params=When,
        zh="成为客户的日期",
        en="Customer since",
        ask=_customer_since,
        words=_customer_since_words,
        example={"notWithinDays": 365},
        seen=Seen.DAY,
    )
)


class HomeStoreParams(Params, frozen=True):
    """The home store is one of these; `missing` takes those without one, too."""

    stores: Annotated[tuple[StoreId, ...], msgspec.Meta(max_length=MOST_NAMED)] = ()
    missing: bool = False

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        if not self.stores and not self.missing:
            raise ValueError("needs one of: stores, missing")


_STORE = "(select {column} from store rs where rs.merchant_id = cu.merchant_id and rs.id = cu.home_store_id)"


def _home_store(params: HomeStoreParams, binds: Binds) -> Asked:
    parts = ["cu.home_store_id is null"] if params.missing else []
    if params.stores:
        named = binds.add(list(params.stores), "uuid[]")
        parts.append(f"(cu.home_store_id is not null and cu.home_store_id = any({named}))")
    return Row(" or ".join(parts), _STORE.format(column="rs.name"))


def _home_store_words(params: HomeStoreParams, words: Words) -> str:
    parts = [words.say("没有归属门店", "has no home store")] if params.missing else []
    if params.stores:
        parts.insert(0, words.say("归属门店为{}", "home store is {}", words.named(params.stores)))
    return words.either(parts)


register(
    Condition(
        name="home_store",
        group=Group.PROFILE,
        params=HomeStoreParams,
        zh="归属门店",
        en="Home store",
        ask=_home_store,
        words=_home_store_words,
        example={"missing": True},
        todays=True,
    )
)


def _region(params: RegionParams, binds: Binds) -> Asked:
    """Stores are few: they are found first, and customers by the index of their home store."""
    where = "from store rs where rs.merchant_id = :merchant and"
    parts = []
    if params.missing:
        nowhere = f"cu.home_store_id in (select rs.id {where} (rs.region is null or rs.region = ''))"
        parts.append(f"(cu.home_store_id is null or {nowhere})")
    if params.is_one_of:
        named = binds.add(list(params.is_one_of), "text[]")
        inside = f"cu.home_store_id in (select rs.id {where} rs.region is not null and rs.region = any({named}))"
        parts.append(f"(cu.home_store_id is not null and {inside})")
    return Row(" or ".join(parts), _STORE.format(column="rs.region"))


def _region_words(params: RegionParams, words: Words) -> str:
    return _coded_words(
        params,
        words,
        ("归属门店在{}", "home store is in {}", "region"),
        ("归属门店没有区域", "home store has no region"),
    )


register(
    Condition(
        name="region",
        group=Group.PROFILE,
        params=RegionParams,
        zh="区域",
        en="Region",
        ask=_region,
        words=_region_words,
        example={"isOneOf": ["上海"]},
        todays=True,
    )
)
