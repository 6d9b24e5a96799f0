"""`/v1/auth`: log-in opens its own units, because it must look before it knows the merchant and remember what it refuses."""

from typing import Any

from litestar import Request, Router, post
from litestar.params import JSONBody

from backend.auth.errors import (
    ChooseMerchant,
    CredentialsWrong,
    PasswordWeak,
    PasswordWrong,
    RefreshReused,
    SessionEnded,
    TooManyAttempts,
)
from backend.auth.login import Attempt, change_password, login
from backend.auth.sessions import Session, refresh, revoke_family
from backend.http.auth.guards import DEPENDENCIES
from backend.http.auth.schemas import LoginIn, PasswordIn, RefreshIn
from backend.http.session import InUnit, claims_of, services_of, staff_token
from backend.http.shown import shown
from tasks.notices.devices import detach_login

TOKENS = {
    "accessToken": "eyJhbGciOiJIUzI1NiJ9.…",
    "refreshToken": "hfr_…",
    "expiresIn": 600,
    "merchantId": "01930000-0000-7000-8000-000000000001",
    "staffId": "01930000-0000-7000-8000-000000000002",
}


@post(
    "/login",
    operation_id="Login",
    summary="Log in with phone and password",
    status_code=200,
    opt=shown(
        CredentialsWrong,
        TooManyAttempts,
        ChooseMerchant,
        request={"phone": "13800000001", "password": "correct horse", "device": "0f9d6a1e-phone"},
        answer=TOKENS,
    ),
)
async def log_in(data: JSONBody[LoginIn], request: Request[Any, Any, Any]) -> Session:
    """Return tokens; a phone that works for several merchants gets `choose-merchant` once the password is proven."""
    address = request.client.host if request.client else ""
    attempt = Attempt(data.phone, data.password, data.device, address, data.merchant_id)
    return await login(services_of(request).gate, attempt)


@post(
    "/refresh",
    operation_id="Refresh",
    summary="Exchange the refresh token",
    status_code=200,
    opt=shown(
        SessionEnded, RefreshReused, request={"refreshToken": "hfr_…", "device": "0f9d6a1e-phone"}, answer=TOKENS
    ),
)
async def refresh_tokens(data: JSONBody[RefreshIn], request: Request[Any, Any, Any]) -> Session:
    """Return the next tokens. A token works once; using it again ends the log-in, except for a retry within ten seconds by the same device."""
    services = services_of(request)
    return await refresh(services.units, services.master, data.refresh_token, data.device)


@post(
    "/logout",
    operation_id="Logout",
    summary="End this log-in",
    status_code=204,
    guards=[staff_token],
    dependencies=DEPENDENCIES,
    security=[{"staffToken": []}],
    opt=shown(),
)
async def log_out(request: Request[Any, Any, Any], unit: InUnit) -> None:
    """Revoke the refresh tokens and the access token of this log-in at once; its device is pushed no more."""
    family_id = claims_of(request).family_id
    await revoke_family(unit, family_id, "logout")
    await detach_login(unit, family_id)


@post(
    "/password",
    operation_id="ChangePassword",
    summary="Change the own password",
    status_code=204,
    guards=[staff_token],
    security=[{"staffToken": []}],
    opt=shown(
        PasswordWrong, PasswordWeak, TooManyAttempts, request={"current": "correct horse", "password": "battery staple"}
    ),
)
async def change(data: JSONBody[PasswordIn], request: Request[Any, Any, Any]) -> None:
    """Change it; every other log-in of the person ends."""
    await change_password(services_of(request).gate, claims_of(request), data.current, data.password)


def router() -> Router:
    """Return the surface."""
    return Router("/v1/auth", route_handlers=[log_in, refresh_tokens, log_out, change], tags=["auth"])
