"""Conditions of contacts, tasks, appointments, promises and permission mean what a plain reading of the books says, now and as of a past day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import AppointmentIn
from tasks.ledger.states import AppointmentStatus
from tests.properties.audience.test_consumption import salon
from tests.support.audience_books import read_books
from tests.support.audience_contacts import CONTACT
from tests.support.audience_trees import (
    WINDOWS,
    ZONES,
    Drawn,
    ago,
    bounds,
    check,
    instant,
    joined,
    maybe,
    nows,
    whens,
    windows,
)
from tests.support.clock import TestClock
from tests.support.rows import Ask, Made, make_plan, make_task
from tests.support.world import World

Told = tuple[str, str, tuple[int, time], int, int]
"""A record: of whom, in which store, how long ago, and two choices."""
CUSTOMERS: Final = ("A", "B", "C")
OUTCOMES: Final = ("booked", "no_answer", "callback_requested", "refused_contact")
STATUSES: Final = tuple(AppointmentStatus)
CHANNELS: Final = ("phone", "wechat", "in_store", "sms")
PROMISES: Final = ("open", "kept", "broken", "withdrawn")
STATES: Final = (
    "no_phone_at",
    "no_wechat_at",
    "no_contact_at",
    "complaint_at",
    "marketing_frozen_until",
    "wrong_number_at",
)

told = st.tuples(st.sampled_from(CUSTOMERS), st.sampled_from(("S1", "S2")), ago, st.integers(0, 11), st.integers(0, 11))


@dataclass(frozen=True)
class Story:
    """What happened, by kind of record."""

    now: datetime
    contacts: Sequence[Told]
    tasks: Sequence[Told]
    callbacks: Sequence[Told]
    appointments: Sequence[Told]
    promises: Sequence[Told]
    refusals: Sequence[Told]
    consents: Sequence[Told]


def _some(most: int) -> st.SearchStrategy[list[Told]]:
    return st.lists(told, min_size=most // 2, max_size=most)


stories = st.builds(Story, nows, _some(8), _some(4), _some(6), _some(6), _some(6), _some(3), _some(4))


@dataclass(frozen=True)
class Teller:
    """Writes the records that no service writes yet, or not in the past, as rows."""

    world: World
    now: datetime

    async def insert(self, table: str, **values: Any) -> UUID:
        names = ["merchant_id", "id", *values]
        one = new_id()
        async with self.world.units.open(self.world.merchant_id) as unit:
            binds = ", ".join([":merchant", ":id", *(f":{name}" for name in values)])
            await unit.run(f"insert into {table} ({', '.join(names)}) values ({binds})", id=one, **values)
        return one

    async def run(self, statement: str, **values: Any) -> None:
        async with self.world.units.open(self.world.merchant_id) as unit:
            await unit.run(statement, **values)

    def at(self, one: Told) -> datetime:
        return instant(self.now, ZONES[one[1]], *one[2])

    async def contact(self, one: Told) -> None:
        code, store, _, first, second = one
        at = self.at(one)
        staff = (self.world.staff["E1"], self.world.staff["E2"], None)[second % 3]
        await self.insert(
            "contact", customer_id=self.world.customers[code], staff_id=staff, channel=CHANNELS[first % 4], human=staff is not None,
            reached=second % 2 == 0, contacted_at=at, contacted_on=at.astimezone(ZoneInfo(ZONES[store])).date(),
        )  # fmt: skip

    async def task(self, one: Told, plans: Sequence[tuple[UUID, UUID]]) -> Made:
        """A task of one of the plans; some are closed at once, some later, some not at all."""
        code, store, _, first, second = one
        hours = (self.at(one) - self.now).total_seconds() / 3600
        status = ("queued", "open", "in_progress", "open")[first % 4]
        ask = Ask(customer=code, store=store, origin="own", status=status, opens=hours)
        made = await make_task(self.world, ask, plans[first % 2])
        await self.run(
            "update task_reason set created_at = least(created_at, :at) where merchant_id = :merchant and id = :id",
            at=self.at(one),
            id=made.reason_id,
        )
        if second % 3:
            closed = self.at(one) + timedelta(days=(0, 1, 30)[second % 3])
            await self._close(made, min(closed, self.now), reason_only=second % 2 == 0)
        return made

    async def _close(self, made: Made, at: datetime, *, reason_only: bool) -> None:
        await self.run(
            "update task_reason set state = 'closed', close_reason = 'callback', closed_at = :at where merchant_id = :merchant and id = :id",
            at=at, id=made.reason_id,
        )  # fmt: skip
        if not reason_only:
            await self.run(
                "update task set status = 'done', close_reason = 'callback', closed_at = :at where merchant_id = :merchant and id = :id",
                at=at, id=made.task_id,
            )  # fmt: skip

    async def callback(
        self, one: Told, tasks: Sequence[Made], earlier: Sequence[tuple[UUID, UUID]]
    ) -> tuple[UUID, UUID] | None:
        """A callback on a task, or a correction of an earlier one of the same customer."""
        *_, first, second = one
        if not tasks:
            return None
        task = tasks[second % len(tasks)]
        same = [callback for customer, callback in earlier if customer == task.customer_id]
        corrects = same[-1] if same and second % 3 == 0 else None
        callback = await self.insert(
            "callback", task_id=task.task_id, customer_id=task.customer_id, staff_id=self.world.staff["E1"], action_id=new_id(),
            outcome=OUTCOMES[first % 4], channel="phone", fields="{}", corrects=corrects, verdict="applied", occurred_at=self.at(one),
            received_at=self.now,
        )  # fmt: skip
        return task.customer_id, callback

    async def appointment(self, one: Told, number: int) -> None:
        """Past and to come, in every status."""
        code, store, (days, wall), first, second = one
        day = self.now.astimezone(ZoneInfo(ZONES[store])).date() + timedelta(days=days if second % 2 else -days)
        starts_at = datetime.combine(day, wall, ZoneInfo(ZONES[store]))
        status = STATUSES[first % len(STATUSES)]
        booked_at = min(starts_at - timedelta(days=(0, 1, 31)[second % 3]), self.now)
        cancelled_at = min(starts_at, self.now) if status is AppointmentStatus.CANCELLED else None
        item = AppointmentIn(
            external_id=f"A{number}", store=store, starts_at=starts_at, customer=code, staff="E1", service="CUT", status=status,
            booked_at=booked_at, cancelled_at=cancelled_at,
        )  # fmt: skip
        await self.world.books("appointments", item)

    async def promise(self, one: Told) -> None:
        code, store, _, first, second = one
        at = self.at(one)
        state = PROMISES[first % 4]
        settled = None if state == "open" else min(at + timedelta(days=second % 3), self.now)
        await self.insert(
            "promise", customer_id=self.world.customers[code], store_id=self.world.stores[store], staff_id=self.world.staff["E1"],
            promised_on=at.astimezone(ZoneInfo(ZONES[store])).date(), state=state, made_at=at - timedelta(days=2), settled_at=settled,
        )  # fmt: skip

    async def refusal(self, one: Told) -> None:
        column = STATES[one[3] % len(STATES)]
        at = self.at(one) + (timedelta(days=60) if column == "marketing_frozen_until" else timedelta(0))
        await self.run(
            f"update customer_contact_state set {column} = :at where merchant_id = :merchant and customer_id = :id",
            at=at,
            id=self.world.customers[one[0]],
        )

    async def consent(self, one: Told) -> None:
        code, _, _, first, second = one
        await self.insert(
            "consent",
            customer_id=self.world.customers[code],
            kind=("person", "automatic")[first % 2],
            granted=second % 2 == 0,
            source="test",
            at=self.at(one),
        )


async def write(world: World, story: Story) -> list[str]:
    """Tell the books; returns the ids of the two plans."""
    teller = Teller(world, story.now)
    for one in story.contacts:
        await teller.contact(one)
    plans = [await make_plan(world, name) for name in ("second_visit", "card_balance_low")]
    made = [await teller.task(one, plans) for one in story.tasks]
    callbacks: list[tuple[UUID, UUID]] = []
    for one in story.callbacks:
        callback = await teller.callback(one, made, callbacks)
        callbacks += [callback] if callback else []
    for number, one in enumerate(story.appointments):
        await teller.appointment(one, number)
    for one in story.promises:
        await teller.promise(one)
    for one in story.refusals:
        await teller.refusal(one)
    for one in story.consents:
        await teller.consent(one)
    return [str(plan) for plan, _ in plans]


def _flag(name: str) -> Drawn:
    return st.booleans().map(lambda one: {name: one})


def _few(name: str, values: Sequence[str], least: int = 0) -> Drawn:
    return st.lists(st.sampled_from(values), min_size=least, max_size=2, unique=True).map(lambda some: {name: some})


def conditions(world: World, now: datetime, plans: Sequence[str]) -> dict[str, Drawn]:
    """Parameters of every condition of this file."""
    rates = bounds(0, 33, 34, 50, 66, 67, 100)
    days = st.sampled_from(WINDOWS).map(lambda one: {"withinDays": one})
    by = joined(
        maybe(_few("channels", CHANNELS)), maybe(_few("staff", [str(world.staff["E1"]), str(world.staff["E2"])]))
    )
    ways = st.tuples(st.sampled_from(("care", "marketing")), st.sampled_from(("phone", "wechat", "any")))
    return {
        "last_contacted": joined(whens(now), by),
        "contacts_in_period": joined(windows(now), by, bounds(0, 1, 2, 3), _flag("replied")),
        "reply_rate": joined(windows(now), by, rates),
        "last_outcome": joined(maybe(days), _few("isOneOf", (*OUTCOMES, "complaint"), least=1)),
        "open_task": joined(_flag("exists"), maybe(_few("plans", plans))),
        "future_appointment": joined(_flag("exists"), maybe(days)),
        "unconfirmed_appointment": days,
        "no_show_rate": joined(maybe(days), rates),
        "promise_kept_rate": joined(maybe(days), rates),
        "contact_allowed": joined(
            ways.map(lambda two: {"purpose": two[0], "channel": two[1]}), _flag("automatic"), _flag("allowed")
        ),
    }


@settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data(), story=stories)
async def test_conditions_of_contact_mean_what_the_books_say(
    units: Units, master: MasterKey, clock: TestClock, data: st.DataObject, story: Story
) -> None:
    await clock.set(story.now)
    world = await salon(units, master)
    plans = await write(world, story)
    books = await read_books(world)
    asked = conditions(world, story.now, plans)
    assert set(asked) == set(CONTACT)
    past = st.sampled_from((None, None, None, 0, 1, 30, 365))
    trees = [
        ({"condition": name} | data.draw(params), data.draw(past)) for name, params in asked.items() for _ in range(8)
    ]
    await check(world, books, CONTACT, trees, story.now)
