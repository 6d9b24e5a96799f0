"""Customers and staff in: what is stored, what is refused, who is found."""

from datetime import date

from backend.db.units import Units
from tasks.flow.record_books import record_books
from tasks.kernel.scope import Role
from tasks.kernel.sealing import MasterKey
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.people import contact_state, persons, service
from tasks.people.calendar import is_open, load_calendars
from tasks.people.inputs import CustomerIn, StaffIn
from tasks.people.states import Gender
from tests.support.clock import TestClock
from tests.support.world import World, make_world

FULL = CustomerIn(
    external_id="A",
    name="王小红",
    nickname="红红",
    remark_name="爱美",
    phones=("13800138000",),
    wechat="wx_hong",
    gender=Gender.FEMALE,
    birthday_on=date(1990, 5, 1),
    source="点评",
    level="gold",
    home_store="S1",
    customer_since_on=date(2020, 1, 1),
    consultant="E1",
    technician="E2",
    internal=True,
    notes="怕痛",
)


async def put(world: World, *items: CustomerIn) -> list[ItemVerdict]:
    return await world.do(lambda unit: record_books(unit, "customers", items))


async def test_none_leaves_what_is_stored(units: Units, master: MasterKey) -> None:
    world = await make_world(units, master)
    (first,) = await put(world, FULL)
    (again,) = await put(world, FULL)
    (part,) = await put(world, CustomerIn(external_id="A", level="black", phones=("13900139000", "138 0013 8000")))
    assert [first.status, again.status, part.status] == [Taken.ACCEPTED, Taken.DUPLICATE, Taken.ACCEPTED]
    assert first.id == again.id == part.id
    assert first.id is not None
    async with units.open(world.merchant_id) as unit:
        person = (await persons.open_customers(unit, [first.id]))[first.id]
        assert (person.name, person.nickname, person.called, person.external_id) == ("王小红", "红红", "爱美", "A")
        assert (person.notes, person.gender, person.level) == ("怕痛", "female", "black")
        points = await persons.contact_points(unit, first.id)
        assert [(p.kind, p.value) for p in points] == [
            ("phone", "+8613800138000"),
            ("phone", "+8613900139000"),
            ("wechat", "wx_hong"),
        ]
        assert [p.masked for p in points] == ["138****8000", "139****9000", "w***"]
        row = await unit.row("select * from customer where merchant_id = :merchant and id = :id", id=first.id)
        assert row is not None
        assert (row["birthday_on"], row["source"], row["internal"]) == (date(1990, 5, 1), "点评", True)
        consents = await unit.rows("select kind, granted from consent where merchant_id = :merchant")
        assert [(one["kind"], one["granted"]) for one in consents] == [("person", True)]
        for table in ("customer_contact_state", "customer_facts"):
            assert await unit.scalar(f"select count(*) from {table} where merchant_id = :merchant") == 1


async def test_a_bad_item_costs_the_others_nothing(units: Units, master: MasterKey) -> None:
    world = await make_world(units, master)
    verdicts = await put(
        world,
        CustomerIn(external_id="A", name="甲"),
        CustomerIn(external_id="", name="无"),
        CustomerIn(external_id="B", home_store="nowhere"),
        CustomerIn(external_id="C", consultant="nobody"),
        CustomerIn(external_id="D", technician="nobody"),
        CustomerIn(external_id="E", phones=("x",)),
        CustomerIn(external_id="A", name="乙"),
        CustomerIn(external_id="F", name="己"),
    )
    assert [v.index for v in verdicts] == list(range(8))
    assert [(v.status, v.field) for v in verdicts[1:6]] == [
        (Taken.REJECTED, field) for field in ("externalId", "homeStore", "consultant", "technician", "phones[0]")
    ]
    assert [v.code for v in verdicts[1:6]] == ["invalid", "unknown", "unknown", "unknown", "invalid"]
    assert verdicts[0].id == verdicts[6].id is not None
    assert verdicts[7].status is Taken.ACCEPTED
    async with units.open(world.merchant_id) as unit:
        assert verdicts[0].id is not None
        assert (await persons.open_customers(unit, [verdicts[0].id]))[verdicts[0].id].name == "乙"


