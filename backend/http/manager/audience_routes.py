"""`/v1/manager/conditions` and `/v1/manager/audience:…`: whom a condition tree means, as of now or of a past day."""

from typing import Any, Final

from litestar import get, post
from litestar.params import JSONBody

from backend.http.days import countable
from backend.http.manager.audience_schemas import ExplainIn, SampleIn, SampleOut
from backend.http.session import InLocale, InUnit, InWork
from backend.http.shown import shown
from tasks.audience.catalog import Catalogue, catalogue
from tasks.flow.ask_audience import (
    AudienceQuestion,
    Counted,
    Explained,
    count_people,
    explain_person,
    sample_people,
)
from tasks.kernel.errors import Invalid, NotFound

TREE: Final = {
    "all": [
        {"condition": "gender", "isOneOf": ["female"]},
        {"condition": "last_visit", "notWithinDays": 90},
        {"condition": "card_balance", "below": 50_000},
    ]
}
ASKED: Final[dict[str, Any]] = {"tree": TREE}


@get("/conditions", operation_id="ListConditions", summary="Every condition, to build a form from", opt=shown())
async def conditions(unit: InUnit, locale: InLocale) -> Catalogue:  # noqa: ARG001  # the unit proves who asks
    """Return the catalogue in the caller's language."""
    return catalogue(locale)


@post(
    "/audience:count",
    operation_id="CountAudience",
    summary="How many customers a tree means",
    status_code=200,
    opt=shown(Invalid, request=ASKED),
)
async def count(data: JSONBody[AudienceQuestion], work: InWork) -> Counted:
    """Count the customers one may see, each on the day of her own zone; the tree is said in words."""
    return await count_people(work.unit, work.who, _asked(data), work.locale)


@post(
    "/audience:sample",
    operation_id="SampleAudience",
    summary="Some of the customers a tree means",
    status_code=200,
    opt=shown(Invalid, request=ASKED),
)
async def sample(data: JSONBody[SampleIn], work: InWork) -> SampleOut:
    """Return up to fifty, who spent most first."""
    return SampleOut(list(await sample_people(work.unit, work.who, _asked(data), data.limit)))


@post(
    "/audience:explain",
    operation_id="ExplainAudience",
    summary="Why a customer is in or out",
    status_code=200,
    opt=shown(Invalid, NotFound, request={**ASKED, "customerId": "01930000-0000-7000-8000-000000000001"}),
)
async def explain(data: JSONBody[ExplainIn], work: InWork) -> Explained:
    """Say of every condition whether it holds and what it saw."""
    return await explain_person(work.unit, work.who, _asked(data), data.customer_id, work.locale)


def _asked(data: AudienceQuestion) -> AudienceQuestion:
    if data.on is not None:
        countable("on", data.on)
    return data


HANDLERS: Final = (conditions, count, sample, explain)
