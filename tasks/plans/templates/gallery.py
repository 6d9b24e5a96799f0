"""What the gallery says of each template, and in which order: the most valuable on the first day first (templates.md)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from tasks.kernel.errors import NotFound
from tasks.plans.definition import Definition
from tasks.plans.steps import Step
from tasks.plans.templates.amends import COMPLAINT_RECOVERY, REFUND_CARE
from tasks.plans.templates.appointments import APPOINTMENT_CONFIRM, NO_SHOW_RECOVERY
from tasks.plans.templates.cards import CARD_BALANCE_LOW, CARD_EXPIRING, CARD_TIMES_LOW, CARD_USE_CYCLE
from tasks.plans.templates.days import ANNIVERSARY, BIRTHDAY, FESTIVAL_CARE, MEMBER_DAY
from tasks.plans.templates.moments import (
    ADD_WECHAT,
    HANDOVER_INTRO,
    SAMPLE_FOLLOW_UP,
    TIER_UPGRADE,
    TRIED_NOT_BOUGHT,
)
from tasks.plans.templates.visits import AFTER_SERVICE, ONCE_MORE, SECOND_VISIT, WIN_BACK


class TemplateInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A template beside its definition.

    Attributes:
        name_en: its name in English; the Chinese one is the definition's.
        zh, en: what it does, in one sentence.
        hint_zh, hint_en: what an owner may want to change, and what it needs.
        recommended: switched on by the set-up wizard.
        off: offered, and not proposed for the first day.
        further: steps an owner can add by one tick.
        chips: days of the first offset to choose from.
    """

    name_en: str
    zh: str
    en: str
    hint_zh: str = ""
    hint_en: str = ""
    recommended: bool = False
    off: bool = False
    further: tuple[Step, ...] = ()
    chips: tuple[int, ...] = ()


