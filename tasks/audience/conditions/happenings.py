"""Event types as conditions ask for them: their words, how one customer's are found, and filters on their fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from tasks.audience.binds import Binds
from tasks.audience.registry import Params
from tasks.audience.wording import Words
from tasks.events.asked import FIELDS
from tasks.events.payloads import TYPES, payload_type
from tasks.kernel.errors import Invalid
from tasks.people.states import AttributeKind

MILLI: Final = 1000
"""Numbers of events are kept in thousandths."""
EVENTS: Final = {
    "purchase": ("消费", "purchase"),
    "service_completed": ("服务完成", "service completed"),
    "card_used": ("划卡", "card used"),
    "card_topped_up": ("充值", "card topped up"),
    "card_closed": ("退卡", "card returned"),
    "card_expired": ("卡过期", "card expired"),
    "refunded": ("退款", "refunded"),
    "appointment_booked": ("预约", "appointment booked"),
    "appointment_cancelled": ("取消预约", "appointment cancelled"),
    "appointment_missed": ("爽约", "appointment missed"),
    "voucher_redeemed": ("团购核销", "voucher redeemed"),
    "complaint": ("投诉", "complaint"),
    "bad_review": ("差评", "bad review"),
    "points_changed": ("积分变动", "points changed"),
    "level_changed": ("等级变动", "level changed"),
    "segment_changed": ("分群变动", "segment changed"),
    "spend_threshold_crossed": ("消费达到门槛", "spend threshold crossed"),
    "consultant_changed": ("更换顾问", "consultant changed"),
    "order_placed": ("下单", "order placed"),
    "order_closed": ("订单关闭", "order closed"),
    "payment_failed": ("支付失败", "payment failed"),
    "paid": ("支付成功", "paid"),
    "order_shipped": ("订单发货", "order shipped"),
    "order_delivered": ("订单签收", "order delivered"),
    "single_item_bought": ("购买单品", "single item bought"),
    "member_registered": ("注册会员", "member registered"),
    "wecom_friend_added": ("添加企业微信", "WeCom friend added"),
    "wecom_group_joined": ("加入企微群", "WeCom group joined"),
    "viewed": ("浏览", "viewed"),
    "consulted": ("咨询", "consulted"),
    "searched": ("搜索", "searched"),
    "cart_added": ("加入购物车", "added to the cart"),
    "coupon_received": ("领取优惠券", "coupon received"),
    "coupon_redeemed": ("核销优惠券", "coupon redeemed"),
    "tried_not_bought": ("体验未成交", "tried and not bought"),
    "sample_taken": ("领取小样", "sample taken"),
}
"""An event type in words."""

_SALE: Final = (
    "sale g join event e on e.merchant_id = g.merchant_id and e.ledger_id = g.id and e.customer_id = g.customer_id"
)
_VISIT: Final = (
    "visit g join event e on e.merchant_id = g.merchant_id and e.ledger_id = g.id and e.customer_id = g.customer_id"
)
_APPOINTMENT: Final = "appointment g join event e on e.merchant_id = g.merchant_id and e.ledger_id = g.id and e.customer_id = g.customer_id"
_CARD: Final = """card g join card_entry ge on ge.merchant_id = g.merchant_id and ge.card_id = g.id
join event e on e.merchant_id = ge.merchant_id and e.ledger_id = ge.id"""
_LEDGERS: Final = {
    "purchase": _SALE,
    "refunded": _SALE,
    "service_completed": _VISIT,
    "card_used": _CARD,
    "card_topped_up": _CARD,
    "card_closed": _CARD,
    "appointment_booked": _APPOINTMENT,
    "appointment_cancelled": _APPOINTMENT,
    "appointment_missed": _APPOINTMENT,
}
"""Types that the ledger writes → how the events of a customer's ledger rows are found (tasks.events.tables: they have no index by customer)."""


@dataclass(frozen=True)
class Place:
    """Where the events of a type stand: `source` for everybody, `finding` for one customer, `who` and `where` of both."""

    source: str
    finding: str
    who: str
    where: str


def place_of(event: str) -> Place:
    """Return where the events of a type stand. A card's events are those of whose card it is, in both ways: the card may have changed hands since."""
    ledger = _LEDGERS.get(event)
    if ledger is None:
        return Place("event e", "event e", "e.customer_id", "e.ledger_id is null")
    if ledger is _CARD:
        return Place(_CARD, _CARD, "g.customer_id", "e.ledger_id is not null")
    return Place("event e", ledger, "e.customer_id", "e.ledger_id is not null")


def check_event(event: str) -> None:
    """Refuse what is no event type."""
    try:
        payload_type(event)
    except Invalid as fault:
        raise ValueError("event is no known event type") from fault


