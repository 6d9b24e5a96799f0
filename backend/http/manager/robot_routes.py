"""`/v1/manager/stores/{id}/robot`: the group robot that says a store's digests and urges in its chat."""

from typing import Final
from uuid import UUID

from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody

from backend.http.manager.robot_schemas import RobotIn, TriedOut
from backend.http.session import InScope, InUnit
from backend.http.shown import shown
from tasks.kernel.errors import Invalid, NotFound
from tasks.notices.robots import RobotView, drop_robot, get_robot, put_robot, try_robot

ROBOT: Final = {
    "storeId": "01930000-0000-7000-8000-000000000003", "kind": "wecom", "locale": "zh-CN", "setAt": "2026-03-09T01:00:00Z",
    "sentAt": "2026-03-09T02:00:00Z", "failedAt": None, "fault": None,
}  # fmt: skip
GIVEN: Final = {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"}


@get(
    "/stores/{store_id:uuid}/robot",
    operation_id="GetRobot",
    summary="A store's group robot",
    opt=shown(NotFound, answer=ROBOT),
)
async def robot(store_id: FromPath[UUID], unit: InUnit, who: InScope) -> RobotView:
    """Return whose it is and when it last said something, or could not; its address is never shown."""
    return await get_robot(unit, who, store_id)


@put(
    "/stores/{store_id:uuid}/robot",
    operation_id="PutRobot",
    summary="Give a store a group robot",
    opt=shown(NotFound, Invalid, request=GIVEN, answer={**ROBOT, "sentAt": None}),
)
async def give(store_id: FromPath[UUID], data: JSONBody[RobotIn], unit: InUnit, who: InScope) -> RobotView:
    """Set or replace it. It says the store's digest and urges, in counts, and nothing of any customer."""
    return await put_robot(unit, who, store_id, data.about())


@delete(
    "/stores/{store_id:uuid}/robot",
    operation_id="DeleteRobot",
    summary="Take a store's group robot away",
    opt=shown(NotFound),
)
async def take(store_id: FromPath[UUID], unit: InUnit, who: InScope) -> None:
    """Forget it; what waits for it is dropped."""
    await drop_robot(unit, who, store_id)


@post(
    "/stores/{store_id:uuid}/robot/test",
    operation_id="TestRobot",
    summary="Let the robot say something",
    status_code=202,
    opt=shown(NotFound, answer={"pushId": "01930000-0000-7000-8000-0000000000f1"}),
)
async def test(store_id: FromPath[UUID], unit: InUnit, who: InScope) -> TriedOut:
    """Send a test message in a moment; `sentAt`, or `failedAt` and `fault`, of the robot then say what came of it."""
    return TriedOut(await try_robot(unit, who, store_id))


HANDLERS: Final = (robot, give, take, test)
