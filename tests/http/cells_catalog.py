"""X1 cells of the lists an owner keeps, of their intake, and of what forms offer."""

from typing import Any, Final

from tasks.kernel.ids import new_id
from tests.http.cell import Ask, Cell, Make, plain
from tests.http.salon import Salon

LISTS: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "levels": ("Level", "Levels", {"name": "金卡", "rank": 3}),
    "sources": ("Source", "Sources", {"name": "大众点评"}),
    "attributes": ("Attribute", "Attributes", {"name": "肤质", "kind": "text"}),
    "categories": ("Category", "Categories", {"name": "美睫"}),
    "products": ("Product", "Products", {"name": "剪发", "kind": "service"}),
    "card-products": ("CardProduct", "CardProducts", {"name": "充值卡", "kind": "stored_value"}),
}


def on_entry(kind: str, body: dict[str, Any], *, replace: bool) -> Make:
    async def make(salon: Salon) -> Ask:
        code = f"X{new_id().hex[-12:]}"
        owner = await salon.caller("owner")
        made = await owner.put(f"/v1/owner/{kind}/{code}", body)
        assert made.status_code == 201, made.text
        match = {"if-match": "*" if replace else made.headers["etag"]}
        return f"/v1/owner/{kind}/{code}", body if replace else None, match

    return make


def of_list(kind: str) -> dict[str, Cell]:
    one, many, body = LISTS[kind]
    return {
        f"List{many}": Cell(plain(f"/v1/owner/{kind}?limit=50"), "owner"),
        f"Put{one}": Cell(on_entry(kind, body, replace=True), "owner", 200, names_a_thing=True),
        f"Deactivate{one}": Cell(on_entry(kind, body, replace=False), "owner", 204, names_a_thing=True),
    }


def batch(kind: str, item: dict[str, Any]) -> Cell:
    return Cell(plain(f"/v1/intake/{kind}:batch", {"items": [item]}), "key")


CATALOG: Final[dict[str, Cell]] = {
    **{name: cell for kind in LISTS for name, cell in of_list(kind).items()},
    "UpsertLevels": batch("levels", {"code": "gold", "name": "金卡"}),
    "UpsertSources": batch("sources", {"code": "dp", "name": "大众点评"}),
    "UpsertCategories": batch("categories", {"code": "lash", "name": "美睫"}),
    "UpsertAttributes": batch("attributes", {"code": "skin", "name": "肤质", "kind": "text"}),
    "ListChoices": Cell(plain("/v1/manager/choices?kind=staff"), "manager"),
}