def check_fields(event: str, names: Iterable[str], *, numbers: bool = False) -> None:
    """Refuse fields that events of the type never have, and texts and days where numbers are added up; what a merchant's own may have, it declares."""
    known = FIELDS.get(event, {})
    for name in names if event in TYPES else ():
        if name not in known:
            raise ValueError("the event has no such field")
        if numbers and known[name] is not AttributeKind.NUMBER:
            raise ValueError("the field is not a number")


def event_words(event: str, words: Words) -> str:
    """Return an event type in words; a merchant's own by its name."""
    return words.say(*EVENTS[event]) if event in EVENTS else words.say("“{}”", "“{}”", event.removeprefix("custom."))


Text = Annotated[str, msgspec.Meta(max_length=200)]
Number = Annotated[int, msgspec.Meta(ge=-(10**12), le=10**12)] | Annotated[float, msgspec.Meta(ge=-(10**12), le=10**12)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Op(StrEnum):
    """How a field is compared."""

    EQUALS = "equals"
    """为: the same text, number, flag or day."""
    NOT_EQUALS = "not_equals"
    """不为: another value, or none."""
    AT_LEAST = "at_least"
    """不低于: a number or a day."""
    AT_MOST = "at_most"
    """不高于: a number or a day."""
    ABOVE = "above"
    """高于: a number or a day."""
    BELOW = "below"
    """低于: a number or a day."""


_SIGNS: Final = {Op.EQUALS: "=", Op.NOT_EQUALS: "=", Op.AT_LEAST: ">=", Op.AT_MOST: "<=", Op.ABOVE: ">", Op.BELOW: "<"}
_WORDS: Final = {
    Op.EQUALS: ("为", "is"),
    Op.NOT_EQUALS: ("不为", "is not"),
    Op.AT_LEAST: ("不低于", "at least"),
    Op.AT_MOST: ("不高于", "at most"),
    Op.ABOVE: ("高于", "above"),
    Op.BELOW: ("低于", "below"),
}


class FieldFilter(Params, frozen=True, kw_only=True):
    """A field of the event compares so with a value: a text, a number of at most three decimals, yes or no, or a day (`2026-01-31`).

    An event without the field keeps only `not_equals`.
    """

    field: Name
    op: Op = Op.EQUALS
    value: Text | Number | bool

    def __post_init__(self) -> None:
        """Refuse what cannot be compared so."""
        if isinstance(self.value, int | float):
            milli(self.value)
        if self.op in (Op.EQUALS, Op.NOT_EQUALS):
            return
        if isinstance(self.value, bool) or (isinstance(self.value, str) and _day(self.value) is None):
            raise ValueError(f"{self.op} compares a number or a day")


def milli(value: float) -> int:
    """Return a number, or a flag as 0 or 1, in thousandths; raises ValueError when it has more than three decimals."""
    thousandths = Decimal(str(+value)) * MILLI
    if thousandths != thousandths.to_integral_value():
        raise ValueError("a number has at most three decimals")
    return int(thousandths)


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if len(value) == len("2026-01-31") else None
    except ValueError:
        return None


def filters_sql(filters: Sequence[FieldFilter], binds: Binds) -> str:
    """Return the SQL that event `e` keeps every filter."""
    return " and ".join(_filter(one, binds) for one in filters) or "true"


def _filter(one: FieldFilter, binds: Binds) -> str:
    sign = _SIGNS[one.op]
    if isinstance(one.value, str):
        known = _day(one.value)
        values = [] if known is None else [f"ef.day_value {sign} {binds.add(known, 'date')}"]
        if sign == "=":
            values.append(f"ef.text_value = {binds.add(one.value, 'text')}")
    else:
        values = [f"ef.number_milli {sign} {binds.add(milli(one.value), 'bigint')}"]
    return (
        f"{'not ' if one.op is Op.NOT_EQUALS else ''}exists (select from event_field ef where ef.merchant_id = e.merchant_id "
        f"and ef.event_id = e.id and ef.name = {binds.add(one.field, 'text')} and ({' or '.join(values)}))"
    )


def filters_words(filters: Sequence[FieldFilter], words: Words) -> str:
    """Return the filters in words, in brackets; nothing without one."""
    said = [f"{one.field} {words.say(*_WORDS[one.op])} {_value_words(one, words)}" for one in filters]
    return words.say("（{}）", " ({})", words.say("且", " and ").join(said)) if said else ""


def _value_words(one: FieldFilter, words: Words) -> str:
    if isinstance(one.value, bool):
        return words.say("是", "yes") if one.value else words.say("否", "no")
    return f"“{one.value}”" if isinstance(one.value, str) and _day(one.value) is None else str(one.value)
