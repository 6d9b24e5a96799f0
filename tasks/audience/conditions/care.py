"""Conditions of who looks after a customer, and who is her friend on WeChat."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Code
from tasks.audience.references import MOST_NAMED, StaffId
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words
from tasks.people.states import CareRole

StaffIds = Annotated[tuple[StaffId, ...], msgspec.Meta(max_length=MOST_NAMED)]
_ROWS = (
    "select x.merchant_id, x.customer_id, x.staff_id, x.role, x.category, x.from_on from customer_staff x where x.to_on"
)
_CARERS = f"({_ROWS} is null union all {_ROWS} > {{today}}) cs"
"""In two parts, each with its index: who looks after her until further notice, and who does until a day to come. On the day it ends it is over."""


class CareParams(Params, frozen=True):
    """Any of these staff has the role today, or (`empty`) nobody has. With `category` only the care for that category is meant, else any."""

    staff: StaffIds = ()
    empty: bool = False
    category: Code | None = None

    def __post_init__(self) -> None:
        """Refuse neither and both."""
        if bool(self.staff) == self.empty:
            raise ValueError("needs exactly one of: staff, empty")


class ConsultantParams(CareParams, frozen=True):
    """Her consultant (专属顾问)."""


class TechnicianParams(CareParams, frozen=True):
    """Her technician (专属技师)."""


def _cared(role: CareRole, params: CareParams, binds: Binds) -> Asked:
    among = f"cs.role = '{role}' and cs.from_on <= {{today}}"
    if params.category is not None:
        among += f" and cs.category = {binds.add(params.category, 'text')}"
    staff = f" and cs.staff_id = any({binds.add(list(params.staff), 'uuid[]')})" if params.staff else ""
    return Some(
        source=_CARERS,
        who="cs.customer_id",
        merchant="cs.merchant_id",
        where=among + staff,
        none=params.empty,
        among=among,
    )


def _cared_words(role: tuple[str, str], params: CareParams, words: Words) -> str:
    who = words.say(*role)
    if params.category is not None:
        who = words.say("{}的{}", "{1} for {0}", words.coded("category", [params.category]), who)
    if params.empty:
        return words.say("没有{}", "has no {}", who)
    return words.say("{}为{}", "{} is {}", who, words.named(params.staff))


def _consultant(params: ConsultantParams, binds: Binds) -> Asked:
    return _cared(CareRole.CONSULTANT, params, binds)


def _consultant_words(params: ConsultantParams, words: Words) -> str:
    return _cared_words(("专属顾问", "consultant"), params, words)


register(
    Condition(
        name="consultant",
        group=Group.PROFILE,
        params=ConsultantParams,
        zh="专属顾问",
        en="Consultant",
        ask=_consultant,
        words=_consultant_words,
        example={"empty": True},
    )
)


def _technician(params: TechnicianParams, binds: Binds) -> Asked:
    return _cared(CareRole.TECHNICIAN, params, binds)


def _technician_words(params: TechnicianParams, words: Words) -> str:
    return _cared_words(("专属技师", "technician"), params, words)


register(
    Condition(
        name="technician",
        group=Group.PROFILE,
        params=TechnicianParams,
        zh="专属技师",
        en="Technician",
        ask=_technician,
        words=_technician_words,
        example={"empty": True},
    )
)


class Channel(StrEnum):
    """Where somebody is a friend."""

    WECHAT = "wechat"
    """微信"""
    WECOM = "wecom"
    """企业微信"""


_CHANNELS: Final = {Channel.WECHAT: ("微信", "WeChat"), Channel.WECOM: ("企业微信", "WeCom")}


class FriendParams(Params, frozen=True):
    """Friend of these staff; of anybody, when none is named; `nobody`: of no one. Without `channel` both count.

    A friend is a valid contact that an employee holds: a WeChat id that an import brought and nobody holds is none.
    """

    staff: StaffIds = ()
    nobody: bool = False
    channel: Channel | None = None

    def __post_init__(self) -> None:
        """Refuse staff and nobody together."""
        if self.staff and self.nobody:
            raise ValueError("needs at most one of: staff, nobody")


def _friend(params: FriendParams, binds: Binds) -> Asked:
    """The kinds are literals, so that the planner can see that the index is for them."""
    kinds = "fp.kind in ('wechat', 'wecom')" if params.channel is None else f"fp.kind = '{params.channel}'"
    among = f"{kinds} and fp.valid and fp.held_by is not null"
    staff = f" and fp.held_by = any({binds.add(list(params.staff), 'uuid[]')})" if params.staff else ""
    return Some(
        source="contact_point fp",
        who="fp.customer_id",
        merchant="fp.merchant_id",
        where=among + staff,
        none=params.nobody,
        seen="count(distinct fp.held_by)::text",
        among=among,
    )


def _friend_words(params: FriendParams, words: Words) -> str:
    channels = list(Channel) if params.channel is None else [params.channel]
    where = words.either(words.say(*_CHANNELS[one]) for one in channels)
    if params.nobody:
        return words.say("没有任何{}好友", "is nobody's {} friend", where)
    if params.staff:
        return words.say("是{}的{}好友", "is a {1} friend of {0}", words.named(params.staff), where)
    return words.say("已加{}好友", "is somebody's {} friend", where)


register(
    Condition(
        name="friend",
        group=Group.PROFILE,
        params=FriendParams,
        zh="微信好友",
        en="WeChat friend",
        ask=_friend,
        words=_friend_words,
        example={"nobody": True},
        todays=True,
    )
)
