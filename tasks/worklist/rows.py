"""From a row of the page query to what a list shows."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from sqlalchemy import RowMapping

from scripts.locales import Locale
from scripts.salutation import Gender
from scripts.variables import nickname_for
from tasks.people.persons import CustomerPerson, StaffPerson
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
    row: RowMapping, customers: Mapping[UUID, CustomerPerson], staff: Mapping[UUID, StaffPerson], locale: Locale
) -> TaskRow:
    """Return the list row with names opened and the reason worded."""
    assignee = staff.get(row["assignee_id"])
    plain = {name: row[name] for name in _COPIED}
    return TaskRow(
        **plain,
        status=TaskStatus(row["status"]),
        nickname=nickname_of(customers.get(row["customer_id"]), locale),
        why=why_line(why_facts(row), locale),
        plans=tuple(row["plans"] or ()),
        overdue=bool(row["overdue"]),
        urged=row["urged_at"] is not None,
        pool=row["assignee_id"] is None,
        assignee=assignee.name if assignee else None,
    )


def why_facts(row: RowMapping) -> WhyFacts:
    """Return the facts of the why-line from any row that has their columns."""
    return WhyFacts(**{name: row[name] for name in WhyFacts.__struct_fields__})


_COPIED = tuple(
    name
    for name in TaskRow.__struct_fields__
    if name not in {"status", "nickname", "why", "plans", "overdue", "urged", "pool", "assignee"}
)
