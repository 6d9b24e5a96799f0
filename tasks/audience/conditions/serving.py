"""Conditions of who served her."""

from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.references import MOST_NAMED, StaffId
from tasks.audience.registry import Condition, register
from tasks.audience.states import Group
from tasks.audience.windows import Window, in_window, window_words
from tasks.audience.wording import Seen, Words

_LINES: Final = """select s.merchant_id, s.customer_id, s.sold_on as served_on
from sale s join sale_line l on l.merchant_id = s.merchant_id and l.sale_id = s.id and l.quantity > 0 {helper}
where s.customer_id is not null and s.sold_at <= {{until}} and {window} and {whose}.staff_id = any({staff}) and {asked}"""
_HELPER: Final = (
    "join sale_line_helper h on h.merchant_id = l.merchant_id and h.sale_id = l.sale_id and h.line_no = l.line_no"
)
_VISITS: Final = """select v.merchant_id, v.customer_id, v.visited_on as served_on from visit v
where v.visited_at <= {{until}} and {window} and v.served_by = any({staff})"""


class ServedByParams(Window, frozen=True, kw_only=True):
    """Served by any of these staff in a window of days: on a visit, or on a line that took nothing back. `requested`: only where she asked for them (点客)."""

    staff: Annotated[tuple[StaffId, ...], msgspec.Meta(min_length=1, max_length=MOST_NAMED)]
    requested: bool = False
    served: bool = True


def _served_by(params: ServedByParams, binds: Binds) -> Asked:
    staff = binds.add(list(params.staff), "uuid[]")
    sold, visited = in_window("s.sold_on", params, binds), in_window("v.visited_on", params, binds)
    arms = [
        _LINES.format(
            helper=helper,
            window=sold,
            whose=whose,
            staff=staff,
            asked=f"{whose}.requested" if params.requested else "true",
        )
        for helper, whose in (("", "l"), (_HELPER, "h"))
    ]
    if not params.requested:
        arms.append(_VISITS.format(window=visited, staff=staff))
    return Some(
        source=f"({' union all '.join(arms)}) b",
        who="b.customer_id",
        merchant="b.merchant_id",
        none=not params.served,
        seen="max(b.served_on)::text",
    )


def _served_by_words(params: ServedByParams, words: Words) -> str:
    window, who = window_words(params, words), words.named(params.staff)
    asked = words.say("点客", ", whom she asked for,") if params.requested else ""
    if params.served:
        return words.say("{}由{}{}服务过", "served by {1}{2} {0}", window, who, asked)
    return words.say("{}未由{}{}服务", "not served by {1}{2} {0}", window, who, asked)


register(
    Condition(
        name="served_by",
        group=Group.CONSUMPTION,
        params=ServedByParams,
        zh="由员工服务",
        en="Served by",
        ask=_served_by,
        words=_served_by_words,
        example={"staff": ["01930000-0000-7000-8000-000000000001"], "withinDays": 180},
        seen=Seen.DAY,
    )
)
