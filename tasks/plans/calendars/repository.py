"""Every query over own festivals and public holidays."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from tasks.kernel.documents import document
from tasks.kernel.errors import NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.plans.calendars.festivals import BUILT_IN
from tasks.plans.calendars.firing import NONE, Festivals
from tasks.plans.calendars.holidays import Declared, HolidayBook, HolidayKind, book_of
from tasks.plans.calendars.yearly import FestivalDays
from tasks.plans.schedules import Festival


class FestivalRow(msgspec.Struct, frozen=True, rename="camel"):
    """An own festival as a list shows it."""

    id: UUID
    name: str
    days: FestivalDays
    etag: int
    created_at: datetime
    changed_at: datetime


_FESTIVALS = "select id, name, days, etag, created_at, changed_at from festival where merchant_id = :merchant {where} order by name"


async def list_festivals(unit: Unit) -> list[FestivalRow]:
    """Return the merchant's own festivals by name."""
    return [_festival(dict(row)) for row in await unit.rows(_FESTIVALS.format(where=""))]


async def get_festival(unit: Unit, festival_id: UUID) -> FestivalRow:
    """Return one of them, locked until the transaction ends; raises `NotFound`."""
    row = await unit.row(_FESTIVALS.format(where="and id = :id") + " for update", id=festival_id)
    if row is None:
        raise NotFound(what="节日/festival")
    return _festival(dict(row))


def _festival(row: dict[str, object]) -> FestivalRow:
    days = msgspec.convert(document(row["days"]), FestivalDays)
    return FestivalRow(**{**row, "days": days})


async def festivals_for(unit: Unit, schedule: object) -> Festivals:
    """Return the own festivals a schedule needs to know: none unless it names one."""
    if not isinstance(schedule, Festival) or schedule.name in BUILT_IN:
        return NONE
    return {row.name: row.days for row in await list_festivals(unit) if row.name == schedule.name}


async def insert_festival(unit: Unit, name: str, days: FestivalDays) -> UUID | None:
    """Store an own festival; returns its id, None when the name is taken."""
    festival_id = new_id()
    made = await unit.run(
        "insert into festival (merchant_id, id, name, days, created_at, changed_at) "
        "values (:merchant, :id, :name, cast(:days as jsonb), :now, :now) on conflict (name, merchant_id) do nothing",
        id=festival_id, name=name, days=msgspec.json.encode(days).decode(),
    )  # fmt: skip
    return festival_id if made.rowcount else None


async def update_festival(unit: Unit, festival_id: UUID, name: str, days: FestivalDays) -> bool:
    """Replace name and days of a festival that the caller has locked; False when the name is another one's."""
    moved = await unit.run(
        "update festival set name = :name, days = cast(:days as jsonb), etag = etag + 1, changed_at = :now "
        "where merchant_id = :merchant and id = :id "
        "and not exists (select from festival o where o.merchant_id = :merchant and o.name = :name and o.id <> :id)",
        id=festival_id, name=name, days=msgspec.json.encode(days).decode(),
    )  # fmt: skip
    return moved.rowcount == 1


async def delete_festival(unit: Unit, festival_id: UUID) -> None:
    """Delete an own festival."""
    await unit.run("delete from festival where merchant_id = :merchant and id = :id", id=festival_id)


async def plans_naming(unit: Unit, name: str) -> Sequence[UUID]:
    """Return the plans that fire, or may, by the festival of this name."""
    rows = await unit.rows(
        "select p.id from plan p join plan_version v on v.merchant_id = p.merchant_id and v.id = p.version_id "
        "where p.merchant_id = :merchant and p.state <> 'ended' "
        "and v.definition -> 'trigger' ->> 'kind' = 'festival' and v.definition -> 'trigger' ->> 'name' = :name order by p.id",
        name=name,
    )
    return [row["id"] for row in rows]


async def plan_anew(unit: Unit, plan_ids: Sequence[UUID]) -> None:
    """Let plans be planned once more from now: their festival moved. Firings that are still to come are written anew."""
    await unit.run(
        "delete from occurrence where merchant_id = :merchant and plan_id = any(cast(:plans as uuid[])) and state = 'due' and fire_at > :now",
        plans=list(plan_ids),
    )
    await unit.run(
        "update plan set planned_until = :now where merchant_id = :merchant and id = any(cast(:plans as uuid[])) and planned_until is not null",
        plans=list(plan_ids),
    )


_HOLIDAYS = """
select day_on, kind, name from public_holiday
where merchant_id = :merchant and day_on between cast(:first as date) and cast(:last as date) order by day_on
"""


async def holidays_of(unit: Unit, first_year: int, last_year: int) -> HolidayBook:
    """Return what is known of the days of these years, both included."""
    rows = await unit.rows(_HOLIDAYS, first=date(first_year, 1, 1), last=date(last_year, 12, 31))
    return book_of([Declared(row["day_on"], HolidayKind(row["kind"]), row["name"]) for row in rows])


async def replace_holidays(unit: Unit, year: int, declared: Sequence[Declared]) -> None:
    """Make these the declared days of a year, whatever was known of it before; none makes it unknown."""
    await unit.run(
        "delete from public_holiday where merchant_id = :merchant and day_on between cast(:first as date) and cast(:last as date)",
        first=date(year, 1, 1),
        last=date(year, 12, 31),
    )
    await unit.run(
        "insert into public_holiday (merchant_id, day_on, kind, name) select :merchant, d.day_on, d.kind, d.name "
        "from unnest(cast(:days as date[]), cast(:kinds as text[]), cast(:names as text[])) as d(day_on, kind, name)",
        days=[one.day_on for one in declared], kinds=[one.kind.value for one in declared], names=[one.name for one in declared],
    )  # fmt: skip
