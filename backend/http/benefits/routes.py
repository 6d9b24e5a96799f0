"""`/v1/benefits`: what is given right now, and what was given."""

from typing import Annotated, Final

from litestar import Response, Router, get, post
from litestar.params import JSONBody, QueryParameter

from backend.http.benefits.guards import ASKING, TELLING, InTill, key_or_token
from backend.http.benefits.schemas import TakeBackIn
from backend.http.session import InUnit, api_key
from backend.http.shown import shown
from tasks.benefits.faults import BenefitNotGiven, BenefitSpent, RedemptionReused
from tasks.benefits.shapes import MOST_CENTS
from tasks.flow.benefits_now import (
    Asked,
    BenefitsNow,
    Redeemed,
    RedemptionIn,
    benefits_now,
    redeem,
    take_back,
)
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.verdicts import Taken

REDEMPTION: Final = {
    "externalId": "R-5001:member-day",
    "benefit": "01930000-0000-7000-8000-0000000000b1",
    "store": "SH01",
    "customer": "C-1001",
    "amountCents": 39800,
    "savedCents": 4776,
}
ANSWER: Final = {
    "at": "2026-03-18T02:00:00Z",
    "customerKnown": True,
    "productKnown": None,
    "amountCents": 39800,
    "benefits": [
        {
            "id": "01930000-0000-7000-8000-0000000000b1",
            "name": "会员日",
            "words": "8.8折",
            "gain": "percent_off",
            "multiplier": None,
            "percent": 12,
            "offCents": None,
            "offEach": False,
            "priceCents": None,
            "items": [],
            "stacking": "best",
            "minSpendCents": 0,
            "stands": "applies",
            "savedCents": 4776,
            "leftCents": None,
            "timesLeft": None,
            "budgetLeft": None,
            "endsAt": "2026-03-18T16:00:00Z",
        }
    ],
    "combinations": [
        {
            "parts": [{"benefit": "01930000-0000-7000-8000-0000000000b1", "savedCents": 4776}],
            "savedCents": 4776,
            "payCents": 35024,
            "multiplier": 100,
        }
    ],
}
Customer = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=128, description="Her id in your system, or ours; absent: nobody in particular."
    ),
]
Store = Annotated[
    str | None, QueryParameter(min_length=1, max_length=128, description="The store's code; absent: her home store.")
]
Product = Annotated[
    str | None, QueryParameter(min_length=1, max_length=128, description="A product's code; absent: the whole bill.")
]
Amount = Annotated[
    int | None,
    QueryParameter(
        name="amountCents",
        ge=0,
        le=MOST_CENTS,
        description="Of the bill, or of one of the product, in 分, before anything is taken off.",
    ),
]


@get(
    "/now",
    operation_id="BenefitsNow",
    summary="What multiplier or discount applies right now",
    dependencies=ASKING,
    guards=[key_or_token],
    security=[{"apiKey": []}, {"staffToken": []}],
    opt=shown(NotFound, answer=ANSWER),
)
async def now(
    till: InTill, customer: Customer = None, store: Store = None, product: Product = None, amount_cents: Amount = None
) -> BenefitsNow:
    """Return what is given at this instant in the store's zone, what of it goes together, what caps and budgets leave, and when it ends."""
    asked = Asked(customer=customer, store=store, product=product, stores=till.stores)
    return await benefits_now(till.unit, asked, amount_cents, till.locale)


@post(
    "/redemptions",
    operation_id="RedeemBenefit",
    summary="Say that a benefit was given",
    dependencies=TELLING,
    guards=[api_key],
    security=[{"apiKey": []}],
    opt=shown(NotFound, Invalid, BenefitNotGiven, BenefitSpent, RedemptionReused, request=REDEMPTION, also=(200,)),
)
async def redeemed(data: JSONBody[RedemptionIn], unit: InUnit) -> Response[Redeemed]:
    """Count it against caps and budget (201); the same one again answers `duplicate` (200).

    Say it before the money is taken: a refusal means not to give it.
    """
    answer = await redeem(unit, data)
    return Response(answer, status_code=201 if answer.status is Taken.ACCEPTED else 200)


@post(
    "/redemptions:take-back",
    operation_id="TakeBackRedemption",
    summary="Say that a bill was cancelled",
    status_code=200,
    dependencies=TELLING,
    guards=[api_key],
    security=[{"apiKey": []}],
    opt=shown(NotFound, Invalid, request={"externalId": "R-5001:member-day"}),
)
async def taken_back(data: JSONBody[TakeBackIn], unit: InUnit) -> Redeemed:
    """Give back to caps and budget what the redemption took; again changes nothing."""
    return await take_back(unit, data.external_id)


def router() -> Router:
    """Return the surface."""
    return Router("/v1/benefits", route_handlers=[now, redeemed, taken_back], tags=["benefits"])