_SHOWN: Final[tuple[tuple[Definition, TemplateInfo], ...]] = (
    (
        SECOND_VISIT,
        TemplateInfo(
            name_en="Second visit of new customers",
            zh="新客首次到店 7 天后还没有再来、也没有预约，由顾问邀请第二次到店。",
            en="Seven days after a customer's first visit, if she has neither come back nor booked, she is invited again.",
            hint_zh="可加第二步：首次到店 21 天后再跟进一次。",
            hint_en="A second step can be added: once more, 21 days after the first visit.",
            recommended=True,
            further=(ONCE_MORE,),
        ),
    ),
    (
        CARD_EXPIRING,
        TemplateInfo(
            name_en="Card about to expire",
            zh="卡里还有余额或次数，到期前 30 天和 7 天各提醒一次。",
            en="A card with value left is about to expire: a reminder 30 days before its last day, and again 7 days before.",
            recommended=True,
        ),
    ),
    (
        AFTER_SERVICE,
        TemplateInfo(
            name_en="After the service",
            zh="首次到店、烫染、皮肤、美睫或单次满 300 元，次日回访；到了护理周期再邀约一次。",
            en="The morning after a first visit, a chemical, skin or lash service or a ticket of ¥300; and again when the service is due.",
            hint_zh="回访可改为 1、3 或 7 天后；周期取自项目或分类，未设置时按项目种类。",
            hint_en="Ask after 1, 3 or 7 days; the cycle is the service's or its category's, else that of its kind.",
            recommended=True,
            chips=(1, 3, 7),
        ),
    ),
    (
        CARD_BALANCE_LOW,
        TemplateInfo(
            name_en="Stored-value card running low",
            zh="充值卡余额降到 500 元及以下时提醒一次，充值后重新计算。",
            en="A stored-value card has ¥500 or less left: one reminder until it has been topped up.",
        ),
    ),
    (
        MEMBER_DAY,
        TemplateInfo(
            name_en="Member day",
            zh="每月 18 号会员日，提前 1 天通知半年内到过店或卡里有余额的客户，当天双倍积分。",
            en="Member day on the 18th of every month: customers who were here lately, or hold a card, hear of it the day before.",
            hint_zh="可改日期、提前天数（0–7 天）和当天的优惠。",
            hint_en="Change the day, the lead (0–7 days) and what the day brings.",
        ),
    ),
    (
        BIRTHDAY,
        TemplateInfo(
            name_en="Birthday",
            zh="公历或农历生日前 3 天，由顾问送上祝福并邀约。",
            en="Three days before a birthday, solar or lunar, the consultant sends her wishes.",
            hint_zh="写上生日礼，话术会自动带上。",
            hint_en="Name a birthday gift and the script mentions it.",
        ),
    ),
    (
        WIN_BACK,
        TemplateInfo(
            name_en="Win back",
            zh="每周二挑出超过平常间隔两倍没来的老客，由顾问问候，每人最多 5 位。",
            en="Every Tuesday, regulars who have stayed away twice as long as usual are asked how they are; at most 5 per employee.",
        ),
    ),
    (
        CARD_USE_CYCLE,
        TemplateInfo(
            name_en="Regular use of a card",
            zh="购卡或划卡满 1 个月没再用，每月提醒一次，直到用完，最多 12 次。",
            en="A month after a card was bought or used, and every month until it is used up, at most 12 times.",
        ),
    ),
    (
        CARD_TIMES_LOW,
        TemplateInfo(
            name_en="Few uses left",
            zh="次卡只剩 1–2 次时提醒一次，续卡后重新计算。",
            en="A card has one or two uses left: one reminder until it has been topped up.",
        ),
    ),
    (
        ANNIVERSARY,
        TemplateInfo(
            name_en="Milestones",
            zh="首次消费满 100 天、365 天及以后每周年，由顾问送上感谢。",
            en="A hundred days after the first purchase, 365, and every year: a word of thanks.",
            off=True,
        ),
    ),
    (
        TIER_UPGRADE,
        TemplateInfo(
            name_en="New level",
            zh="累计消费达到 3000、10000、30000 元后 2 小时，由顾问祝贺并介绍权益。",
            en="Two hours after a customer's payments reach ¥3,000, ¥10,000 or ¥30,000, the consultant congratulates her.",
            hint_zh="话术取自客户的会员等级及其权益，请先设置等级。",
            hint_en="The script speaks of her level and what it brings: set up levels first.",
            off=True,
        ),
    ),
    (
        NO_SHOW_RECOVERY,
        TemplateInfo(
            name_en="Missed appointment",
            zh="爽约 2 小时后由预约员工联系改约；90 天内第 3 次爽约由店长联系。",
            en="Two hours after a missed appointment the employee offers another time; the third in 90 days is the manager's.",
        ),
    ),
    (
        COMPLAINT_RECOVERY,
        TemplateInfo(
            name_en="Complaint",
            zh="投诉或差评立即由店长在 4 小时内联系，3 天后再确认；第二次投诉由老板处理。",
            en="The manager answers a complaint or bad review within 4 hours and asks again after 3 days; the second one is the owner's.",
        ),
    ),
    (
        TRIED_NOT_BOUGHT,
        TemplateInfo(
            name_en="Tried, not bought",
            zh="体验后没有购买，次日由记录的员工回访。",
            en="The morning after a customer tried something and did not buy it, whoever noted it asks how she liked it.",
        ),
    ),
    (
        APPOINTMENT_CONFIRM,
        TemplateInfo(
            name_en="Confirm the appointment",
            zh="预约前一天 15:00 确认，新客提前 2 小时确认。",
            en="Appointments are confirmed at 15:00 the day before, of new customers two hours before.",
        ),
    ),
    (
        REFUND_CARE,
        TemplateInfo(
            name_en="Refund",
            zh="退款或退卡后立即关怀，退卡由店长、商品由顾问。",
            en="After a refund or a returned card: the manager for cards, the consultant for goods.",
            hint_zh="到账天数取商家设置，默认 7 天。",
            hint_en="The days until the money arrives are a setting, 7 unless changed.",
        ),
    ),
    (
        SAMPLE_FOLLOW_UP,
        TemplateInfo(
            name_en="Sample follow-up",
            zh="领取小样次日，由记录的员工询问使用感受。",
            en="The morning after a customer took a sample home, whoever gave it asks how it feels.",
        ),
    ),
    (
        FESTIVAL_CARE,
        TemplateInfo(
            name_en="Seasons and festivals",
            zh="节气或节日当天，问候 90 天内到过店的客户并提醒护理。",
            en="On the day of a solar term or festival, customers of the last 90 days get a greeting and a word on care.",
            hint_zh="选节气或节日，可提前或推后 3 天；可按肤质、发质标签缩小范围。",
            hint_en="Choose the term or festival, up to 3 days before or after; narrow it by skin or hair tags.",
        ),
    ),
    (
        ADD_WECHAT,
        TemplateInfo(
            name_en="Connect on WeChat",
            zh="首次到店或核销团购时，由服务员工或前台加上微信。",
            en="On the first visit or voucher, whoever serves her, or the front desk, connects on WeChat.",
        ),
    ),
    (
        HANDOVER_INTRO,
        TemplateInfo(
            name_en="New consultant",
            zh="更换顾问次日，由新顾问自我介绍。",
            en="The morning after a hand-over, the new consultant introduces herself.",
        ),
    ),
)
TEMPLATES: Final[Mapping[str, Definition]] = {definition.template: definition for definition, _ in _SHOWN}
"""In the gallery's order."""

TEMPLATE_INFO: Final[Mapping[str, TemplateInfo]] = {definition.template: info for definition, info in _SHOWN}
"""What the gallery says beside the definitions, in the same order."""

ENGLISH: Final[Mapping[str, str]] = {name: info.name_en for name, info in TEMPLATE_INFO.items()}
"""The templates' names in English."""


def template(name: str) -> Definition:
    """Return a template's definition; raises `NotFound`."""
    if name not in TEMPLATES:
        raise NotFound(what="模板/template", field="template")
    return TEMPLATES[name]
