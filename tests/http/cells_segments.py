"""X1 cells of segments and tags."""

from collections.abc import Mapping
from typing import Any

from tasks.kernel.ids import new_id
from tests.http.cell import Ask, Cell, Make, plain
from tests.http.salon import Salon

TREE = {"condition": "visit_count", "atLeast": 1}


def segment(name: str, **more: Any) -> dict[str, Any]:
    return {"name": f"{name} {new_id().hex[-6:]}", "tree": TREE, "seenBy": "shared", **more}


def fresh_segment() -> Make:
    async def make(salon: Salon) -> Ask:
        body = segment("新的", seenBy="store", storeId=str(salon.stores["S1"]))
        return "/v1/manager/segments", body, {}

    return make


def on_segment(body: Mapping[str, Any] | None = None) -> Make:
    async def make(salon: Salon) -> Ask:
        store = {"seenBy": "store", "storeId": str(salon.stores["S1"])}
        owner = await salon.caller("owner")
        made = await owner.ask("POST", "/v1/manager/segments", json=segment("某店", **store))
        sent = segment("改名", **store) if body is not None else None
        return f"/v1/manager/segments/{made['key']}", sent, {"if-match": "*"} if sent else {}

    return make


def on_tag(suffix: str = "", body: Any = None, *, if_match: bool = False) -> Make:
    async def make(salon: Salon) -> Ask:
        owner = await salon.caller("owner")
        made = await owner.ask("POST", "/v1/manager/tags", json={"name": f"标签 {new_id().hex[-6:]}"})
        return f"/v1/manager/tags/{made['id']}{suffix}", body, {"if-match": "*"} if if_match else {}

    return make


async def fresh_tag(_salon: Salon) -> Ask:
    return "/v1/manager/tags", {"name": f"标签 {new_id().hex[-6:]}"}, {}


async def give_many(salon: Salon) -> Ask:
    path, _, _ = await on_tag("/customers:give")(salon)
    return path, {"customerIds": [str(salon.customers["S1"])]}, {}


async def renamed(salon: Salon) -> Ask:
    path, _, headers = await on_tag(if_match=True)(salon)
    return path, {"name": f"改名 {new_id().hex[-6:]}"}, headers


async def customers_tags(salon: Salon) -> Ask:
    return f"/v1/manager/customers/{salon.customers['S1']}/tags", None, {}


async def customers_tag(salon: Salon) -> Ask:
    path, _, _ = await on_tag()(salon)
    return f"/v1/manager/customers/{salon.customers['S1']}/tags/{path.rsplit('/', 1)[1]}", None, {}


SEGMENTS = {
    "ListSegments": Cell(plain("/v1/manager/segments?limit=50"), "manager"),
    "CreateSegment": Cell(fresh_segment(), "manager", 201),
    "GetSegment": Cell(on_segment(), "manager", 200, names_a_thing=True, same_store_only=True),
    "ReplaceSegment": Cell(on_segment({}), "manager", 200, names_a_thing=True, same_store_only=True),
    "DeleteSegment": Cell(on_segment(), "manager", 204, names_a_thing=True, same_store_only=True),
    "GetSmartSegment": Cell(plain("/v1/manager/smart-segments/new"), "manager"),
    "ListTags": Cell(plain("/v1/manager/tags?limit=50"), "manager"),
    "CreateTag": Cell(fresh_tag, "manager", 201),
    "GetTag": Cell(on_tag(), "manager", 200, names_a_thing=True),
    "ReplaceTag": Cell(renamed, "owner", 200, names_a_thing=True),
    "DeleteTag": Cell(on_tag(), "owner", 204, names_a_thing=True),
    "GiveTag": Cell(give_many, "manager", 200, names_a_thing=True),
    "TakeTag": Cell(on_tag("/customers:take", {"tree": {}}), "manager", 200, names_a_thing=True),
    "CustomerTags": Cell(customers_tags, "manager", 200, names_a_thing=True, same_store_only=True),
    "SetCustomerTag": Cell(customers_tag, "manager", 204, names_a_thing=True, same_store_only=True),
    "UnsetCustomerTag": Cell(customers_tag, "manager", 204, names_a_thing=True, same_store_only=True),
}
