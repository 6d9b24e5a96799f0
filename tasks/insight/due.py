"""When everybody must be computed anew: SQL that the worker's look and the merchant's own unit share. `{now}` is business time."""

from typing import Final

from tasks.kernel.unit import Unit

MARKED: Final = """select d.merchant_id from insight_due d group by d.merchant_id
  having bool_or(d.reason not in ('books', 'catalogue'))
    or max(d.marked_at) < {now} - interval '1 minute' or min(d.marked_at) < {now} - interval '30 minutes'"""
"""Merchants that were marked. While books keep coming in they are left alone, for half an hour at most."""
A_NEW_DAY: Final = """select m.merchant_id from merchant m where not exists (
  select from insight_run r where r.merchant_id = m.merchant_id and r.computed_on >= ({now} at time zone m.timezone - interval '3 hours')::date)"""
"""Merchants whose day began, at three in the morning of their own zone, without a computation for it."""


async def is_due(unit: Unit) -> bool:
    """True when the merchant's customers must be computed anew."""
    found: bool = await unit.scalar(
        f"select exists ({MARKED} union all {A_NEW_DAY})".format(now="cast(:now as timestamptz)")
    )
    return found
