"""The condition of whether a customer may be contacted."""

from enum import StrEnum
from typing import Final

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words


class Purpose(StrEnum):
    """What a customer is to be contacted for."""

    CARE = "care"
    """关怀: service to somebody who is a customer already."""
    MARKETING = "marketing"
    """营销: meant to sell."""


class Way(StrEnum):
    """By which way a customer is to be contacted."""

    PHONE = "phone"
    """A call."""
    WECHAT = "wechat"
    """A message."""
    ANY = "any"
    """By one way or the other."""


_WAYS: Final = {Way.PHONE: ("电话", " by phone"), Way.WECHAT: ("微信", " by WeChat"), Way.ANY: ("", "")}
_PURPOSES: Final = {Purpose.CARE: ("关怀", "for care"), Purpose.MARKETING: ("营销", "for marketing")}
_REFUSED: Final = {
    Way.PHONE: "(s.no_contact_at is not null or s.no_phone_at is not null)",
    Way.WECHAT: "(s.no_contact_at is not null or s.no_wechat_at is not null)",
    Way.ANY: "(s.no_contact_at is not null or (s.no_phone_at is not null and s.no_wechat_at is not null))",
}
_NO_MARKETING: Final = " or s.complaint_at is not null or s.marketing_frozen_until > {at}"
_STATE: Final = "select s.merchant_id, s.customer_id from customer_contact_state s where ({refused})"
_NEWEST: Final = """select k.merchant_id, k.customer_id from consent k where k.kind = '{kind}' and k.granted = {granted}
and not exists (select from consent n where n.merchant_id = k.merchant_id and n.customer_id = k.customer_id and n.kind = k.kind
  and (n.at > k.at or (n.at = k.at and n.id > k.id)))"""
_AUTOMATIC: Final = """({given} and not exists (select from ({refused}) r where r.merchant_id = k.merchant_id and r.customer_id = k.customer_id)) b"""


class ContactAllowedParams(Params, frozen=True):
    """A person may contact her for this purpose and by this way: she has not refused, and for marketing no complaint is open and it is not frozen.

    `automatic`: a machine may, which needs her consent beside. `allowed: false` asks for the opposite.
    """

    purpose: Purpose = Purpose.CARE
    channel: Way = Way.ANY
    automatic: bool = False
    allowed: bool = True


def _contact_allowed(params: ContactAllowedParams, _binds: Binds) -> Asked:
    marketing = _NO_MARKETING if params.purpose is Purpose.MARKETING else ""
    state = _STATE.format(refused=_REFUSED[params.channel] + marketing)
    refused = f"{state} union all {_NEWEST.format(kind='person', granted='false')}"
    if not params.automatic:
        return Some(f"({refused}) b", "b.customer_id", "b.merchant_id", none=params.allowed, seen=_seen(params))
    given = _NEWEST.format(kind="automatic", granted="true")
    return Some(
        _AUTOMATIC.format(given=given, refused=refused),
        "b.customer_id",
        "b.merchant_id",
        none=not params.allowed,
        seen=_seen(params),
    )


def _seen(params: ContactAllowedParams) -> str:
    """Return the SQL of what explain shows: 1 where contact is allowed, 0 where it is not."""
    return f"(case when count(*) {'>' if params.automatic else '='} 0 then 1 else 0 end)::text"


def _contact_allowed_words(params: ContactAllowedParams, words: Words) -> str:
    way, purpose = words.say(*_WAYS[params.channel]), words.say(*_PURPOSES[params.purpose])
    by = words.say("自动", " automatically") if params.automatic else ""
    if params.allowed:
        return words.say("允许{1}{0}{2}联系", "may be contacted{1}{0} {2}", way, by, purpose)
    return words.say("不允许{1}{0}{2}联系", "may not be contacted{1}{0} {2}", way, by, purpose)


register(
    Condition(
        name="contact_allowed",
        group=Group.CONTACT,
        params=ContactAllowedParams,
        zh="允许联系",
        en="Contact allowed",
        ask=_contact_allowed,
        words=_contact_allowed_words,
        example={"purpose": "marketing", "channel": "any"},
        todays=True,
    )
)
