"""A connection that has the server tell, of every question, how many rows the steps of its plan read and threw away."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tasks.kernel.connection import Connection, Result
from tasks.kernel.unit import Unit

WRITES: Final = re.compile(r"\b(insert|update|delete)\b")


class Explaining(Connection):
    """Each question is asked twice: first to be explained as it runs, with a plan made for its values, then for its answer. What writes is not explained.

    Attributes:
        walked: rows of all steps of all plans, loops counted.
        plans: the plans, as JSON.
    """

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit.connection.driver)
        self.walked = 0
        self.plans: list[str] = []

    async def execute(self, statement: str, known: Mapping[str, Any]) -> Result:
        if statement.lstrip().startswith(("select", "with")) and not WRITES.search(statement):
            found = (await super().execute(f"explain (analyze, format json) {statement}", known)).scalar()
            plan: dict[str, Any] = (msgspec.json.decode(found) if isinstance(found, str) else found)[0]["Plan"]
            self.plans.append(msgspec.json.format(msgspec.json.encode(plan)).decode())
            self.walked += walked(plan)
        return await super().execute(statement, known)


def walked(plan: Mapping[str, Any]) -> int:
    """Rows a plan's steps passed on or threw away, in all their loops."""
    thrown = sum(count for name, count in plan.items() if name.startswith("Rows Removed by"))
    return int((plan["Actual Rows"] + thrown) * plan["Actual Loops"]) + sum(map(walked, plan.get("Plans", ())))
