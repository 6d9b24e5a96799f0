"""Who is she: found by parts of the name and the end of the number, in the own stores only, and never listed."""

from typing import Any

import msgspec
import pytest

from backend.db.units import Units
from tasks.desk import finding
from tasks.desk.faults import SearchesSpent
from tasks.desk.inputs import NewCustomer, SideContact
from tasks.flow.customer_page import CustomerPage, view_customer
from tasks.flow.find_customers import FoundCustomers, find_customers
from tasks.flow.log_contact import log_contact
from tasks.flow.new_customer import CustomerMade, make_customer
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.people.trait_inputs import SourceIn
from tests.support.clock import TestClock, shanghai
from tests.support.desk import typed
from tests.support.plans import rows
from tests.support.rows import Ask, make_task
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    made = await make_world(units, master, stores=2, employees=4)
    await made.customer("A", name="王小红", phone="13812345678", nickname="红红")
    await made.customer("B", name="王大明", phone="13900005678")
    await made.customer("C", name="Anna Li", phone="13700001111", home_store="S2")
    return made


async def found(world: World, text: str, who: str = "E1") -> FoundCustomers:
    return await world.do(lambda unit: find_customers(unit, world.scope(who), text, "zh-CN"))


async def names(world: World, text: str, who: str = "E1") -> list[str | None]:
    return [one.name for one in (await found(world, text, who)).items]


async def page(world: World, customer: str, who: str = "E1") -> CustomerPage:
    return await world.do(lambda unit: view_customer(unit, world.scope(who), world.customers[customer], "zh-CN"))


async def make(world: World, who: str = "E1", **words: Any) -> CustomerMade:
    said = NewCustomer(**words)

    async def work(unit: Unit) -> CustomerMade:
        return await make_customer(unit, world.scope(who), said, unit.now)

    return await world.do(work)


async def test_by_name_by_tail_by_both_and_by_number(world: World, clock: TestClock) -> None:
    await world.visit("A", await clock.now())
    assert await names(world, "王") == ["王小红", "王大明"]
    assert await names(world, "小红") == ["王小红"]
    assert await names(world, "wxh") == ["王小红"]
    assert sorted(map(str, await names(world, "5678"))) == ["王大明", "王小红"]
    assert await names(world, "王 ５６７８ 大明") == ["王大明"]
    assert await names(world, "138 1234 5678") == ["王小红"]
    assert await names(world, "1234") == []
    (one,) = (await found(world, "小红")).items
    assert (one.phones, one.visit_count, str(one.last_visit_on)) == (["138****5678"], 1, "2026-03-02")
    assert (one.nickname, one.has_task) == ("红红", False)


async def test_another_stores_customer_is_not_there_until_she_comes(world: World, clock: TestClock) -> None:
    assert await names(world, "anna") == []
    assert await names(world, "anna", "E2") == ["Anna Li"]
    assert await names(world, "anna", "owner") == ["Anna Li"]
    with pytest.raises(NotFound):
        await page(world, "C")
    await world.visit("C", await clock.now())
    assert await names(world, "anna") == ["Anna Li"]
    assert (await page(world, "C")).name == "Anna Li"


@pytest.mark.parametrize("text", ["", "   ", "！？", "+++++++", "x" * 101, "1" * 16])
async def test_a_query_that_looks_for_nothing_is_refused(world: World, text: str) -> None:
    with pytest.raises(Invalid, match="q"):
        await found(world, text)


async def test_twenty_are_the_most(world: World, units: Units) -> None:
    for n in range(21):
        await world.customer(f"T{n}", name="赵同名", phone="")
    answer = await found(world, "赵")
    assert (len(answer.items), answer.more) == (20, True)
    assert (await found(world, "赵同名 5678")).items == []
    assert units is world.units


async def test_a_query_that_says_too_little_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_LOOKED_AT", 1)
    answer = await found(world, "王")
    assert ([one.name for one in answer.items], answer.more) == (["王大明"], True)
    assert (await found(world, "小红")).more is False


async def test_looking_too_often_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "A_MINUTE", 3)
    for _ in range(3):
        await found(world, "王")
    with pytest.raises(SearchesSpent) as spent:
        await found(world, "王")
    wait = spent.value.facts["retry_after"]
    assert isinstance(wait, int)
    assert 1 <= wait <= 60
    assert await names(world, "王", "E3") != []
    monkeypatch.setattr(finding, "A_DAY", 2)
    with pytest.raises(SearchesSpent) as spent:
        await found(world, "王")
    wait = spent.value.facts["retry_after"]
    assert isinstance(wait, int)
    assert 1 <= wait <= 86_400


