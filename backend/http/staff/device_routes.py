"""`/v1/staff/devices` and `/v1/staff/push`: how the caller's phones and browsers can be pushed."""

from typing import Annotated, Any, Final

from litestar import Request, delete, get, put
from litestar.params import JSONBody, PathParameter

from backend.http.session import InScope, InUnit, claims_of, services_of
from backend.http.shown import shown
from backend.http.staff.device_schemas import DeviceIn, DeviceOut, PushOut
from backend.push.vapid import VapidKey
from tasks.kernel.errors import Invalid, NotFound
from tasks.notices.devices import register, unregister

Installation = Annotated[
    str,
    PathParameter(
        min_length=8, max_length=128, pattern=r"^[A-Za-z0-9._:-]+$", description="The installation's own random id."
    ),
]
PHONE: Final = {
    "provider": "fcm",
    "address": "cT3fLq0GSkW3z0:APA91bHqRk2example",
    "addressKind": "token",
    "appVersion": "1.4.0",
    "locale": "zh-CN",
}
DEVICE: Final = {
    "id": "01930000-0000-7000-8000-0000000000d1",
    "installationId": "0f9d6a1e-phone",
    "provider": "fcm",
    "addressKind": "token",
    "appVersion": "1.4.0",
    "locale": "zh-CN",
}


@get(
    "/push",
    operation_id="GetPush",
    summary="What pushes are sent with",
    opt=shown(answer={"fcm": True, "vapidPublicKey": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTp…"}),
)
async def push(request: Request[Any, Any, Any], unit: InUnit) -> PushOut:  # noqa: ARG001  # the member is loaded with it
    """Return whether phones can be pushed, and the key that browsers subscribe under. Whatever it says, the app finds everything without pushes."""
    services = services_of(request)
    return PushOut(
        fcm=services.settings.firebase_credentials is not None, vapid_public_key=VapidKey(services.master).public
    )


@put(
    "/devices/{installation_id:str}",
    operation_id="PutDevice",
    summary="Say how this installation can be pushed",
    opt=shown(Invalid, request=PHONE, answer=DEVICE),
)
async def put_device(
    installation_id: Installation, data: JSONBody[DeviceIn], request: Request[Any, Any, Any], unit: InUnit, who: InScope
) -> DeviceOut:
    """Attach it to this log-in, at each start and whenever the address changes. An address belongs to one log-in: whoever had it has it no more.

    Logging out, being removed, or an address that is dead detaches it.
    """
    fact = data.about(installation_id)
    login = (services_of(request).master, claims_of(request).family_id)
    return DeviceOut.of(await register(unit, who, login, fact), fact)


@delete(
    "/devices/{installation_id:str}",
    operation_id="DeleteDevice",
    summary="Push this installation no more",
    opt=shown(NotFound),
)
async def delete_device(installation_id: Installation, unit: InUnit, who: InScope) -> None:
    """Detach it; what waits for it is dropped."""
    await unregister(unit, who, installation_id)


HANDLERS: Final = (push, put_device, delete_device)
