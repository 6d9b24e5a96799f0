"""Which providers a deployment has."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from backend.push.log_provider import LogProvider
from backend.push.outside import outside_client
from backend.push.provider import Provider
from backend.push.robot import Robot
from backend.push.vapid import VapidKey
from backend.push.webpush import WebPush
from backend.settings import Settings, SettingsError, variable
from tasks.kernel.sealing import MasterKey
from tasks.notices.states import Provider as Carried
from tasks.notices.states import RobotKind


@asynccontextmanager
async def open_providers(
    settings: Settings, master: MasterKey, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[dict[str, Provider]]:
    """Yield the providers by the name that pushes carry, and close them: FCM with credentials, the log without; browsers and robots always.

    `transport` carries what goes to addresses that users named, for tests. Raises `SettingsError` for credentials that are none.
    """
    providers: dict[str, Provider] = {
        Carried.FCM: _fcm(settings),
        Carried.WEBPUSH: WebPush(VapidKey(master, settings.push_contact), outside_client(transport)),
    }
    robot = Robot(outside_client(transport))
    providers |= dict.fromkeys(RobotKind, robot)
    async with AsyncExitStack() as stack:
        for each in {id(one): one for one in providers.values()}.values():
            stack.push_async_callback(each.close)
        yield providers


def _fcm(settings: Settings) -> Provider:
    if settings.firebase_credentials is None:
        return LogProvider(Carried.FCM)
    from backend.push.fcm import Fcm  # noqa: PLC0415  # a third of a second that most deployments need not spend

    try:
        return Fcm(settings.firebase_credentials, settings.firebase_endpoint)
    except (ValueError, OSError) as fault:
        raise SettingsError(variable("firebase_credentials"), "expected a service-account file of Firebase") from fault
