"""From a row of the page query to what a list shows."""

from collections.abc import Iterable, Mapping
from typing import cast
from uuid import UUID

import msgspec

from scripts.locales import Locale
from scripts.salutation import Gender
from scripts.variables import nickname_for
from tasks.kernel.connection import Row
from tasks.kernel.sealing import Vault
from tasks.people.persons import CustomerPerson, StaffPerson
from tasks.people.seals import CustomerSeal, StaffSeal
from tasks.worklist.background import Background
from tasks.worklist.states import TaskStatus
from tasks.worklist.views import TaskRow
from tasks.worklist.why import WhyFacts, why_line


def nickname_of(person: CustomerPerson | None, locale: Locale) -> str | None:
    """Return the 称呼 (templates.md, "Rules for all"), or None rather than something wrong."""
    if person is None:
        return None
    gender = cast("Gender | None", person.gender)
    return nickname_for(person.remark_name, person.nickname, person.name, gender, locale)


def task_row(
    row: Row,
    customers: Mapping[UUID, CustomerPerson],
    staff: Mapping[UUID, StaffPerson],
    locale: Locale,
    background: Background | None = None,
) -> TaskRow:
    """Return the list row with names opened and the reason worded."""
    assignee = staff.get(row["assignee_id"])
    reserved = staff.get(row["reserved_by"])
    plain = {name: row[name] for name in _COPIED}
    return TaskRow(
        **plain,
        status=TaskStatus(row["status"]),
        nickname=nickname_of(customers.get(row["customer_id"]), locale),
        why=why_line(why_facts(row, background), locale),
        plans=tuple(row["plans"] or ()),
        overdue=bool(row["overdue"]),
        urged=row["urged_at"] is not None,
        pool=row["assignee_id"] is None,
        assignee=assignee.name if assignee else None,
        reserved_by=reserved.name if reserved else None,
    )


def people_of(vault: Vault, rows: Iterable[Row]) -> tuple[dict[UUID, CustomerPerson], dict[UUID, StaffPerson]]:
    """Return the customers and the holders of a page's own rows (`lists.ABOUT`), opened; each seal once."""
    customers: dict[UUID, CustomerPerson] = {}
    staff: dict[UUID, StaffPerson] = {}
    for row in rows:
        customer, holder = row["customer_id"], row["assignee_id"]
        if customer not in customers:
            customers[customer] = _customer(vault, customer, row)
        if row["holder_salt"] is not None and holder not in staff:
            seal = _staff_seal.decode(vault.open(row["holder_salt"], holder, row["holder_seal"]))
            staff[holder] = StaffPerson(id=holder, name=seal.name)
    return customers, staff


def _customer(vault: Vault, customer_id: UUID, row: Row) -> CustomerPerson:
    if row["her_salt"] is None:
        return CustomerPerson(id=customer_id)
    seal = _customer_seal.decode(vault.open(row["her_salt"], customer_id, row["her_seal"]))
    return CustomerPerson(
        id=customer_id,
        name=seal.name,
        nickname=seal.nickname,
        remark_name=seal.remark_name,
        gender=row["her_gender"],
    )


_customer_seal = msgspec.msgpack.Decoder(CustomerSeal)
_staff_seal = msgspec.msgpack.Decoder(StaffSeal)


def why_facts(row: Row, background: Background | None = None) -> WhyFacts:
    """Return the facts of the why-line from any row that has their columns."""
    return WhyFacts(**{name: row[name] for name in _OF_ROW}, background=background or Background())


_OF_ROW = tuple(name for name in WhyFacts.__struct_fields__ if name != "background")
_COPIED = tuple(
    name
    for name in TaskRow.__struct_fields__
    if name not in {"status", "nickname", "why", "plans", "overdue", "urged", "pool", "assignee", "reserved_by"}
)
