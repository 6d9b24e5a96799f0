"""What was taken back, and sales of nobody: the money, the goods and the hands of it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import LineIn, SaleIn
from tests.support.audience import meant
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

ONE, BACK = Decimal(1), Decimal(-1)


async def _sale(world: World, customer: str | None, days: int, *lines: LineIn) -> None:
    at = await world.units.now() - timedelta(days=days)
    await world.books("sales", SaleIn(external_id=world.fresh("R"), store="S1", at=at, customer=customer, lines=lines))


def _line(product: str, quantity: Decimal, cents: int, *staff: str, requested: bool = False) -> LineIn:
    return LineIn(product=product, quantity=quantity, cash_cents=cents, staff=staff, requested=requested)


async def test_what_was_taken_back_was_not_bought_and_is_no_service(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master)
    for code in ("RETURNED", "SWAPPED", "TWICE", "HELPED", "NEVER"):
        await world.customer(code, phone="")
    await _sale(world, "RETURNED", 10, _line("OIL", ONE, 5_000, "E1"))
    await _sale(world, "RETURNED", 5, _line("OIL", BACK, -5_000, "E2"))
    await _sale(world, "SWAPPED", 400, _line("OIL", ONE, 5_000))
    await _sale(world, "SWAPPED", 5, _line("OIL", BACK, -5_000), _line("LASH", ONE, 20_000))
    await _sale(world, "TWICE", 5, _line("OIL", ONE, 5_000), _line("OIL", ONE, 5_000))
    await _sale(world, "TWICE", 4, _line("OIL", BACK, -5_000))
    await _sale(world, "HELPED", 3, _line("CUT", ONE, 10_000, "E1", "E2", requested=True))
    await _sale(world, None, 3, _line("OIL", ONE, 5_000, "E2"))
    (oil, e2) = str(await _product(world, "OIL")), str(world.staff["E2"])

    async def who(name: str, **said: Any) -> set[str]:
        return await meant(world, {"condition": name, "withinDays": 30, **said})

    assert await who("bought") == {"SWAPPED", "TWICE", "HELPED"}
    assert await who("bought", products=[oil]) == {"TWICE"}
    assert await who("bought", products=[oil], bought=False) == {"RETURNED", "SWAPPED", "HELPED", "NEVER"}
    assert await who("bought", categories=["lash"]) == {"SWAPPED"}
    assert await who("bought", products=[oil], withinDays=6) == {"TWICE"}
    assert await who("spend", equals=0) == {"RETURNED", "NEVER"}
    assert await who("spend", equals=15_000) == {"SWAPPED"}
    assert await who("average_ticket", equals=0) == {"RETURNED"}
    assert await who("average_ticket", atLeast=5_000) == {"SWAPPED", "TWICE", "HELPED"}
    assert await who("served_by", staff=[e2]) == {"HELPED"}
    assert await who("served_by", staff=[e2], served=False) == {"RETURNED", "SWAPPED", "TWICE", "NEVER"}
    assert await who("served_by", staff=[str(world.staff["E1"])], requested=True) == {"HELPED"}
    assert await who("served_by", staff=[e2], requested=True) == set()
    async with units.open(world.merchant_id) as unit:
        await unit.run("update sale_line_helper set requested = true where merchant_id = :merchant")
    assert await who("served_by", staff=[e2], requested=True) == {"HELPED"}


async def _product(world: World, code: str) -> Any:
    async with world.units.glance(world.merchant_id) as unit:
        return await unit.scalar("select id from product where merchant_id = :merchant and code = :code", code=code)
