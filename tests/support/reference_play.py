"""One story lived through twice: by the engine on PostgreSQL and by the reference, happening by happening."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.ledger.inputs import AppointmentIn, CardIn, EntryIn, VisitIn
from tasks.ledger.states import EntryKind
from tasks.people.inputs import CustomerIn
from tasks.plans.definition import encode
from tests.support.calls import work_off
from tests.support.clock import SHANGHAI, TestClock
from tests.support.entering import happens
from tests.support.plans import rows, start_plan, sweep
from tests.support.reference_books import Card, Contact, Customer, Event
from tests.support.reference_engine import Engine
from tests.support.reference_staff import Staff, Task
from tests.support.reference_stories import BEGIN, SLOTS, SWEEPS, Act, Person, Story, day_before, on
from tests.support.world import World, phone_of

PHONES = 100_000
MARKS = {
    "refuse": "no_contact_at",
    "refused": "no_contact_at",
    "complain": "complaint_at",
    "complained": "complaint_at",
}
_SPEAK = """
insert into contact (merchant_id, id, customer_id, channel, human, marketing, reached, phone_index, contacted_at, contacted_on)
values (:merchant, new_uuid7(), :id, 'phone', true, :marketing, :reached,
    (select p.value_index from contact_point p where p.merchant_id = :merchant and p.customer_id = :id and p.kind = 'phone' limit 1), :at, :day)
