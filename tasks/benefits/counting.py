"""What was given of benefits, as it was counted."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from tasks.benefits.rules import begins
from tasks.benefits.states import Period
from tasks.kernel.unit import Unit


class Given(msgspec.Struct, frozen=True):
    """How much (分, as budgets count it) and how often."""

    cents: int = 0
    times: int = 0


class Spent(msgspec.Struct, frozen=True):
    """What was given in the periods that a day lies in."""

    day: Given = Given()
    month: Given = Given()
    all: Given = Given()


_SPENT: Final = """
select s.benefit_id, s.period, s.cents, s.times from benefit_spent s
where s.merchant_id = :merchant and s.benefit_id = any(cast(:ids as uuid[]))
  and (s.period, s.begins_on) in (select * from unnest(cast(:periods as text[]), cast(:begins as date[])))
"""


async def spent_of(unit: Unit, ids: Sequence[UUID], day: date) -> dict[UUID, Spent]:
    """Return what was given of each of these benefits on a local day, in its month, and ever."""
    periods = [one.value for one in Period]
    rows = await unit.rows(_SPENT, ids=list(ids), periods=periods, begins=[begins(one, day) for one in Period])
    told: dict[UUID, dict[str, Given]] = {one: {} for one in ids}
    for row in rows:
        told[row["benefit_id"]][row["period"]] = Given(row["cents"], row["times"])
    return {one: Spent(**said) for one, said in told.items()}
