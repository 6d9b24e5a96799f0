"""`/v1/owner/insight-rules`, `/insight:refresh`: how the value of customers is judged, and judging everybody anew."""

from typing import Final

import msgspec
from litestar import Response, get, post, put
from litestar.params import JSONBody

from backend.http.etags import IfMatch, etag, seen
from backend.http.problems.transport import PreconditionRequired
from backend.http.session import InUnit
from backend.http.shown import shown
from tasks.insight.service import (
    InsightRulesChanged,
    InsightRulesIn,
    LastRun,
    Reason,
    is_marked,
    last_run,
    mark,
    put_rules,
    standing,
)
from tasks.kernel.errors import Invalid

RULES: Final = {
    "windowDays": 365,
    "basis": "cash",
    "method": "thresholds",
    "thresholds": {"recencyDays": 90, "frequency": 4, "moneyCents": 100000},
    "usualGapDays": 30,
    "dueAt": 1.0,
    "atRiskAt": 2.0,
    "lostAt": 3.0,
}


class InsightOut(msgspec.Struct, frozen=True, rename="camel"):
    """The rules of the merchant; `due` says that everybody is about to be judged anew, `last_run` when that was done last."""

    rules: InsightRulesIn
    due: bool
    last_run: LastRun | None = None


@get("/insight-rules", operation_id="GetInsightRules", summary="How the value of customers is judged", opt=shown())
async def insight_rules(unit: InUnit) -> Response[InsightOut]:
    """Return the rules with their ETag; the defaults, version 0, until they are changed."""
    return await _answer(unit)


@put(
    "/insight-rules",
    operation_id="PutInsightRules",
    summary="Judge the value of customers otherwise",
    opt=shown(InsightRulesChanged, PreconditionRequired, Invalid, request=RULES),
)
async def put_insight_rules(
    data: JSONBody[InsightRulesIn], unit: InUnit, if_match: IfMatch = None
) -> Response[InsightOut]:
    """Replace the rules, what is left out by its default; everybody is judged by them within a minute or so, and until then by the old ones."""
    await put_rules(unit, data, seen(if_match))
    return await _answer(unit)


@post("/insight:refresh", operation_id="RefreshInsight", summary="Judge everybody anew", status_code=202, opt=shown())
async def refresh_insight(unit: InUnit) -> Response[InsightOut]:
    """Have the worker compute everybody's rhythm, tier and level anew; `due` of the rules says when it is done."""
    await mark(unit, Reason.ASKED)
    return await _answer(unit, 202)


async def _answer(unit: InUnit, status: int = 200) -> Response[InsightOut]:
    stands = await standing(unit)
    shown_now = InsightOut(stands.wanted, await is_marked(unit), await last_run(unit))
    return Response(shown_now, status_code=status, headers=etag(stands.etag))


HANDLERS: Final = (insight_rules, put_insight_rules, refresh_insight)
"""What the owner surface mounts."""
