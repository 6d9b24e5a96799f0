"""X1 cells of devices, notices and group robots."""

from typing import Any, Final

from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.notices.robots import RobotFact, put_robot
from tests.http.cell import Ask, Cell, Make, plain
from tests.http.salon import Salon

URL: Final = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7d3c-4bc4-97a0-0ec2f1fa5aaa"


def phone() -> dict[str, Any]:
    return {"provider": "fcm", "address": f"token-{new_id().hex}", "addressKind": "token"}


async def a_new_phone(_salon: Salon) -> Ask:
    return f"/v1/staff/devices/{new_id()}", phone(), {}


async def on_phone(salon: Salon) -> Ask:
    path = f"/v1/staff/devices/{new_id()}"
    await (await salon.caller("employee")).ask("PUT", path, json=phone())
    return path, None, {}


def on_robot(suffix: str = "", body: Any = None) -> Make:
    async def make(salon: Salon) -> Ask:
        async def give(unit: Unit) -> None:
            store = salon.stores["S1"]
            scope = StaffScope(salon.merchant_id, salon.staff["manager"], Role.MANAGER, (store,))
            await put_robot(unit, scope, store, RobotFact(url=URL))

        async with salon.services.units.open(salon.merchant_id) as unit:
            await give(unit)
        return f"/v1/manager/stores/{salon.stores['S1']}/robot{suffix}", body, {}

    return make


PUSH: dict[str, Cell] = {
    "GetPush": Cell(plain("/v1/staff/push"), "employee"),
    "PutDevice": Cell(a_new_phone, "employee"),
    "DeleteDevice": Cell(on_phone, "employee", 204, names_a_thing=True, same_store_only=True),
    "ListNotifications": Cell(plain("/v1/staff/notifications?limit=50"), "employee"),
    "ReadNotifications": Cell(plain("/v1/staff/notifications/read", {"ids": []}), "employee"),
    "GetRobot": Cell(on_robot(), "manager", 200, names_a_thing=True, same_store_only=True),
    "PutRobot": Cell(on_robot(body={"url": URL}), "manager", 200, names_a_thing=True, same_store_only=True),
    "DeleteRobot": Cell(on_robot(), "manager", 204, names_a_thing=True, same_store_only=True),
    "TestRobot": Cell(on_robot("/test"), "manager", 202, names_a_thing=True, same_store_only=True),
}
