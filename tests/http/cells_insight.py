"""X1 cells of how the value of customers is judged."""

from typing import Final

from tests.http.cell import Ask, Cell, plain
from tests.http.salon import Salon


async def rules(_salon: Salon) -> Ask:
    return "/v1/owner/insight-rules", {"windowDays": 200}, {"if-match": "*"}


INSIGHT: Final[dict[str, Cell]] = {
    "GetInsightRules": Cell(plain("/v1/owner/insight-rules"), "owner"),
    "PutInsightRules": Cell(rules, "owner"),
    "RefreshInsight": Cell(plain("/v1/owner/insight:refresh"), "owner", 202),
}