async def test_people_are_found_by_phone_tail_and_name(units: Units, master: MasterKey) -> None:
    world = await make_world(units, master)
    mother = await world.customer("M", name="王小红", phone="13800138000")
    child = await world.customer("K", name="李明", phone="+86 138-0013-8000", nickname="Tommy")
    async with units.open(world.merchant_id) as unit:
        assert await persons.find_by_phone(unit, "138 0013 8000") == sorted([mother, child])
        assert await persons.find_by_phone(unit, "13800138001") == []
        assert await persons.find_by_phone(unit, "abc") == []
        assert await persons.find_by_tail(unit, "8000") == sorted([mother, child])
        assert await persons.find_by_name(unit, "小红") == [mother]
        assert await persons.find_by_name(unit, "wxh") == [mother]
        assert await persons.find_by_name(unit, "tom") == [child]
        assert await persons.find_by_name(unit, "?!") == []
    await world.books("customers", CustomerIn(external_id="M", name="赵倩"))
    async with units.open(world.merchant_id) as unit:
        assert await persons.find_by_name(unit, "小红") == []
        assert await persons.find_by_name(unit, "赵倩") == [mother]


async def test_another_merchant_finds_nobody(units: Units, master: MasterKey) -> None:
    mine, other = await make_world(units, master), await make_world(units, master)
    customer = await mine.customer("M", name="王小红", phone="13800138000")
    async with units.open(other.merchant_id) as unit:
        assert await persons.find_by_phone(unit, "13800138000") == []
        assert await persons.open_customers(unit, [customer]) == {}
        assert await persons.customer_ids(unit, ["M"]) == {}


async def test_a_change_of_consultant_closes_the_old_row(units: Units, master: MasterKey, clock: TestClock) -> None:
    world = await make_world(units, master)
    await world.customer("A", consultant="E1", technician="E2")
    await clock.advance(days=1)
    await world.books("customers", CustomerIn(external_id="A", consultant="E2"))
    async with units.open(world.merchant_id) as unit:
        rows = await unit.rows(
            "select role, staff_id, from_on, to_on from customer_staff where merchant_id = :merchant order by role, from_on"
        )
    first, second = date(2026, 3, 2), date(2026, 3, 3)
    assert [(row["role"], row["staff_id"], row["from_on"], row["to_on"]) for row in rows] == [
        ("consultant", world.staff["E1"], first, second),
        ("consultant", world.staff["E2"], second, None),
        ("technician", world.staff["E2"], first, None),
    ]


async def test_an_erased_customer_is_not_brought_back(units: Units, master: MasterKey) -> None:
    world = await make_world(units, master)
    customer = await world.customer("A")
    async with units.open(world.merchant_id) as unit:
        await unit.run(
            "update customer set salt = null, status = 'erased' where merchant_id = :merchant and id = :id", id=customer
        )
    (verdict,) = await put(world, CustomerIn(external_id="A", name="王"))
    assert (verdict.status, verdict.code) == (Taken.REJECTED, "erased")
    async with units.open(world.merchant_id) as unit:
        assert (await persons.open_customers(unit, [customer]))[customer].name is None
        assert await persons.contact_points(unit, customer) == []


async def test_refusals_and_wrong_numbers_are_kept(units: Units, master: MasterKey) -> None:
    world = await make_world(units, master)
    customer = await world.customer("A", phone="13800138000")
    async with units.open(world.merchant_id) as unit:
        await contact_state.refuse(unit, customer, "phone")
        await contact_state.refuse(unit, customer, "wechat")
        await contact_state.refuse(unit, customer, "all", staff_id=world.staff["E1"])
        await contact_state.mark_wrong_number(unit, customer)
        row = await unit.row("select * from customer_contact_state where merchant_id = :merchant")
        assert row is not None
        assert row["no_phone_at"] == row["no_wechat_at"] == row["no_contact_at"] == row["wrong_number_at"] == unit.now
        consents = await unit.rows("select granted from consent where merchant_id = :merchant order by id")
        assert [one["granted"] for one in consents] == [True, False]
        assert [point.valid for point in await persons.contact_points(unit, customer)] == [False]
    await world.books("customers", CustomerIn(external_id="A", phones=("13900139000",)))
    async with units.open(world.merchant_id) as unit:
        row = await unit.row("select * from customer_contact_state where merchant_id = :merchant")
        assert row is not None
        assert (row["wrong_number_at"], row["no_contact_at"] is None) == (None, False)


