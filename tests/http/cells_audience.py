"""X1 cells of the audience operations."""

from tests.http.cell import Ask, Cell, plain
from tests.http.salon import Salon

TREE = {"tree": {"condition": "visit_count", "atLeast": 0}}


async def explained(salon: Salon) -> Ask:
    await salon.task("S1", "employee")
    return "/v1/manager/audience:explain", {**TREE, "customerId": str(salon.customers["S1"])}, {}


AUDIENCE = {
    "ListConditions": Cell(plain("/v1/manager/conditions"), "manager"),
    "CountAudience": Cell(plain("/v1/manager/audience:count", TREE), "manager"),
    "SampleAudience": Cell(plain("/v1/manager/audience:sample", TREE), "manager"),
    "ExplainAudience": Cell(explained, "manager", 200, names_a_thing=True, same_store_only=True),
}
