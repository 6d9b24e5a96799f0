"""The condition of follow-up tasks that are not closed."""

from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.references import MOST_NAMED, PlanId
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words
from tasks.worklist.states import LIVE

_LIVE: Final = "t.status in ({})".format(", ".join(f"'{status.value}'" for status in LIVE))
_PLANS: Final = """exists (select from task_reason r where r.merchant_id = t.merchant_id and r.task_id = t.id and r.plan_id = any({plans})
  and r.created_at <= {{until}} and {live})"""


class OpenTaskParams(Params, frozen=True):
    """There is a task of hers that is not closed, or there is none; with `plans`, one in which one of these plans still has a part."""

    exists: bool = True
    plans: Annotated[tuple[PlanId, ...], msgspec.Meta(max_length=MOST_NAMED)] = ()


def _open_task(params: OpenTaskParams, binds: Binds) -> Asked:
    """Of a past day, what has closed since was open."""
    task, reason = _LIVE, "r.state = 'live'"
    if binds.past:
        task, reason = (f"({alias}.closed_at is null or {alias}.closed_at > {{until}})" for alias in ("t", "r"))
    plans = _PLANS.format(plans=binds.add(list(params.plans), "uuid[]"), live=reason) if params.plans else "true"
    return Some(
        source="task t",
        who="t.customer_id",
        merchant="t.merchant_id",
        where=f"{task} and t.created_at <= {{until}} and {plans}",
        none=not params.exists,
    )


def _open_task_words(params: OpenTaskParams, words: Words) -> str:
    of = words.say("“{}”的", " of “{}”", words.named(params.plans)) if params.plans else ""
    if params.exists:
        return words.say("有{}未完成的跟进任务", "has an open task{}", of)
    return words.say("没有{}未完成的跟进任务", "has no open task{}", of)


register(
    Condition(
        name="open_task",
        group=Group.CONTACT,
        params=OpenTaskParams,
        zh="有未完成任务",
        en="Open task",
        ask=_open_task,
        words=_open_task_words,
        example={"exists": False},
    )
)
