"""A salon in Shanghai in which a template's life is told: what happens, who gets a task, by when, and what there is to say."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from scripts.locales import Locale
from tasks.callbacks.facts import CallbackFact
from tasks.callbacks.tables import Outcome
from tasks.flow.accept_events import accept_events
from tasks.flow.log_callback import log_callback
from tasks.flow.tend_merchant import tend_merchant
from tasks.flow.view_task import view_task
from tasks.kernel.ids import new_id
from tasks.kernel.verdicts import Taken
from tasks.ledger.inputs import CardIn, CardItemIn, CategoryIn, EntryIn, LineIn, ProductIn, SaleIn
from tasks.ledger.states import EntryKind, ProductKind
from tests.support.clock import SHANGHAI, TestClock, shanghai
from tests.support.clouds import cloud
from tests.support.plans import decisions, rows, start_plan, sweep
from tests.support.world import World

_TASKS = """
select t.id, t.customer_id, t.assignee_id, t.store_id, t.status, t.close_reason, t.priority, t.opens_at, t.contact_from, t.due_at, t.expires_at,
       array(select p.template from task_reason r join plan p on p.merchant_id = r.merchant_id and p.id = r.plan_id
             where r.merchant_id = t.merchant_id and r.task_id = t.id order by r.created_at, r.id) as templates
from task t where t.merchant_id = :merchant order by t.created_at, t.customer_id
"""


@dataclass(frozen=True)
class Seen:
    """A task as a person would describe it; `who` None is the store's pool, times are wall times in Shanghai."""

    customer: str
    who: str | None
    opens: str
    due: str
    expires: str
    status: str = "open"
    priority: int = field(default=0, compare=False)
    store: str = field(default="S1", compare=False)
    contact_from: str = field(default="", compare=False)
    closed: str | None = field(default=None, compare=False)
    templates: tuple[str, ...] = field(default=(), compare=False)
    id: UUID = field(default_factory=lambda: UUID(int=0), compare=False)


