"""Whatever is typed in, in any order and half of it by mistake: the facts are what the ledger says, and what is voided leaves nothing."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.desk.faults import CardShort, CardUnusable, EntryMovedOn
from tasks.desk.inputs import (
    DeskAppointment,
    DeskArrival,
    DeskCardUse,
    DeskDone,
    DeskLine,
    DeskSale,
    DeskTopUp,
    DeskVoid,
    NewCard,
)
from tasks.flow.desk_acts import DESK_ACTS
from tasks.kernel.sealing import MasterKey
from tasks.ledger.service import check_facts
from tests.support.clock import TestClock, shanghai
from tests.support.desk import typed
from tests.support.plans import rows
from tests.support.rows import Ask, make_task
from tests.support.world import World, make_world

STEPS = 24
NOTHING = UUID(int=0)


class Desk:
    """Somebody who types in at random, and voids what went through."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)  # noqa: S311  # dice, no secret
        self.cards: list[tuple[str, UUID]] = []
        self.done: list[DeskDone] = []

    def draw(self) -> tuple[str, Any]:
        who = self.dice.choice(("C1", "C2"))
        customer = self.world.customers[who]
        kind = self.dice.choice(("arrival", "sale", "sale", "open", "top_up", "card_use", "card_use", "appointment"))
        cents = self.dice.randrange(1, 200) * 100
        service = self.dice.choice(("CUT", "LASH", None))
        holder, card = self.dice.choice(self.cards) if self.cards else (who, NOTHING)
        if kind == "arrival":
            return kind, DeskArrival(customer_id=customer, service=service)
        if kind == "sale":
            sign = self.dice.choice((1, 1, 1, -1))
            return kind, DeskSale(customer_id=customer, lines=(DeskLine(product=service, cash_cents=sign * cents),))
        if kind == "open" or not self.cards:
            return "top_up", DeskTopUp(customer_id=customer, new_card=NewCard(product="VALUE"), principal_cents=cents)
        if kind == "top_up":
            return kind, DeskTopUp(
                customer_id=self.world.customers[holder], card_id=card, principal_cents=cents, gift_cents=100
            )
        if kind == "card_use":
            return kind, DeskCardUse(
                customer_id=self.world.customers[holder], card_id=card, amount_cents=cents, service=service
            )
        day = shanghai("2026-03-03 15:00") + timedelta(days=self.dice.randrange(30))
        return kind, DeskAppointment(customer_id=customer, starts_at=day)

    async def step(self) -> None:
        kind, said = self.draw()
        try:
            done = await typed(self.world, DESK_ACTS[kind][1], said)
        except (CardShort, CardUnusable):
            return
        self.done.append(done)
        if isinstance(said, DeskTopUp) and said.new_card and done.card_id:
            codes = {ident: code for code, ident in self.world.customers.items()}
            self.cards.append((codes[said.customer_id], done.card_id))

    async def void(self, done: DeskDone) -> bool:
        try:
            await typed(self.world, DESK_ACTS["void_entry"][1], DeskVoid(entry_id=done.entry_id or NOTHING))
        except (CardShort, EntryMovedOn):
            return False
        return True


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_voided_leaves_nothing(units: Units, master: MasterKey, clock: TestClock, seed: int) -> None:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master, employees=1, customers=2)
    await make_task(world, Ask(customer="C1"))
    desk = Desk(world, seed)
    for _ in range(STEPS):
        await desk.step()
        if desk.done and desk.dice.random() < 0.2:
            one = desk.dice.choice(desk.done)
            if await desk.void(one):
                desk.done.remove(one)
        assert await world.do(check_facts) == [], f"seed {seed}"
    for _ in range(3):  # a top-up can go only after what was paid with it has come back
        desk.done = [one for one in reversed(desk.done) if not await desk.void(one)][::-1]
    assert desk.done == [], f"seed {seed}"
    assert await world.do(check_facts) == []
    (left,) = await rows(world, LEFT)
    assert left == dict.fromkeys(left, 0), f"seed {seed}"


LEFT = """
select (select count(*) from visit where merchant_id = :merchant)::int as visits,
       (select coalesce(sum(abs(cash_cents) + abs(card_cents)), 0) from sale where merchant_id = :merchant)::int as money,
       (select coalesce(sum(abs(balance_cents)), 0) from card_facts where merchant_id = :merchant)::int as on_cards,
       (select count(*) from card_facts where merchant_id = :merchant and status = 'open')::int as open_cards,
       (select count(*) from appointment where merchant_id = :merchant and status <> 'cancelled')::int as appointments,
       (select count(*) from credit where merchant_id = :merchant and revoked_at is null)::int as credits,
       (select count(*) from event where merchant_id = :merchant and state <> 'withdrawn' and type not in ('segment_changed', 'card_closed'))::int as events
"""
"""A card that was opened by mistake did close: its event stays."""
