"""`/v1/owner`: plans, catalogue, calendar, benefits and keys; each has a file of its own but the keys."""

from uuid import UUID

from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from backend.auth.api_keys import create_api_key, list_api_keys, revoke_api_key
from backend.http.owner.benefit_routes import HANDLERS as BENEFITS
from backend.http.owner.catalog_routes import HANDLERS as CATALOG
from backend.http.owner.guards import DEPENDENCIES, GUARDS
from backend.http.owner.insight_routes import HANDLERS as INSIGHT
from backend.http.owner.plan_look_routes import HANDLERS as PLAN_LOOKS
from backend.http.owner.plan_routes import HANDLERS as PLANS
from backend.http.owner.schedule_routes import HANDLERS as SCHEDULES
from backend.http.owner.schemas import ApiKeyIn, ApiKeyOut, ApiKeysOut
from backend.http.session import InUnit
from backend.http.shown import shown


@post(
    "/api-keys",
    operation_id="CreateApiKey",
    summary="Make a key for an integrator",
    opt=shown(request={"name": "POS 徐汇店", "scopes": ["intake:write"]}, answer={"key": "hf_…"}),
)
async def create_key(data: JSONBody[ApiKeyIn], unit: InUnit) -> ApiKeyOut:
    """Return the key; it cannot be shown again."""
    return ApiKeyOut(await create_api_key(unit, data.name, data.scopes))


@get("/api-keys", operation_id="ListApiKeys", summary="Keys in use", opt=shown())
async def keys(unit: InUnit) -> ApiKeysOut:
    """Return the keys without their secrets."""
    return ApiKeysOut(await list_api_keys(unit))


@delete("/api-keys/{key_id:uuid}", operation_id="RevokeApiKey", summary="End a key", opt=shown())
async def revoke_key(key_id: FromPath[UUID], unit: InUnit) -> None:
    """End it at once."""
    await revoke_api_key(unit, key_id)


def router() -> Router:
    """Return the surface."""
    return Router(
        "/v1/owner",
        route_handlers=[create_key, keys, revoke_key, *PLANS, *PLAN_LOOKS, *BENEFITS, *CATALOG, *SCHEDULES, *INSIGHT],
        guards=GUARDS,
        dependencies=DEPENDENCIES,
        security=[{"staffToken": []}],
        tags=["owner"],
    )  # fmt: skip
