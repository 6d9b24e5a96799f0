"""A phone in tests: makes actions, sends them as its app would, and remembers what it was told."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tasks.flow.action_callback import CallbackBody
from tasks.flow.action_moves import OnTask, SnoozeBody
from tasks.flow.action_sent import Performed, Refusal, Said, Sent
from tasks.flow.replay_actions import Replayed, Unread, replay_actions
from tasks.kernel.errors import FlowError
from tasks.kernel.ids import new_id
from tests.support.world import World


def said(error: Exception) -> Refusal:
    """What the edge would make of an error: a fact is final, anything else is a defect that passes."""
    fact = error if isinstance(error, FlowError) else None
    status = fact.status if fact else 500
    return Refusal(
        code=fact.code if fact else "internal-error",
        status=status,
        final=status < 500,
        zh=Said(fact.message("zh-CN") if fact else "出错"),
        en=Said(fact.message("en") if fact else "broken"),
    )


def action(kind: str, body: Struct, at: datetime, *, seq: int | None = None, device: str | None = None) -> Sent:
    return Sent(action_id=new_id(), kind=kind, occurred_at=at, body=body, seq=seq, device=device)


def on(kind: str, task_id: UUID, at: datetime) -> Sent:
    """`claim`, `start` or `release` of a task."""
    return action(kind, OnTask(task_id=task_id), at)


def put_off(task_id: UUID, at: datetime, until: datetime) -> Sent:
    return action("snooze", SnoozeBody(task_id=task_id, until=until), at)


def called(task_id: UUID, at: datetime, outcome: str = "no_answer", **words: object) -> Sent:
    return action("log_callback", CallbackBody(task_id=task_id, outcome=outcome, **words), at)  # type: ignore[arg-type]  # a test says the right types


async def send(world: World, who: str, *sent: Sent | Unread, device: str | None = None) -> Replayed:
    """Everything in one call."""
    return await replay_actions(world.units, world.scope(who), sent, said, device)


async def tell(world: World, who: str, *sent: Sent | Unread) -> list[str]:
    """The verdicts of one call; a rejection with the code of its problem."""
    return [spoken(one) for one in (await send(world, who, *sent)).results]


def spoken(done: Performed) -> str:
    return f"{done.verdict}:{done.refusal.code}" if done.refusal else str(done.verdict)


def verdicts(done: Sequence[Performed]) -> list[str]:
    return [spoken(one) for one in done]
