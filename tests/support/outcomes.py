"""What an employee logs, and what is looked at afterwards."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tasks.callbacks.facts import CallbackAnswer, CallbackFact
from tasks.flow.log_callback import log_callback
from tasks.kernel.ids import new_id
from tasks.worklist.states import Channel
from tests.support.clock import TestClock, shanghai
from tests.support.rows import Made, rows_of, task_row
from tests.support.world import World

DEFAULTS: dict[str, dict[str, Any]] = {
    "booked": {"startsAt": "2026-03-05T15:00:00+08:00"},
    "will_come": {"promisedOn": "2026-03-05"},
    "purchased": {},
    "topped_up": {},
    "interested_later": {"contactAt": "2026-03-09T10:00:00+08:00"},
    "callback_requested": {"callbackAt": "2026-03-03T18:00:00+08:00"},
    "message_sent": {},
    "no_answer": {},
    "busy": {},
    "wrong_number": {},
    "not_interested": {"reason": "price"},
    "refused_contact": {"scope": "all"},
    "complaint": {"category": "waiting"},
    "already_done": {},
    "skipped": {"reason": "bad_moment"},
}
"""Outcome → what it needs, as of 2 March 2026."""


@dataclass(frozen=True)
class Logs:
    """Employees of a world at their phones."""

    world: World
    clock: TestClock

    async def says(self, task: Made | UUID, outcome: str, who: str = "E1", **more: Any) -> CallbackAnswer:
        """`who` logs the outcome now; `at`, `note`, `corrects`, `attachments`, `behaves` (whose fields are meant) or fields by name."""
        at = more.pop("at", None) or await self.clock.now()
        task_id = task.task_id if isinstance(task, Made) else task
        behaves = more.pop("behaves", outcome)
        channel = Channel(more.pop("channel", "wechat" if behaves == "message_sent" else "phone"))
        plain = {name: more.pop(name) for name in ("note", "corrects", "attachments") if name in more}
        said = CallbackFact(
            action_id=more.pop("action", None) or new_id(),
            task_id=task_id,
            outcome=outcome,
            occurred_at=at,
            channel=channel,
            fields=DEFAULTS.get(behaves, {}) | more,
            **plain,
        )
        return await self.world.do(lambda unit: log_callback(unit, self.world.scope(who), said))

    async def at(self, wall: str) -> None:
        """It is then."""
        await self.clock.set(shanghai(wall))

    async def later(self, **parts: float) -> datetime:
        """So much time passes."""
        return await self.clock.advance(timedelta(**parts))

    async def one(self, sql: str, **values: Any) -> dict[str, Any]:
        """The one row there is."""
        (row,) = await rows_of(self.world, sql, **values)
        return row

    async def task(self, task: Made | UUID) -> tuple[str, str | None]:
        """Status and close reason."""
        row = await task_row(self.world, task.task_id if isinstance(task, Made) else task)
        return str(row["status"]), row["close_reason"]  # type: ignore[return-value]  # rows are untyped

    async def reason(self, task: Made) -> tuple[str, str | None, str | None]:
        """State, close reason and result of the task's reason."""
        row = await self.one(
            "select state, close_reason, result from task_reason where merchant_id = :merchant and id = :r",
            r=task.reason_id,
        )
        return row["state"], row["close_reason"], row["result"]

    async def passage(self, enrolment_id: UUID) -> tuple[str, str | None]:
        """State and exit reason of a passage."""
        row = await self.one(
            "select state, exit_reason from enrolment where merchant_id = :merchant and id = :e", e=enrolment_id
        )
        return row["state"], row["exit_reason"]

    async def state_of(self, customer: str = "C1") -> dict[str, Any]:
        """What stands between us and her."""
        return await self.one(
            "select * from customer_contact_state where merchant_id = :merchant and customer_id = :c",
            c=self.world.customers[customer],
        )

    async def contacts(self) -> list[tuple[str, bool]]:
        """Channel and whether she was reached, of every contact."""
        found = await rows_of(
            self.world, "select channel, reached from contact where merchant_id = :merchant order by contacted_at, id"
        )
        return [(str(row["channel"]), bool(row["reached"])) for row in found]
