"""Plans that events start, in tests: begun with little else in the way, their events sent, their passages read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tasks.flow.accept_events import accept_events
from tasks.kernel.verdicts import Taken
from tests.support.clock import shanghai
from tests.support.clouds import cloud
from tests.support.plans import rows, start_plan
from tests.support.world import World

DONE = "update task set status = 'done', closed_at = :now, close_reason = 'callback' where merchant_id = :merchant returning id"
"""Every task is done and kept, so that the next one stands by itself."""


async def begin(world: World, events: str | list[str], *offsets: dict[str, Any], **changes: Any) -> UUID:
    """Turn on a plan for everybody these events happen to: each of them a passage, at once unless offsets say otherwise."""
    types = [events] if isinstance(events, str) else events
    trigger = {"events": types, "offsets": list(offsets) or [{}], "firstVisit": False} | changes.pop("trigger", {})
    plain: dict[str, Any] = {"audience": None, "exitOn": [], "holdOut": 0}
    entry = changes.pop("entry", {"mode": "each_time"})
    return await start_plan(world, "second_visit", **(plain | changes), trigger=trigger, entry=entry)


async def happens(world: World, kind: str, customer: str, when: str | datetime, **data: Any) -> None:
    """One CloudEvent of a customer at a wall time in Shanghai, or an instant."""
    await send(world, event(kind, customer, when, **data))


def event(kind: str, customer: str, when: str | datetime, **data: Any) -> dict[str, Any]:
    """The CloudEvent that `happens` sends."""
    return cloud(kind, shanghai(when) if isinstance(when, str) else when, customer=customer, **data)


async def send(world: World, *events: dict[str, Any]) -> None:
    """Events in one batch; every one must be taken."""
    verdicts = await world.do(lambda unit: accept_events(unit, list(events)))
    assert [verdict for verdict in verdicts if verdict.status is not Taken.ACCEPTED] == []


async def passages(world: World, plan: UUID | None = None) -> list[dict[str, Any]]:
    """The passages of a plan (None: of all), in the order they fire."""
    return await rows(
        world,
        "select * from enrolment where merchant_id = :merchant and (cast(:plan as uuid) is null or plan_id = :plan) order by fire_at, entry_key, id",
        plan=plan,
    )


async def fire_times(world: World) -> list[datetime]:
    """When the waiting passages fire."""
    return [one["fire_at"] for one in await passages(world) if one["state"] == "waiting"]