async def test_staff_are_upserted_and_a_taken_phone_is_refused(units: Units, master: MasterKey) -> None:
    world = await make_world(units, master, stores=2)
    phone = world.phones["E1"]
    items = [
        StaffIn(external_id="E1", name="员工1", role=Role.EMPLOYEE),
        StaffIn(external_id="N1", name="新人", phone=phone, stores=("S1",)),
        StaffIn(external_id="N2", name="店长二", phone="13811110000", role=Role.MANAGER, stores=("S1", "S2")),
        StaffIn(external_id="N3", name="x", stores=("S9",)),
        StaffIn(external_id="N4", name=""),
        StaffIn(external_id="N5", name="前台", phone="13811110000"),
    ]
    verdicts = await world.do(lambda unit: service.upsert_staff(unit, master, items))
    assert [(v.status, v.field) for v in verdicts] == [
        (Taken.DUPLICATE, None),
        (Taken.REJECTED, "phone"),
        (Taken.ACCEPTED, None),
        (Taken.REJECTED, "stores[0]"),
        (Taken.REJECTED, "name"),
        (Taken.REJECTED, "phone"),
    ]
    async with units.open(world.merchant_id) as unit:
        person = (await persons.open_staff(unit, [world.staff["E1"]]))[world.staff["E1"]]
        assert (person.name, person.phone) == ("员工1", f"+86{phone}")
        rows = await unit.rows(
            "select role from membership where merchant_id = :merchant and staff_id = :id", id=verdicts[2].id
        )
        assert [row["role"] for row in rows] == ["manager", "manager"]
    leave = StaffIn(external_id="N2", name="店长二", role=Role.MANAGER, stores=("S2",), active=False)
    (gone,) = await world.do(lambda unit: service.upsert_staff(unit, master, [leave]))
    assert gone.status is Taken.ACCEPTED
    async with units.open(world.merchant_id) as unit:
        row = await unit.row(
            "select status, removed_at from staff where merchant_id = :merchant and id = :id", id=verdicts[2].id
        )
        assert row is not None
        assert (row["status"], row["removed_at"] is not None) == ("removed", True)
        stores = await unit.rows(
            "select store_id from membership where merchant_id = :merchant and staff_id = :id", id=verdicts[2].id
        )
        assert [one["store_id"] for one in stores] == [world.stores["S2"]]


async def test_calendars_are_loaded(units: Units, master: MasterKey) -> None:
    world = await make_world(units, master, stores=2)
    store = world.stores["S1"]
    async with units.open(world.merchant_id) as unit:
        await service.add_closure(unit, store, date(2026, 2, 16), date(2026, 2, 23), reason="春节")
        await service.set_history_from(unit, date(2020, 1, 1))
        calendars = await load_calendars(unit, None, date(2026, 2, 1), 60)
        later = await load_calendars(unit, [store], date(2026, 3, 1), 60)
        everything = await load_calendars(unit)
    assert set(calendars) == set(everything) == set(world.stores.values())
    assert not is_open(calendars[store], date(2026, 2, 20))
    assert is_open(calendars[world.stores["S2"]], date(2026, 2, 20))
    assert later[store].closures == ()
    assert calendars[store].timezone == "Asia/Shanghai"


async def test_no_name_or_number_is_in_a_row_in_the_clear(units: Units, master: MasterKey) -> None:
    world = await make_world(units, master)
    name, phone, note = "欧阳金丝雀", "13866668888", "对金丝雀过敏"
    await world.customer("CANARY-77", name=name, phone=phone, notes=note, nickname="CanaryNick", wechat="canary_wx")
    words = (name, name[2:], phone, phone[3:], note, "CanaryNick", "CANARY-77", "canary_wx")
    needles = {word.encode(coding) for word in words for coding in ("utf-8", "gb18030")}
    needles |= {needle.hex().encode() for needle in needles}
    async with units.open(world.merchant_id) as unit:
        for table in ("customer", "customer_name_token", "contact_point", "consent", "event", "customer_facts"):
            rows = await unit.rows(f"select t::text as shown, t.* from {table} t where merchant_id = :merchant")
            for row in rows:
                seen = row["shown"].encode() + b"".join(bytes(v) for v in row.values() if isinstance(v, bytes))
                assert not [needle for needle in needles if needle in seen], table
