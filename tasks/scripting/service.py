"""The scripts of a task, filled in for the moment they are read, and the record of what was copied."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from scripts.catalog import Variant, shipped
from scripts.locales import LOCALES, Locale
from scripts.render import offered
from scripts.variables import Values, permitted
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.people.persons import CustomerPerson, StaffPerson
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.states import Link
from tasks.scripting.occasions import occasion_values
from tasks.scripting.repository import CopyRow, ReasonFacts, TaskFacts, insert_copy
from tasks.scripting.rules import fitting, ordered
from tasks.scripting.values import Said, base_values, reason_values
from tasks.worklist.rows import nickname_of

MAX_TEXT = 2_000
"""Characters of a copied text: what a script may become."""


class ScriptText(msgspec.Struct, frozen=True, rename="camel"):
    """A variant, filled in. `reason_id` is what it is about."""

    variant: str
    reason_id: UUID
    title: str
    tone: str
    channel: str
    text: str


class TaskScripts(msgspec.Struct, frozen=True):
    """What filling in needs: the books, the people, and the days to offer."""

    facts: TaskFacts
    reasons: Sequence[ReasonFacts]
    plans: Mapping[UUID, Definition]
    customer: CustomerPerson | None
    staff: Mapping[UUID, StaffPerson]
    speaker: UUID
    days: Sequence[object]


def fill_scripts(task: TaskScripts, locale: Locale) -> list[ScriptText]:
    """Return the texts of the live reasons, primary reason first, each reason's drawn variant first; one that lacks a value is not among them."""
    names = {staff_id: person.name for staff_id, person in task.staff.items()}
    said = Said(nickname_of(task.customer, locale), names, task.speaker, task.days)  # type: ignore[arg-type]  # dates
    base = base_values(task.facts, said, locale)
    texts: list[ScriptText] = []
    for reason in task.reasons:
        plan = task.plans.get(reason.version_id)
        if reason.state == "live" and plan is not None:
            values = (
                base
                | reason_values(task.facts, reason, said, locale)
                | occasion_values(task.facts, reason, plan, locale)
            )
            if Link.MANAGER in plan.act(reason.step).chain:
                values["manager"] = _leader(task, names)
            texts += _texts(reason, plan, permitted(values, sensitive=_sensitive(task.facts)), locale)
    return texts


def _leader(task: TaskScripts, names: Mapping[UUID, str]) -> str | None:
    """Nobody says "I am the manager" who is not: an owner who took a complaint over speaks for herself."""
    facts = task.facts
    return names.get(task.speaker) if facts.assignee_leads or task.speaker == facts.manager_id else None


def _sensitive(facts: TaskFacts) -> bool:
    """Whether the merchant lets texts speak of skin and health: its setting `sensitiveInTexts`."""
    return msgspec.json.decode(facts.settings).get("sensitiveInTexts") is True


def _texts(reason: ReasonFacts, plan: Definition, values: Values, locale: Locale) -> list[ScriptText]:
    act = plan.act(reason.step)
    fit = fitting(shipped().variants(act.scene, locale), step_of(plan, reason.entry_key, reason.step), act.variants)
    return [_text(reason, each, values) for each in ordered(offered(fit, values), reason.enrolment_id)]


def _text(reason: ReasonFacts, variant: Variant, values: Values) -> ScriptText:
    return ScriptText(
        variant.key, reason.id, variant.title, variant.tone, variant.channel, variant.script.render(values)
    )


def step_of(plan: Definition, entry_key: str, step: int = 0) -> str | None:
    """Return the step a task stands for, as scripts name it: what its act says, else by the offset its passage came in by: +7d; None for others."""
    act = plan.act(step)
    if act.script_step is not None:
        return act.script_step
    if not isinstance(plan.trigger, Behaviour) or step:
        return None
    number = entry_key.rpartition(":")[2]
    offsets = plan.trigger.offsets
    days = offsets[int(number)].after_days if number.isdigit() and int(number) < len(offsets) else None
    return None if days is None else f"+{days}d"


class CopyFact(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An employee copied a text: which variant, and exactly what; `edited` when it was changed before copying."""

    task_id: UUID
    variant: str
    text: str
    edited: bool = False
    copied_at: datetime | None = None


async def record_copy(unit: Unit, fact: CopyFact, staff_id: UUID, customer_id: UUID) -> UUID:
    """Keep what was copied, sealed, and return its id; raises `Invalid` for a variant that does not exist or a text that is none."""
    if not any(fact.variant == each.key for locale in LOCALES for each in shipped() if each.locale == locale):
        raise Invalid("variant", "no such variant")
    if not fact.text.strip() or len(fact.text) > MAX_TEXT:
        raise Invalid("text", f"1 to {MAX_TEXT} characters")
    at = fact.copied_at or unit.now
    if at.tzinfo is None:
        raise Invalid("copiedAt", "needs a time zone")
    row = CopyRow(
        new_id(), fact.task_id, staff_id, customer_id, fact.variant, fact.edited, fact.text, min(at, unit.now)
    )
    await insert_copy(unit, row)
    return row.id
