"""The condition of what came of the last contact."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Days
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words


class OutcomeCode(StrEnum):
    """The outcomes a callback can have (engine.md, "Outcomes")."""

    BOOKED = "booked"
    """已预约"""
    WILL_COME = "will_come"
    """口头答应"""
    PURCHASED = "purchased"
    """已购买"""
    TOPPED_UP = "topped_up"
    """已充值"""
    INTERESTED_LATER = "interested_later"
    """有意向"""
    CALLBACK_REQUESTED = "callback_requested"
    """约定回电"""
    MESSAGE_SENT = "message_sent"
    """已发微信"""
    NO_ANSWER = "no_answer"
    """未接"""
    BUSY = "busy"
    """占线"""
    WRONG_NUMBER = "wrong_number"
    """号码错误"""
    NOT_INTERESTED = "not_interested"
    """暂无意向"""
    REFUSED_CONTACT = "refused_contact"
    """拒绝联系"""
    COMPLAINT = "complaint"
    """投诉"""
    ALREADY_DONE = "already_done"
    """已到店"""
    SKIPPED = "skipped"
    """跳过"""


OUTCOMES: Final = {
    OutcomeCode.BOOKED: ("已预约", "booked"),
    OutcomeCode.WILL_COME: ("口头答应", "will come"),
    OutcomeCode.PURCHASED: ("已购买", "purchased"),
    OutcomeCode.TOPPED_UP: ("已充值", "topped up"),
    OutcomeCode.INTERESTED_LATER: ("有意向", "interested later"),
    OutcomeCode.CALLBACK_REQUESTED: ("约定回电", "call back requested"),
    OutcomeCode.MESSAGE_SENT: ("已发微信", "message sent"),
    OutcomeCode.NO_ANSWER: ("未接", "no answer"),
    OutcomeCode.BUSY: ("占线", "busy"),
    OutcomeCode.WRONG_NUMBER: ("号码错误", "wrong number"),
    OutcomeCode.NOT_INTERESTED: ("暂无意向", "not interested"),
    OutcomeCode.REFUSED_CONTACT: ("拒绝联系", "refused contact"),
    OutcomeCode.COMPLAINT: ("投诉", "complaint"),
    OutcomeCode.ALREADY_DONE: ("已到店", "already came"),
    OutcomeCode.SKIPPED: ("跳过", "skipped"),
}
"""An outcome in words."""


class LastOutcomeParams(Params, frozen=True):
    """Her newest callback came out as one of these, in the last days if a number is given.

    One that was corrected counts as its correction, one that was undone not at all.
    """

    is_one_of: Annotated[tuple[OutcomeCode, ...], msgspec.Meta(min_length=1, max_length=len(OutcomeCode))]
    within_days: Days | None = None


_COUNTS: Final = """{0}.occurred_at <= {{until}} and ({0}.void_at is null or {0}.void_at > {{until}})
and not exists (select from callback {1} where {1}.merchant_id = {0}.merchant_id and {1}.corrects = {0}.id and {1}.corrects is not null
and {1}.occurred_at <= {{until}})"""
"""A callback that was neither corrected nor undone."""
_NEWEST: Final = f"""{_COUNTS.format("c", "x")} and not exists (select from callback n where n.merchant_id = c.merchant_id and n.customer_id = c.customer_id
and (n.occurred_at > c.occurred_at or (n.occurred_at = c.occurred_at and n.id > c.id)) and {_COUNTS.format("n", "y")})"""
"""Nothing was logged of her since that still stands."""


def _last_outcome(params: LastOutcomeParams, binds: Binds) -> Asked:
    window = "true" if params.within_days is None else f"c.occurred_at >= {binds.start_of_days_ago(params.within_days)}"
    wanted = binds.add([one.value for one in params.is_one_of], "text[]")
    return Some(
        source="callback c",
        who="c.customer_id",
        merchant="c.merchant_id",
        where=f"c.outcome = any({wanted}) and {window} and {_NEWEST}",
        seen="max(c.outcome)",
        among=_NEWEST,
    )


def _last_outcome_words(params: LastOutcomeParams, words: Words) -> str:
    said = words.either(words.say(*OUTCOMES[one]) for one in params.is_one_of)
    if params.within_days is None:
        return words.say("最近一次回访结果为{}", "last callback's outcome is {}", said)
    return words.say(
        "近 {} 天最近一次回访结果为{}", "last callback's outcome in the last {} days is {}", params.within_days, said
    )


register(
    Condition(
        name="last_outcome",
        group=Group.CONTACT,
        params=LastOutcomeParams,
        zh="最近回访结果",
        en="Last outcome",
        ask=_last_outcome,
        words=_last_outcome_words,
        example={"isOneOf": ["no_answer", "callback_requested"]},
    )
)