def wall(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


@dataclass
class Story:
    """A salon, a clock, and the one plan that is told of."""

    world: World
    clock: TestClock

    async def begins(self, at: str, template: str, **changes: Any) -> UUID:
        """The owner turns the template on."""
        await self.clock.set(shanghai(at))
        return await start_plan(self.world, template, **changes)

    async def at(self, at: str) -> None:
        """It is then, and the worker has looked."""
        await self.clock.set(shanghai(at))
        await tend_merchant(self.world.units, self.world.merchant_id)
        await sweep(self.world)

    async def happens(self, kind: str, at: str, *, store: str | None = "S1", **data: Any) -> None:
        """A POS or an employee says so, at that moment."""
        await self.clock.set(shanghai(at))
        where = {} if store is None else {"store": store}
        item = cloud(kind, shanghai(at), **where, **data)
        (verdict,) = await self.world.do(lambda unit: accept_events(unit, [item]))
        assert verdict.status is Taken.ACCEPTED, verdict

    async def sold(
        self, customer: str, at: str, product: str = "CUT", *, cents: int = 10_000, staff: str = "E1"
    ) -> None:
        """She pays for it, at that moment."""
        await self.clock.set(shanghai(at))
        line = LineIn(product=product, cash_cents=cents, staff=(staff,))
        sale = SaleIn(external_id=self.world.fresh("R"), store="S1", at=shanghai(at), customer=customer, lines=(line,))
        await self.world.books("sales", sale)

    async def times_card(
        self, customer: str, at: str, uses: int, *, expires_on: date | None = None, store: str = "S1", **more: Any
    ) -> str:
        """A card with uses of a facial is opened."""
        code = self.world.fresh("T")
        entry = EntryIn(
            external_id=f"{code}-open", kind=EntryKind.OPEN, at=shanghai(at), uses=uses, item_no=1, expires_on=expires_on, store=store, **more
        )  # fmt: skip
        item = CardIn(
            external_id=code, product="TIMES", customer=customer, store=store, opened_on=shanghai(at).astimezone(SHANGHAI).date(),
            items=(CardItemIn(product="FACIAL"),), entries=(entry,),
        )  # fmt: skip
        await self.world.books("cards", item)
        return code

    async def frozen(self, card: str, at: str) -> None:
        """The card is put on ice (停卡)."""
        entry = EntryIn(external_id=self.world.fresh("F"), kind=EntryKind.FREEZE, at=shanghai(at), frozen=True)
        await self.world.books("cards", CardIn(external_id=card, entries=(entry,)))

    async def advertised(self, customer: str, at: str) -> None:
        """Somebody has written to her to sell."""
        moment = shanghai(at)
        await self.world.do(
            lambda unit: unit.run(
                "insert into contact (merchant_id, id, customer_id, channel, human, marketing, reached, contacted_at, contacted_on) "
                "values (:merchant, new_uuid7(), :customer, 'wechat', true, true, true, :at, :day)",
                customer=self.world.customers[customer], at=moment, day=moment.astimezone(SHANGHAI).date(),
            )
        )  # fmt: skip

    async def card_used(self, customer: str, card: str, at: str, **amounts: Any) -> None:
        """The card pays, at that moment."""
        await self.happens("card_used", at, customer=customer, cardId=card, entryId=self.world.fresh("U"), **amounts)

    async def settled(self, customer: str, at: str) -> None:
        """Whoever has her newest task reaches her; she comes again in two weeks."""
        await self.clock.set(shanghai(at))
        task = await self.task(customer)
        fact = CallbackFact(
            action_id=new_id(), task_id=task.id, outcome=Outcome.BOOKED, occurred_at=shanghai(at),
            fields={"startsAt": (shanghai(at) + timedelta(days=14)).isoformat()},
        )  # fmt: skip
        scope = self.world.scope(task.who or "manager")
        await self.world.do(lambda unit: log_callback(unit, scope, fact))

    async def tasks(self, template: str | None = None) -> list[Seen]:
        """Every task there is, or those that the template has a part in."""
        people = {ident: code for code, ident in self.world.customers.items()}
        staff = {ident: code for code, ident in self.world.staff.items()}
        stores = {ident: code for code, ident in self.world.stores.items()}
        found = [
            Seen(
                people[row["customer_id"]], staff.get(row["assignee_id"]), wall(row["opens_at"]), wall(row["due_at"]), wall(row["expires_at"]),
                row["status"], row["priority"], stores[row["store_id"]], wall(row["contact_from"]), row["close_reason"], tuple(row["templates"]),
                row["id"],
            )
            for row in await rows(self.world, _TASKS)
        ]  # fmt: skip
        return [one for one in found if template is None or template in one.templates]

    async def task(self, customer: str) -> Seen:
        """The newest task of a customer."""
        return [one for one in await self.tasks() if one.customer == customer][-1]

    async def texts(self, customer: str, locale: Locale = "zh-CN") -> dict[str, str]:
        """What can be said on her newest task right now, by variant."""
        task = await self.task(customer)
        scope = self.world.scope(task.who or "manager")
        page = await self.world.do(lambda unit: view_task(unit, scope, task.id, locale))
        return {text.variant.rpartition("/")[2]: text.text for text in page.scripts}

    async def decided(self) -> dict[str, list[str]]:
        """Per customer, what was decided, oldest first."""
        return await decisions(self.world)

    async def passages(self) -> dict[str, list[str]]:
        """Per customer, the states of her passages, oldest first, with why they ended."""
        people = {ident: code for code, ident in self.world.customers.items()}
        told: dict[str, list[str]] = {}
        for row in await rows(
            self.world,
            "select customer_id, state, exit_reason from enrolment where merchant_id = :merchant order by created_at, id",
        ):
            said = f"{row['state']}:{row['exit_reason']}" if row["exit_reason"] else row["state"]
            told.setdefault(people[row["customer_id"]], []).append(said)
        return told


async def furnish(world: World) -> None:
    """Services of every kind, under categories as a Chinese POS has them."""
    await world.books(
        "categories",
        CategoryIn(code="HAIR", name="剪发"),
        CategoryIn(code="COLOUR", name="烫染"),
        CategoryIn(code="SKIN", name="皮肤管理"),
        CategoryIn(code="LASHES", name="美睫"),
    )
    await world.books(
        "products",
        ProductIn(code="CUT", name="剪发", kind=ProductKind.SERVICE, category="HAIR", price_cents=10_000),
        ProductIn(code="DYE", name="染发", kind=ProductKind.SERVICE, category="COLOUR", price_cents=28_000),
        ProductIn(
            code="FACIAL", name="补水护理", kind=ProductKind.SERVICE, category="SKIN", cycle_days=28, upkeep="补水"
        ),
        ProductIn(code="LASHX", name="美睫", kind=ProductKind.SERVICE, category="LASHES", upkeep="补睫毛"),
        ProductIn(code="CREAM", name="保湿面霜", kind=ProductKind.GOODS, price_cents=19_800),
    )
