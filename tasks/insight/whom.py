"""Whom a computation is for, as SQL: everybody, a range of ids, or some customers, each on the day of her own time zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from tasks.kernel.zones import local_day
from tasks.people.followed import FOLLOWABLE

# Whose value is judged: records that are never followed up have no rhythm that means something, and would spoil the ranks.
_WHO: Final = f"""who as materialized (
  select cu.id, cu.home_store_id, (cast(:days as date[]))[array_position(cast(:zones as text[]), coalesce(hs.timezone, :merchant_zone))] as today
  from customer cu left join store hs on hs.merchant_id = cu.merchant_id and hs.id = cu.home_store_id
  where cu.merchant_id = :merchant and {FOLLOWABLE} and {{of}})"""
"""The day is looked up, not joined: a join would make the planner expect few customers, and go through everybody one by one."""


@dataclass(frozen=True)
class Today:
    """The local day in each time zone of the merchant, and its own zone."""

    own: str
    days: dict[str, date]

    @property
    def day(self) -> date:
        """The merchant's own day."""
        return self.days[self.own]

    @property
    def values(self) -> dict[str, Any]:
        """The binds."""
        return {"zones": list(self.days), "days": list(self.days.values()), "merchant_zone": self.own}


def today_in(now: datetime, own: str, others: Iterable[str]) -> Today:
    """Return the local days of an instant in the merchant's own zone and in others."""
    return Today(own, {zone: local_day(now, zone) for zone in sorted({own, *others})})


@dataclass(frozen=True)
class Whom:
    """Some of the merchant's customers.

    Attributes:
        ids: exactly these.
        after, until: those whose id lies after the one, up to and including the other.
    """

    ids: tuple[UUID, ...] | None = None
    after: UUID | None = None
    until: UUID | None = None

    def of(self, column: str) -> str:
        """Return the SQL that an id column is theirs."""
        if self.ids is not None:
            return f"{column} = any(cast(:ids as uuid[]))"
        parts = [f"{column} > cast(:after as uuid)"] if self.after else []
        parts += [f"{column} <= cast(:until as uuid)"] if self.until else []
        return " and ".join(parts) or "true"

    @property
    def cte(self) -> str:
        """The common table expression `who` (id, home_store_id, today)."""
        return _WHO.format(of=self.of("cu.id"))

    @property
    def values(self) -> dict[str, Any]:
        """The binds."""
        return {"ids": list(self.ids or ()), "after": self.after, "until": self.until}


EVERYBODY: Final = Whom()
