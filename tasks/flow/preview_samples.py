"""Some customers of a preview by name, with the very text their task would show: the code of the task page, over tasks that are laid over the real ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.flow.overlay import lay_over
from tasks.generation.candidates import Moment
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_instant
from tasks.people.persons import open_customers, open_staff
from tasks.plans.definition import Definition, encode
from tasks.plans.states import Decided
from tasks.scripting.repository import named_staff, read_duties, read_reasons, read_task_facts
from tasks.scripting.rules import suggested
from tasks.scripting.service import ScriptText, TaskScripts, fill_scripts

SAMPLES: Final = 20
"""Customers shown."""
VERSION: Final = UUID(int=1)
"""The version of what is only looked at."""


class Sample(msgspec.Struct, frozen=True, rename="camel"):
    """One customer of the preview, as staff call her, and what would become of her; `script` is the text her task would offer first."""

    customer_id: UUID
    decided: str
    store_id: UUID | None
    assignee_id: UUID | None
    opens_on: date | None
    name: str | None = None
    assignee: str | None = None
    script: ScriptText | None = None


class Candidate(msgspec.Struct, frozen=True):
    """One row of a decided chunk, and when and where it was judged."""

    customer_id: UUID
    scope_id: UUID
    entry_key: str
    decided: str
    reason: str | None
    store_id: UUID | None
    assignee_id: UUID | None
    opens_on: date | None
    card_id: UUID | None
    event_id: UUID | None
    value_cents: int
    at: datetime
    timezone: str

    def rank(self) -> tuple[bool, int, UUID]:
        """Tasks first, then who is worth most."""
        return self.decided != Decided.TASK, -self.value_cents, self.customer_id


_CANDIDATES: Final = """
select customer_id, scope_id, entry_key, decided, reason, store_id, assignee_id, opens_on, card_id, event_id, value_cents
from chunk where cast(:stores as uuid[]) is null or store_id = any(cast(:stores as uuid[]))
order by decided = 'task' desc, value_cents desc, customer_id limit :limit
"""


async def candidates_of(unit: Unit, stores: Sequence[UUID] | None, moment: Moment) -> list[Candidate]:
    """Return the first rows of a decided chunk, those with a task before the others."""
    rows = await unit.rows(_CANDIDATES, stores=stores, limit=SAMPLES)
    return [Candidate(**row, at=moment.at, timezone=moment.timezone) for row in rows]


async def rendered(
    unit: Unit, plan: tuple[Definition, time], candidates: Sequence[Candidate], locale: Locale
) -> list[Sample]:
    """Return the samples with names and scripts. Lays tables over the real ones: nothing of the plan can be looked at after it."""
    definition, wall = plan
    people = await open_customers(unit, [one.customer_id for one in candidates])
    staff = await open_staff(unit, [one.assignee_id for one in candidates if one.assignee_id])
    await _lay(unit, definition)
    samples = []
    for one in candidates:
        person = people.get(one.customer_id)
        seen_at = local_instant(one.opens_on, wall, one.timezone) if one.opens_on else one.at
        script = (
            await _script(replace(unit, now=seen_at), definition, one, locale) if one.decided == Decided.TASK else None
        )
        decided = f"{one.decided}:{one.reason}" if one.reason else one.decided
        samples.append(
            Sample(
                one.customer_id, decided, one.store_id, one.assignee_id, one.opens_on, person.called if person else None,
                staff[one.assignee_id].name if one.assignee_id in staff else None, script,
            )
        )  # fmt: skip
    return samples


_OVERLAID: Final = ("task", "task_reason", "enrolment", "plan", "plan_version")
_PLAN: Final = """
insert into plan (merchant_id, id, name, template, state, version_id, activated_at, created_at)
values (:merchant, :version, :name, :template, 'active', :version, :now, :now)
"""
_VERSION: Final = """
insert into plan_version (merchant_id, id, plan_id, number, purpose, definition, created_at)
values (:merchant, :version, :version, 1, :purpose, cast(:definition as jsonb), :now)
"""
_TASK: Final = """
insert into task (merchant_id, id, store_id, customer_id, assignee_id, opens_at, opens_on, contact_from, due_at, expires_at, created_at)
values (:merchant, :task, :store, :customer, :assignee, :now, :day, :now, :now, :now, :now)
"""
_ENROLMENT: Final = """
insert into enrolment (merchant_id, id, plan_id, version_id, scope_id, entry_key, customer_id, card_id, event_id, fire_at, fires_on, created_at)
values (:merchant, :task, :version, :version, :scope, :entry_key, :customer, :card, :event, :now, :day, :now)
"""
_REASON: Final = """
insert into task_reason (merchant_id, id, task_id, plan_id, version_id, enrolment_id, priority, card_id, event_id, created_at)
values (:merchant, :task, :task, :version, :version, :task, 0, :card, :event, :now)
"""


async def _lay(unit: Unit, definition: Definition) -> None:
    await lay_over(unit, *_OVERLAID)
    document = msgspec.json.encode(encode(definition)).decode()
    await unit.run(_PLAN, version=VERSION, name=definition.name, template=definition.template)
    await unit.run(_VERSION, version=VERSION, purpose=definition.purpose, definition=document)


async def _script(unit: Unit, definition: Definition, one: Candidate, locale: Locale) -> ScriptText | None:
    """Return the first text of the task that one customer would get, as its page would show it."""
    task_id = new_id()
    values: dict[str, Any] = {
        "task": task_id, "version": VERSION, "store": one.store_id, "customer": one.customer_id, "assignee": one.assignee_id,
        "day": one.opens_on, "scope": one.scope_id, "entry_key": one.entry_key, "card": one.card_id, "event": one.event_id,
    }  # fmt: skip
    for statement in (_TASK, _ENROLMENT, _REASON):
        await unit.run(statement, **values)
    facts, reasons = (await read_task_facts(unit, [task_id]))[task_id], (await read_reasons(unit, [task_id]))[task_id]
    speaker = facts.assignee_id or facts.manager_id or UUID(int=0)
    staff = await open_staff(unit, [each for each in named_staff(facts, reasons) if each])
    person = (await open_customers(unit, [one.customer_id])).get(one.customer_id)
    duties = await read_duties(unit, [(facts, speaker)])
    days = suggested(duties[facts.store_id, speaker], facts.today)
    texts = fill_scripts(TaskScripts(facts, reasons, {VERSION: definition}, person, staff, speaker, days), locale)
    return next(iter(texts), None)
