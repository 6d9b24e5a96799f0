"""Who is she: finding a customer at the front desk, or when she rings."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.desk.finding import FoundRow, asked, count_search, find
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import ContactPointView, CustomerPerson, contact_points_of, open_customers
from tasks.people.states import ContactKind
from tasks.worklist.rows import nickname_of

__all__ = ["FoundCustomer", "FoundCustomers", "find_customers", "masked_phones"]


class FoundCustomer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A customer as a look-up shows her; `phones` are masked, `nickname` is what one calls her, `hasTask` says that somebody follows her up."""

    id: UUID
    name: str | None
    nickname: str | None
    level: str | None
    phones: Sequence[str]
    home_store_id: UUID | None
    anonymous: bool
    visit_count: int
    last_visit_on: date | None
    has_task: bool


class FoundCustomers(msgspec.Struct, frozen=True, rename="camel"):
    """At most twenty customers, who came last first; `more` says that the query means others too and should say more."""

    items: Sequence[FoundCustomer]
    more: bool


async def find_customers(unit: Unit, scope: StaffScope, text: str, locale: Locale) -> FoundCustomers:
    """Return the customers of the own stores whose names have every part of the text, and whose numbers end in its four digits, or are its number.

    Every look-up counts. Raises `Invalid` for a text that holds nothing to look for, `SearchesSpent` for too many.
    """
    wanted = asked(unit, text)
    await count_search(unit, scope.staff_id)
    found = await find(unit, scope, wanted)
    ids = [row.id for row in found.rows]
    people, points = await open_customers(unit, ids), await contact_points_of(unit, ids)
    items = [_found(row, people[row.id], points.get(row.id, ()), locale) for row in found.rows]
    return FoundCustomers(items, found.more)


def _found(row: FoundRow, person: CustomerPerson, points: Sequence[ContactPointView], locale: Locale) -> FoundCustomer:
    return FoundCustomer(
        **msgspec.structs.asdict(row),
        name=person.name or person.called,
        nickname=nickname_of(person, locale),
        phones=masked_phones(points),
    )


def masked_phones(points: Sequence[ContactPointView]) -> list[str]:
    """Return the numbers that reach her, masked."""
    return [point.masked for point in points if point.valid and point.kind in {ContactKind.PHONE, ContactKind.VIRTUAL}]
