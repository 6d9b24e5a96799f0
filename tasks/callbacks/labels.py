"""What the outcomes are called, and the times that the app offers with one tap. Pure."""

from datetime import time
from enum import StrEnum
from typing import Final

import msgspec

from tasks.callbacks.tables import Outcome

LABELS: Final[dict[Outcome, tuple[str, str]]] = {
    Outcome.BOOKED: ("已预约", "Booked"),
    Outcome.WILL_COME: ("口头答应", "Said she will come"),
    Outcome.PURCHASED: ("已购买", "Bought"),
    Outcome.TOPPED_UP: ("已充值", "Topped up"),
    Outcome.INTERESTED_LATER: ("有意向", "Interested, later"),
    Outcome.CALLBACK_REQUESTED: ("约定回电", "Wants a call back"),
    Outcome.MESSAGE_SENT: ("已发微信", "Message sent"),
    Outcome.NO_ANSWER: ("未接", "No answer"),
    Outcome.BUSY: ("占线", "Busy"),
    Outcome.WRONG_NUMBER: ("号码错误", "Wrong number"),
    Outcome.NOT_INTERESTED: ("暂无意向", "Not interested"),
    Outcome.REFUSED_CONTACT: ("拒绝联系", "Refused contact"),
    Outcome.COMPLAINT: ("投诉", "Complaint"),
    Outcome.ALREADY_DONE: ("已到店", "Already came"),
    Outcome.SKIPPED: ("跳过", "Skipped"),
}
"""An outcome in words, in Chinese and English, in the order it is shown."""


class ChipKind(StrEnum):
    """How a chip counts."""

    AFTER = "after"
    """So many minutes after the contact."""
    ON_DAY = "on_day"
    """A wall time so many store-local days later."""
    DAY = "day"
    """A day so many store-local days later, without a time."""
    WEEKEND = "weekend"
    """The next Saturday."""


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """A time as it is offered; `label` in Chinese and English. The phone counts in the store's zone and leaves out what has passed or is closed."""

    code: str
    label: tuple[str, str]
    kind: ChipKind
    minutes: int | None = None
    days: int | None = None
    at: time | None = None


TIMES: Final = (
    Chip(code="in_1h", label=("1 小时后", "In an hour"), kind=ChipKind.AFTER, minutes=60),
    Chip(code="in_2h", label=("2 小时后", "In two hours"), kind=ChipKind.AFTER, minutes=120),
    Chip(code="tonight", label=("今晚 19:00", "Tonight at 19:00"), kind=ChipKind.ON_DAY, days=0, at=time(19)),
    Chip(code="tomorrow_am", label=("明天 10:00", "Tomorrow at 10:00"), kind=ChipKind.ON_DAY, days=1, at=time(10)),
    Chip(code="tomorrow_pm", label=("明天 15:00", "Tomorrow at 15:00"), kind=ChipKind.ON_DAY, days=1, at=time(15)),
)
"""For a call at an exact time."""
LATER: Final = (
    Chip(code="in_3d", label=("3 天后", "In three days"), kind=ChipKind.ON_DAY, days=3, at=time(10)),
    Chip(code="in_7d", label=("一周后", "In a week"), kind=ChipKind.ON_DAY, days=7, at=time(10)),
    Chip(code="in_14d", label=("两周后", "In two weeks"), kind=ChipKind.ON_DAY, days=14, at=time(10)),
    Chip(code="in_30d", label=("一个月后", "In a month"), kind=ChipKind.ON_DAY, days=30, at=time(10)),
)
"""For contacting her again."""
DAYS: Final = (
    Chip(code="today", label=("今天", "Today"), kind=ChipKind.DAY, days=0),
    Chip(code="tomorrow", label=("明天", "Tomorrow"), kind=ChipKind.DAY, days=1),
    Chip(code="day_after", label=("后天", "The day after"), kind=ChipKind.DAY, days=2),
    Chip(code="weekend", label=("周末", "At the weekend"), kind=ChipKind.WEEKEND),
)
"""For a day she comes."""

CHIPS: Final[dict[str, tuple[Chip, ...]]] = {
    "callbackAt": TIMES,
    "contactAt": LATER,
    "promisedOn": DAYS,
    "startsOn": DAYS,
    "startsAt": DAYS,
}
"""JSON name of a field → what is offered for it."""