"""


class Play:
    """Both worlds, and what is done in them."""

    def __init__(self, world: World, clock: TestClock, story: Story) -> None:
        self.world, self.clock, self.story = world, clock, story
        self.people: list[Customer] = []
        self.engine = Engine(BEGIN, self.people, ())
        self.plans: list[UUID] = []
        self.now = BEGIN

    async def set(self, at: datetime) -> None:
        self.now = self.engine.now = at
        await self.clock.set(at)

    async def prologue(self) -> None:
        """The merchant, her people and their past; then the plans, a minute apart."""
        await self.clock.set(BEGIN)
        await self._customers()
        self.engine = Engine(BEGIN, self.people, await self._staff())
        for who, person in zip(self.people, self.story.people, strict=True):
            await self._past(who, person)
        for number, definition in enumerate(self.story.plans, 1):
            await self.set(BEGIN + timedelta(minutes=number))
            changes = {field: said for field, said in encode(definition).items() if field != "template"}
            self.plans.append(await start_plan(self.world, definition.template, **changes))
            self.engine.start(definition)
        assert sorted(self.plans) == self.plans

    def _store(self, number: int) -> str:
        return f"S{number % self.story.stores + 1}"

    async def _customers(self) -> None:
        items = [
            CustomerIn(
                external_id=f"P{number}", name=f"客{number}", home_store=self._store(person.store), internal=person.kind == "internal",
                anonymous=person.kind == "anonymous", phones=(phone_of(PHONES + person.phone),) if person.phone else (),
            )
            for number, person in enumerate(self.story.people)
        ]  # fmt: skip
        for item, verdict in zip(items, await self.world.books("customers", *items), strict=True):
            assert verdict.id is not None
            self.world.customers[item.external_id] = verdict.id
        ranks = sorted(self.world.customers, key=lambda code: self.world.customers[code])
        self.people += [
            Customer(
                f"P{number}", ranks.index(f"P{number}"), self._store(person.store), comes_to=self._store(person.away),
                phone=str(person.phone) if person.phone else None, followed=person.kind not in {"internal", "anonymous"},
                refused=person.kind == "refused", complained=person.kind == "complained",
                nameless=person.kind == "anonymous",
            )
            for number, person in enumerate(self.story.people)
        ]  # fmt: skip

    async def _staff(self) -> list[Staff]:
        """Capacities of the employees: open at a time, new on weekdays, new at weekends."""
        found = []
        codes = [f"E{number}" for number in range(1, len(self.story.staff) + 1)]
        ranks = sorted(codes, key=lambda code: self.world.staff[code])
        for code, (most, weekday, weekend) in zip(codes, self.story.staff, strict=True):
            await rows(
                self.world, "update staff set max_open = :most, max_new_weekday = :weekday, max_new_weekend = :weekend "
                "where merchant_id = :merchant and id = :id returning id",
                id=self.world.staff[code], most=most, weekday=weekday, weekend=weekend,
            )  # fmt: skip
            found.append(Staff(code, ranks.index(code), self.world.store_of(code), most, weekday, weekend))
        return found

    async def _past(self, who: Customer, person: Person) -> None:
        for ago in sorted(person.visits, reverse=True):
            await self._visit(
                who, at=datetime.combine(day_before(ago), time(15, who.rank), tzinfo=SHANGHAI), historic=True
            )
        if person.booked is not None:
            await self._book(who, on(person.booked, time(15)))
        for ago, marketing, reached in person.contacts:
            at = datetime.combine(day_before(ago), time(12), tzinfo=SHANGHAI)
            await self._speak(who, Contact(at, marketing, reached))
        for balance, lasts in person.cards:
            await self._card(who, balance, lasts)
        if person.kind in MARKS:
            await self._mark(who, MARKS[person.kind])

    async def _visit(self, who: Customer, at: datetime, *, historic: bool = False) -> None:
        if who.nameless:
            return
        item = VisitIn(customer=who.code, store=who.comes_to, at=at, staff="E1", service="CUT")
        await self.world.books("visits", item, historic=historic)
        who.visits.append((at, who.comes_to))
        self.engine.happens(Event("service_completed", at, who, who.comes_to, historic=historic))

    async def _book(self, who: Customer, begins: datetime) -> None:
        item = AppointmentIn(
            external_id=self.world.fresh("A"), store="S1", starts_at=begins, customer=who.code, booked_at=self.now
        )
        await self.world.books("appointments", item)
        who.appointments.append(begins)
        self.engine.happens(Event("appointment_booked", self.now, who, "S1"))

    async def _speak(self, who: Customer, contact: Contact) -> None:
        ident = self.world.customers[who.code]

        async def spoken(unit: Unit) -> None:
            await unit.run(
                _SPEAK, id=ident, marketing=contact.marketing, reached=contact.reached, at=contact.at, day=contact.at.date()
            )  # fmt: skip

        await self.world.do(spoken)
        who.contacts.append(contact)

    async def _mark(self, who: Customer, column: str) -> None:
        async def marked(unit: Unit) -> None:
            await unit.run(
                f"update customer_contact_state set {column} = :now where merchant_id = :merchant and customer_id = :id",
                id=self.world.customers[who.code],
            )

        await self.world.do(marked)

    async def _card(self, who: Customer, balance: int, lasts: int | None) -> None:
        at, code = datetime.combine(day_before(100), time(12), tzinfo=SHANGHAI), self.world.fresh("K")
        expires = day_before(-lasts) if lasts is not None else None
        opened = EntryIn(
            external_id=f"{code}-open",
            kind=EntryKind.OPEN,
            at=at,
            principal_cents=balance,
            expires_on=expires,
            store=who.comes_to,
        )
        item = CardIn(
            external_id=code,
            product="VALUE",
            customer=who.code,
            store=who.comes_to,
            opened_on=at.date(),
            entries=(opened,),
        )
        await self.world.books("cards", item, historic=True)
        who.cards.append(Card(code, who, who.comes_to, expires, [(at, balance)]))

    # --- what happens

    async def play(self) -> None:
        """Day by day: what is done before each sweep, and the sweep."""
        acts = list(self.story.acts)
        for day in range(self.story.days):
            for slot, wall in enumerate(SLOTS):
                here = [act for act in acts if (act.day, act.slot) == (day, slot)]
                for minute, act in enumerate(here):
                    await self.set(on(day, wall) + timedelta(minutes=minute))
                    await self.act(act)
                if slot < len(SWEEPS):
                    # Each day a minute earlier: nothing falls due in the very instant of a sweep, which no clock that runs could tell.
                    await self.set(on(day, SWEEPS[slot]) - timedelta(minutes=day))
                    await sweep(self.world)
                    self.engine.sweep()

    async def act(self, act: Act) -> None:
        who = self.people[act.who % len(self.people)]
        card = who.cards[act.much % len(who.cards)] if who.cards else None
        if who.nameless and act.kind != "work":
            return
        if act.kind in {"visit", "late_visit"}:
            at = self.now - (timedelta(hours=31) if act.kind == "late_visit" else timedelta(minutes=5))
            if all((one.date(), store) != (at.date(), who.comes_to) for one, store in who.visits):
                await self._visit(who, at)
        elif act.kind == "tried":
            await happens(self.world, "tried_not_bought", who.code, self.now, store=who.comes_to)
            self.engine.happens(Event("tried_not_bought", self.now, who, who.comes_to))
        elif act.kind in {"use", "top_up"} and card is not None:
            await self._move(card, -min(card.balance, 10_000 + 1_000 * act.much) if act.kind == "use" else 30_001)
        elif act.kind == "book":
            await self._book(who, self.now + timedelta(days=act.much % 3, hours=1))
        elif act.kind == "contact":
            await self._speak(who, Contact(self.now, bool(act.much % 2), bool(act.much % 3)))
        else:
            await self._hand(act, who)

    async def _hand(self, act: Act, who: Customer) -> None:
        if act.kind in {"refuse", "complain"}:
            who.refused, who.complained = who.refused or act.kind == "refuse", who.complained or act.kind == "complain"
            await self._mark(who, MARKS[act.kind])
        else:
            out = [task for task in self.engine.work.tasks if task.live]
            if out:
                await (self._snooze if act.kind == "snooze" else self._work_off)(out[act.who % len(out)], act.much)

    async def _work_off(self, task: Task, much: int) -> None:
        await work_off(self.world, task.who.code)
        self.engine.close(task.who)
        if much % 2:
            await self._speak(task.who, Contact(self.now, bool(much % 4 > 1), reached=True))

    async def _snooze(self, task: Task, much: int) -> None:
        """She asked to be called in so many days."""
        task.away_until = self.now + timedelta(days=1 + much % 6)
        await rows(
            self.world, "update task set status = 'waiting', wait_until = :until, wait_kind = 'snooze' where merchant_id = :merchant and customer_id = :who "
            "and status in ('queued', 'open', 'in_progress', 'waiting') returning id", until=task.away_until, who=self.world.customers[task.who.code],
        )  # fmt: skip

    async def _move(self, card: Card, cents: int) -> None:
        if cents:
            kind = EntryKind.CONSUME if cents < 0 else EntryKind.TOP_UP
            entry = EntryIn(
                external_id=self.world.fresh("KE"), kind=kind, at=self.now, principal_cents=cents, store=card.store
            )
            await self.world.books("cards", CardIn(external_id=card.code, entries=(entry,)))
            card.moves.append((self.now, cents))
            told = "card_used" if cents < 0 else "card_topped_up"
            self.engine.happens(Event(told, self.now, card.owner, card.store, card))

    # --- what came of it

    async def decided(self) -> list[tuple[Any, ...]]:
        found = await rows(
            self.world, "select customer_id, plan_id, decided_at, step, decided, reason from decision where merchant_id = :merchant"
        )  # fmt: skip
        names = {ident: code for code, ident in self.world.customers.items()}
        return sorted(
            (
                f"{row['decided_at'].astimezone(SHANGHAI):%m-%d %H:%M}", self.plans.index(row["plan_id"]), names[row["customer_id"]], row["step"],
                row["decided"], row["reason"] or "",
            )
            for row in found
        )  # fmt: skip

    def expected(self) -> list[tuple[Any, ...]]:
        return sorted(
            (f"{one.at:%m-%d %H:%M}", one.plan, one.who, one.step, one.decided, one.reason or "")
            for one in self.engine.decisions
        )

    async def tasks(self) -> list[tuple[Any, ...]]:
        found = await rows(
            self.world, "select t.customer_id, t.store_id, t.opens_on, t.assignee_id, t.status in ('queued', 'open', 'in_progress', 'waiting') as live, "
            "(select array_agg(r.plan_id || ' ' || r.step) from task_reason r where r.merchant_id = :merchant and r.task_id = t.id) as reasons "
            "from task t where t.merchant_id = :merchant",
        )  # fmt: skip
        names = {ident: code for code, ident in (self.world.customers | self.world.stores | self.world.staff).items()}
        plan = {str(ident): str(no) for no, ident in enumerate(self.plans)}
        return sorted(
            (
                row["opens_on"], names[row["customer_id"]], names[row["store_id"]], names.get(row["assignee_id"], ""), row["live"],
                sorted(plan[one.split()[0]] + ":" + one.split()[1] for one in row["reasons"]),
            )
            for row in found
        )  # fmt: skip

    def expected_tasks(self) -> list[tuple[Any, ...]]:
        return sorted(
            (
                task.opens_on, task.who.code, task.store, task.assignee or "", task.live,
                sorted(f"{one.plan.no}:{step}" for one, step in task.reasons),
            )
            for task in self.engine.work.tasks
        )  # fmt: skip
