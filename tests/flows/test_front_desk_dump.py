"""What is typed in at the front desk is in no column of a stolen dump."""

from backend import embedded
from backend.db.units import Units
from tasks.desk.inputs import DeskArrival, NewCustomer, SideContact
from tasks.flow.find_customers import find_customers
from tasks.flow.front_desk_arrivals import record_arrival
from tasks.flow.log_contact import log_contact
from tasks.flow.new_customer import make_customer
from tasks.flow.perform_action import Ask, once
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import ProductIn
from tasks.ledger.states import ProductKind
from tests.flows.test_dump import disguises, dump
from tests.support.clock import TestClock, shanghai
from tests.support.desk import typed
from tests.support.world import make_world

NAME, PHONE, WECHAT, REMARK = "慕容紫菀", "13987650456", "murong_ziwan_77", "爱喝普洱的慕容"
NOTE, SAID, TOLD = "别提她搬家的事", "她想给外婆订一次足疗", "嫌楼道灯太暗要投诉"
PLAIN = "明文对照项目丙"


async def test_nothing_personal_is_readable(
    units: Units, master: MasterKey, servers: embedded.Servers, clock: TestClock
) -> None:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master)
    await world.books("products", ProductIn(code="PLAIN", name=PLAIN, kind=ProductKind.SERVICE))
    new = NewCustomer(name=NAME, phone=PHONE, wechat=WECHAT, remark_name=REMARK, notes=NOTE)
    made = await typed(world, make_customer, new)
    assert made.customer_id is not None
    await typed(world, record_arrival, DeskArrival(customer_id=made.customer_id, service="PLAIN"))
    await typed(world, log_contact, SideContact(customer_id=made.customer_id, note=SAID))
    complaint = SideContact(
        customer_id=made.customer_id, outcome="complaint", fields={"category": "service"}, note=TOLD
    )
    ask = Ask("log_contact", complaint, new_id())
    await world.do(lambda unit: once(unit, world.scope("E1"), ask))
    found = await world.do(lambda unit: find_customers(unit, world.scope("E1"), PHONE, "zh-CN"))
    assert [one.name for one in found.items] == [NAME]
    stolen = dump(servers)
    assert [one for one in disguises(PLAIN) if one in stolen]
    for secret in (NAME, PHONE, WECHAT, REMARK, NOTE, SAID, TOLD):
        assert [one for one in disguises(secret) if one in stolen] == [], secret
