"""X1 cells of benefits: what owners keep, and what a till asks and says."""

from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.benefits.shapes import BenefitIn
from tasks.flow.manage_benefits import activate_benefit, create_benefit
from tasks.kernel.ids import new_id
from tests.http.cell import Ask, Cell, Make, plain
from tests.http.salon import Salon

TENTH: Final[dict[str, Any]] = {"days": {"kind": "daily"}, "gain": {"kind": "percent_off", "percent": 10}}


def said() -> dict[str, Any]:
    return {"name": f"会员日 {new_id().hex[-6:]}", **TENTH, "stores": ["S1"]}


async def made(salon: Salon, *, active: bool) -> UUID:
    async with salon.services.units.open(salon.merchant_id) as unit:
        one = await create_benefit(unit, msgspec.convert(said(), BenefitIn), "zh-CN")
        return (await activate_benefit(unit, (one.id, None), "zh-CN")).id if active else one.id


def on_benefit(suffix: str = "", *, active: bool = False, body: Any = None, if_match: bool = True) -> Make:
    async def make(salon: Salon) -> Ask:
        path = f"/v1/owner/benefits/{await made(salon, active=active)}{suffix}"
        return path, said() if body == "said" else body, {"if-match": "*"} if if_match else {}

    return make


async def a_new_benefit(_salon: Salon) -> Ask:
    return "/v1/owner/benefits", said(), {}


async def now(salon: Salon) -> Ask:
    await made(salon, active=True)
    return "/v1/benefits/now?customer=C-S1&store=S1&amountCents=10000", None, {}


def redemption(benefit_id: UUID) -> dict[str, Any]:
    bill = {"store": "S1", "customer": "C-S1", "amountCents": 10_000, "savedCents": 1_000}
    return {"externalId": f"R-{new_id()}", "benefit": str(benefit_id), **bill}


async def redeemed(salon: Salon) -> Ask:
    return "/v1/benefits/redemptions", redemption(await made(salon, active=True)), {}


async def taken_back(salon: Salon) -> Ask:
    body = redemption(await made(salon, active=True))
    await (await salon.caller("key")).ask("POST", "/v1/benefits/redemptions", json=body)
    return "/v1/benefits/redemptions:take-back", {"externalId": body["externalId"]}, {}


BENEFITS: Final[dict[str, Cell]] = {
    "ListBenefits": Cell(plain("/v1/owner/benefits?limit=50"), "owner"),
    "CreateBenefit": Cell(a_new_benefit, "owner", 201),
    "GetBenefit": Cell(on_benefit(if_match=False), "owner", 200, names_a_thing=True),
    "ReplaceBenefit": Cell(on_benefit(body="said"), "owner", 200, names_a_thing=True),
    "ActivateBenefit": Cell(on_benefit("/activate"), "owner", 200, names_a_thing=True),
    "PauseBenefit": Cell(on_benefit("/pause", active=True), "owner", 200, names_a_thing=True),
    "EndBenefit": Cell(on_benefit("/end"), "owner", 200, names_a_thing=True),
    "PlanBenefit": Cell(on_benefit("/plan", body={"leadDays": 1}), "owner", 201, names_a_thing=True),
    "BenefitsNow": Cell(now, "key", both_proofs=True),
    "RedeemBenefit": Cell(redeemed, "key", 201, names_a_thing=True),
    "TakeBackRedemption": Cell(taken_back, "key", 200, names_a_thing=True),
}
