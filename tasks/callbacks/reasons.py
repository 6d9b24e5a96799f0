"""The reasons and categories that outcomes ask for: the built-in ones, and what a merchant adds, renames or hides."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tasks.callbacks.fields import ComplaintFields, Fields, NotInterestedFields, SkippedFields
from tasks.callbacks.tables import ReasonTopic
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.unit import Unit
from tasks.people.coded import Key, Sheet
from tasks.people.rules import check_text
from tasks.people.traits import MOST_RANK, check_code

REASONS: Final[Mapping[ReasonTopic, Mapping[str, tuple[str, str]]]] = {
    ReasonTopic.SKIPPED: {
        "in_store": ("客户正在店里", "She is in the store"),
        "contacted_elsewhere": ("已用其他方式联系", "Contacted in another way"),
        "bad_moment": ("现在不适合打扰", "Not a good moment for her"),
        "duplicate": ("与其他任务重复", "Same as another task"),
        "wrong_data": ("客户资料有误", "Her record is wrong"),
        "other": ("其他", "Something else"),
    },
    ReasonTopic.NOT_INTERESTED: {
        "price": ("价格原因", "Too expensive"),
        "no_time": ("没有时间", "No time"),
        "no_need": ("暂时不需要", "No need now"),
        "unhappy": ("对效果不满意", "Not happy with the result"),
        "elsewhere": ("在别家做", "Goes elsewhere"),
        "moved_away": ("搬家或不在本地", "Moved away"),
        "other": ("其他", "Something else"),
    },
    ReasonTopic.COMPLAINT: {
        "service": ("服务态度", "How she was treated"),
        "result": ("项目效果", "The result"),
        "reaction": ("皮肤或身体不适", "Skin or body reaction"),
        "price": ("价格或收费", "Price or charging"),
        "selling": ("推销过多", "Too much selling"),
        "waiting": ("等待时间", "Waiting"),
        "hygiene": ("环境卫生", "Cleanliness"),
        "privacy": ("打扰或隐私", "Disturbance or privacy"),
        "other": ("其他", "Something else"),
    },
}
"""Topic → code → what it is called in Chinese and English, in the order it is shown."""


class ReasonSaid(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A reason without topic and code: what it is called in Chinese and, when the app speaks it, in English; smaller `rank` first, built-in ones have 0."""

    name: str
    name_en: str = ""
    rank: int = 0
    active: bool = True


class ReasonIn(ReasonSaid, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A reason or category, upserted by topic and code; with a built-in one's code it takes that one's place."""

    topic: ReasonTopic
    code: str


class ReasonRow(ReasonIn, frozen=True, kw_only=True, rename="camel"):
    """A merchant's reason as it is stored; `etag` is what `If-Match` takes."""

    etag: int


def _values(item: ReasonIn) -> tuple[Any, ...]:
    check_code(item.code)
    check_words(item.name, item.name_en, item.rank)
    return ReasonTopic(item.topic).value, item.code, item.name, item.name_en, item.rank, item.active


def check_words(name: str, name_en: str, rank: int) -> None:
    """Raise `Invalid` for an empty or over-long name, and a rank out of bounds."""
    check_text("name", name, needed=True)
    check_text("nameEn", name_en)
    if not -MOST_RANK <= rank <= MOST_RANK:
        raise Invalid("rank", f"is not between -{MOST_RANK} and {MOST_RANK}")


OUTCOME_REASONS: Final[Sheet[ReasonIn, ReasonRow]] = Sheet(
    table="outcome_reason",
    what="原因/reason",
    fields=(
        ("topic", "text"),
        ("code", "text"),
        ("name", "text"),
        ("name_en", "text"),
        ("rank", "int"),
        ("active", "bool"),
    ),
    values=_values,
    row=ReasonRow,
    key=("topic", "code"),
    conflict="(merchant_id, topic, code)",
)


def reason_key(path: str) -> Key:
    """Return topic and code of `not_interested:pregnant`; raises `NotFound` for a topic that there is not."""
    topic, _, code = path.partition(":")
    if topic not in set(ReasonTopic):
        raise NotFound(what=OUTCOME_REASONS.what)
    return topic, code


class Reason(msgspec.Struct, frozen=True):
    """A reason as the app offers it."""

    code: str
    label: str


async def offered_reasons(unit: Unit, locale: str) -> dict[ReasonTopic, Sequence[Reason]]:
    """Return what is offered per topic, in order: the merchant's own by rank among the built-in ones, those switched off left out."""
    found: defaultdict[ReasonTopic, list[tuple[int, int, Reason]]] = defaultdict(list)
    own = {(row["topic"], row["code"]): row for row in await unit.rows(_OWN)}
    for topic, built_in in REASONS.items():
        for place, (code, names) in enumerate(built_in.items()):
            if (topic.value, code) not in own:
                found[topic].append((0, place, Reason(code, names[locale.startswith("en")])))
    for place, row in enumerate(own.values(), start=len(REASONS) * 100):
        if row["active"]:
            label = (row["name_en"] if locale.startswith("en") else "") or row["name"]
            found[ReasonTopic(row["topic"])].append((row["rank"], place, Reason(row["code"], label)))
    return {topic: [reason for _, _, reason in sorted(found[topic], key=lambda one: one[:2])] for topic in REASONS}


_OWN: Final = (
    "select topic, code, name, name_en, rank, active from outcome_reason where merchant_id = :merchant "
    "order by topic, rank, code"
)


async def check_reason(unit: Unit, topic: ReasonTopic, fields: Fields) -> None:
    """Raise `Invalid` for a reason that neither is built in nor was ever the merchant's: what a phone offered while it was offline counts."""
    name, code = _named(fields)
    if code in REASONS[topic]:
        return
    known = await unit.scalar(
        "select exists (select from outcome_reason where merchant_id = :merchant and topic = :topic and code = :code)",
        topic=topic.value, code=code,
    )  # fmt: skip
    if not known:
        raise Invalid(name, "is not known")


def _named(fields: Fields) -> tuple[str, str]:
    if isinstance(fields, ComplaintFields):
        return "fields.category", fields.category
    if isinstance(fields, NotInterestedFields | SkippedFields):
        return "fields.reason", fields.reason
    raise TypeError(type(fields).__name__)