async def test_her_card_says_everything_but_the_number(world: World, clock: TestClock) -> None:
    now = await clock.now()
    await world.customer("A", phone="", notes="不提年龄", consultant="E1", tags=("敏感肌",), wechat="xiaohong")
    await world.visit("A", now)
    await world.appointment("A", shanghai("2026-03-04 15:00"))
    await world.appointment("A", shanghai("2026-02-20 15:00"), status="missed")
    await world.card("A", now, principal=50_000, gift=5_000)
    card = await page(world, "A")
    assert "13812345678" not in msgspec.json.encode(card).decode()
    assert (card.phones, card.has_wechat, card.notes, card.tags) == (["138****5678"], True, "不提年龄", ["敏感肌"])
    assert (card.consultant, card.technician) == ("员工1", None)
    assert [(one.balance_cents, one.gift_cents) for one in card.cards] == [(55_000, 5_000)]
    assert [(str(one.starts_on), one.status, one.service) for one in card.appointments] == [
        ("2026-03-04", "booked", "剪发"),
        ("2026-02-20", "missed", "剪发"),
    ]
    assert [(str(one.visited_on), one.staff) for one in card.visits] == [("2026-03-02", "员工1")]
    assert (card.facts.visit_count, card.promises_settled, card.contacts, card.tasks) == (1, 0, [], [])


async def test_her_card_says_who_follows_her_up_and_what_she_promised(world: World) -> None:
    await make_task(world, Ask(customer="A", who="E3"))
    await make_task(world, Ask(customer="A", who=None, origin="own"))
    contact = SideContact(
        customer_id=world.customers["A"], outcome="will_come", fields={"promisedOn": "2026-03-05", "halfDay": "morning"}
    )
    await typed(world, log_contact, contact)
    card = await page(world, "A", "E3")
    assert [(one.assignee, one.mine) for one in card.tasks] == [("员工3", True), (None, False)]
    assert [(str(one.promised_on), one.state, one.staff) for one in card.promises] == [("2026-03-05", "open", "员工1")]
    assert [one.outcome for one in card.contacts] == ["will_come"]


async def test_a_new_customer_is_at_home_in_the_store(world: World) -> None:
    await world.books("sources", SourceIn(code="walk-in", name="路过进店"))
    made = await make(
        world, name="李新", phone="136 0000 0001", consultant_id=world.staff["E1"], notes="朋友介绍", source="walk-in"
    )
    assert made.customer_id is not None
    assert await names(world, "李新") == ["李新"]
    (row,) = await rows(
        world, "select home_store_id from customer where merchant_id = :merchant and id = :id", id=made.customer_id
    )
    assert row["home_store_id"] == world.stores["S1"]
    (consent,) = await rows(
        world,
        "select kind, granted, source from consent where merchant_id = :merchant and customer_id = :id",
        id=made.customer_id,
    )
    assert consent == {"kind": "person", "granted": True, "source": "front_desk"}


async def test_a_number_that_others_have_is_shown_and_never_merged(world: World) -> None:
    known = await make(world, name="王小虹", phone="+86 138 1234 5678")
    assert known == CustomerMade(customer_id=None, candidate_ids=[world.customers["A"]], elsewhere=False)
    elsewhere = await make(world, name="安娜", phone="13700001111")
    assert (elsewhere.customer_id, elsewhere.candidate_ids, elsewhere.elsewhere) == (None, [], True)
    sister = await make(world, name="王小虹", phone="13812345678", anyway=True)
    assert sister.customer_id not in {None, world.customers["A"]}
    assert await names(world, "138 1234 5678") == ["王小虹", "王小红"]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "李\u202e新"}, "name"),
        ({"name": "李新", "phone": "not one"}, "phone"),
        ({"name": "李新", "phone": "not one", "anyway": True}, "phone"),
        ({"name": "李新", "source": "nobody-said-so"}, "source"),
    ],
)
async def test_what_is_no_customer_is_refused(world: World, words: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid, match=field):
        await make(world, **words)
    with pytest.raises(NotFound):
        await make(world, name="李新", store_id=world.stores["S2"])
