from backend.db.units import Units
from tasks.kernel.ids import new_id


async def test_a_merchant_sees_its_own_row_only(units: Units) -> None:
    one, other = new_id(), new_id()
    await units.create_merchant(one, "甲", "Asia/Shanghai")
    await units.create_merchant(other, "乙", "Asia/Shanghai")
    async with units.open(one) as unit:
        assert [row["merchant_id"] for row in await unit.rows("select merchant_id from merchant")] == [one]
