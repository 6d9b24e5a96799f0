"""Benefits in tests: said shortly, turned on, asked about as a till asks."""

from typing import Any
from uuid import UUID

import msgspec

from tasks.benefits.shapes import BenefitIn
from tasks.flow.benefits_now import Asked, BenefitNow, BenefitsNow, Redeemed, RedemptionIn, benefits_now, redeem
from tasks.flow.manage_benefits import BenefitView, activate_benefit, create_benefit
from tests.support.world import World

DOUBLE = {"kind": "points", "multiplier": 200}
EVERY_DAY = {"kind": "daily"}


def benefit(**said: Any) -> BenefitIn:
    """Double points every day, unless said otherwise; fields as the outside says them."""
    found: BenefitIn = msgspec.convert({"name": "会员日", "days": EVERY_DAY, "gain": DOUBLE} | said, BenefitIn)
    return found


async def give(world: World, **said: Any) -> BenefitView:
    """Make a benefit and turn it on."""
    draft = await world.do(lambda unit: create_benefit(unit, benefit(**said), "zh-CN"))
    return await world.do(lambda unit: activate_benefit(unit, (draft.id, draft.etag), "zh-CN"))


async def ask(world: World, amount: int | None = None, **asked: Any) -> BenefitsNow:
    """What a till in `S1` is told, unless it says another store."""
    question = Asked(**({"store": "S1"} | asked))
    return await world.do(lambda unit: benefits_now(unit, question, amount, "zh-CN"))


async def names(world: World, **asked: Any) -> list[str]:
    """The names of what is given right now, sorted."""
    return sorted(one.name for one in (await ask(world, **asked)).benefits)


async def only(world: World, amount: int | None = None, **asked: Any) -> BenefitNow:
    """The one benefit that is given."""
    (one,) = (await ask(world, amount, **asked)).benefits
    return one


async def tell(world: World, benefit_id: UUID, amount: int = 10_000, **said: Any) -> Redeemed:
    """A till in `S1` says that it gave a benefit on a bill of its own, unless it names it."""
    known = {"external_id": world.fresh("B"), "store": "S1"} | said
    item = RedemptionIn(benefit=benefit_id, amount_cents=amount, **known)
    return await world.do(lambda unit: redeem(unit, item))
