"""Conditions of value: RFM tier, churn level, and who moved (tasks.insight.tiers)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Days
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words
from tasks.insight.states import ChurnLevel, RfmTier

TIERS: Final[Mapping[str, tuple[str, str]]] = {
    RfmTier.CHAMPION: ("重要价值客户", "Champions"),
    RfmTier.KEEP: ("重要保持客户", "Big spenders to keep"),
    RfmTier.DEVELOP: ("重要发展客户", "Big spenders to develop"),
    RfmTier.WIN_BACK: ("重要挽留客户", "Big spenders to win back"),
    RfmTier.VALUED: ("一般价值客户", "Valued regulars"),
    RfmTier.MAINTAIN: ("一般保持客户", "Regulars to keep"),
    RfmTier.NEWCOMER: ("一般发展客户", "Newcomers"),
    RfmTier.LOST: ("一般挽留客户", "Lost"),
}
LEVELS: Final[Mapping[str, tuple[str, str]]] = {
    ChurnLevel.ACTIVE: ("稳定", "active"),
    ChurnLevel.DUE: ("该来了", "due"),
    ChurnLevel.AT_RISK: ("有流失风险", "at risk"),
    ChurnLevel.LOST: ("已流失", "lost"),
}


@dataclass(frozen=True)
class _Kind:
    """One of the two: the columns it stands in, and its words."""

    now: str
    before: str
    since: str
    words: Mapping[str, tuple[str, str]]
    zh: str
    en: str

    @property
    def zh_after_chinese(self) -> str:
        """The Chinese words, with the space that stands between Chinese and Latin letters."""
        return f" {self.zh}" if self.zh[0].isascii() else self.zh

    def named(self, values: Sequence[str], words: Words) -> str:
        """Return the values in words, joined by or."""
        return words.either(words.say(*self.words[value]) for value in values)

    def some(self, where: str, seen: str) -> Some:
        """Return the question whether her row is so."""
        return Some(
            "customer_insight i", "i.customer_id", "i.merchant_id", where, seen=seen, among=f"i.{self.now} is not null"
        )


RFM: Final = _Kind("rfm_tier", "rfm_before", "rfm_since_on", TIERS, "RFM 分层", "RFM tier")
CHURN: Final = _Kind("churn_level", "churn_before", "churn_since_on", LEVELS, "流失等级", "churn level")

SomeTiers = Annotated[tuple[RfmTier, ...], msgspec.Meta(min_length=1, max_length=len(RfmTier))]
SomeLevels = Annotated[tuple[ChurnLevel, ...], msgspec.Meta(min_length=1, max_length=len(ChurnLevel))]


class RfmTierParams(Params, frozen=True):
    """In one of these tiers. Who never bought is in none."""

    is_one_of: SomeTiers


class ChurnLevelParams(Params, frozen=True):
    """At one of these levels; with `since_within_days`, only who came to it in the last days, today included. Who never came has none."""

    is_one_of: SomeLevels
    since_within_days: Days | None = None


class RfmMovedParams(Params, frozen=True, kw_only=True):
    """Her last change of tier was to `to` (from `from`, if given) and lies in the last days, today included. A first tier is no change."""

    to: RfmTier
    from_: RfmTier | None = msgspec.field(default=None, name="from")
    within_days: Days


class ChurnMovedParams(Params, frozen=True, kw_only=True):
    """Her last change of level was to `to` (from `from`, if given) and lies in the last days, today included. A first level is no change."""

    to: ChurnLevel
    from_: ChurnLevel | None = msgspec.field(default=None, name="from")
    within_days: Days


def _is(kind: _Kind) -> Callable[[Any, Binds], Asked]:
    def ask(params: Any, binds: Binds) -> Asked:
        where = f"i.{kind.now} = any({binds.add([str(one) for one in params.is_one_of], 'text[]')})"
        since = getattr(params, "since_within_days", None)
        if since is not None:
            where += f" and i.{kind.since} >= {binds.days_ago(since)}"
        return kind.some(where, f"max(i.{kind.now})")

    return ask


def _is_words(kind: _Kind) -> Callable[[Any, Words], str]:
    def say(params: Any, words: Words) -> str:
        named = kind.named(params.is_one_of, words)
        since = getattr(params, "since_within_days", None)
        if since is None:
            return words.say(f"{kind.zh}为{{}}", f"{kind.en} is {{}}", named)
        return words.say(
            f"近 {{}} 天成为{{}}（{kind.zh}）", f"{kind.en} became {{1}} in the last {{0}} days", since, named
        )

    return say


def _moved(kind: _Kind) -> Callable[[Any, Binds], Asked]:
    def ask(params: Any, binds: Binds) -> Asked:
        where = f"i.{kind.now} = {binds.add(str(params.to), 'text')} and i.{kind.since} >= {binds.days_ago(params.within_days)}"
        if params.from_ is None:
            where += f" and i.{kind.before} is not null"
        else:
            where += f" and i.{kind.before} = {binds.add(str(params.from_), 'text')}"
        return kind.some(
            where, f"max(coalesce(i.{kind.before} || ' → ', '') || i.{kind.now} || ' ' || i.{kind.since}::text)"
        )

    return ask


def _moved_words(kind: _Kind) -> Callable[[Any, Words], str]:
    def say(params: Any, words: Words) -> str:
        to = kind.named([params.to], words)
        if params.from_ is None:
            return words.say(
                f"近 {{}} 天{kind.zh_after_chinese}变为{{}}",
                f"{kind.en} changed to {{1}} in the last {{0}} days",
                params.within_days,
                to,
            )
        was = kind.named([params.from_], words)
        return words.say(
            f"近 {{}} 天{kind.zh_after_chinese}由{{}}变为{{}}",
            f"{kind.en} changed from {{1}} to {{2}} in the last {{0}} days",
            params.within_days,
            was,
            to,
        )

    return say


def _register(
    kind: _Kind,
    names: tuple[str, str],
    params: tuple[type[Any], type[Any]],
    examples: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Put the two conditions of a kind into the catalogue: what she is, and what she moved to."""
    english = kind.en[0].upper() + kind.en[1:]
    register(
        Condition(
            name=names[0], group=Group.VALUE, params=params[0], zh=kind.zh, en=english, ask=_is(kind), words=_is_words(kind), example=examples[0], todays=True,
        )
    )  # fmt: skip
    register(
        Condition(
            name=names[1], group=Group.VALUE, params=params[1], zh=f"{kind.zh}变化", en=f"{english} changed", ask=_moved(kind), words=_moved_words(kind),
            example=examples[1], todays=True,
        )
    )  # fmt: skip


_register(
    RFM,
    ("rfm_tier", "rfm_moved"),
    (RfmTierParams, RfmMovedParams),
    ({"isOneOf": ["champion", "keep"]}, {"from": "champion", "to": "keep", "withinDays": 30}),
)
_register(
    CHURN,
    ("churn_level", "churn_moved"),
    (ChurnLevelParams, ChurnMovedParams),
    ({"isOneOf": ["at_risk"], "sinceWithinDays": 7}, {"to": "at_risk", "withinDays": 7}),
)
