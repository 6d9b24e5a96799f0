"""What crosses the edge about plans, on the surfaces of owners and of managers."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request
from litestar.params import QueryParameter

from backend.http.days import countable
from backend.http.etags import etag
from backend.http.locale import Locale, locale_of
from backend.http.problems.mapper import document
from backend.http.problems.transport import FieldFault
from tasks.flow.approve_plans import LONGEST_NOTE, Approval
from tasks.flow.check_plan import Checked
from tasks.flow.explain_plan import Question
from tasks.flow.manage_plans import Stopped, VersionRow
from tasks.flow.plan_decisions import DecisionView
from tasks.kernel.errors import Invalid
from tasks.plans.repository import PlanRow
from tasks.plans.states import Decided, PlanState

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NOTE)]
InState = Annotated[PlanState | None, QueryParameter(name="state", description="Plans in this state only.")]
InCustomer = Annotated[UUID, QueryParameter(name="customer", description="Whom it is asked about.")]
AnyCustomer = Annotated[UUID | None, QueryParameter(name="customer", description="Decisions for this customer only.")]
InDecided = Annotated[Decided | None, QueryParameter(name="decided", description="Decisions of this kind only.")]
On = Annotated[date | None, QueryParameter(name="on", description="A local day; now if absent.")]


class Body(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A request body: unknown fields are refused."""


class PlanIn(Body, frozen=True, kw_only=True):
    """A template and what is to be different from its definition, field by field; or a whole `definition` (template `custom`)."""

    template: Name | None = None
    changes: dict[str, Any] = {}
    definition: dict[str, Any] | None = None


class PlanChangesIn(Body, frozen=True, kw_only=True):
    """What is to be different from the version in force, field by field."""

    changes: dict[str, Any]


class PlanDefinitionIn(Body, frozen=True, kw_only=True):
    """The whole definition that is to be in force."""

    definition: dict[str, Any]


class PreviewIn(Body, frozen=True, kw_only=True):
    """The local day to judge as if the plan fired on it; today if absent."""

    as_of: date | None = None


class DraftPreviewIn(PlanIn, frozen=True, kw_only=True):
    """A draft that is not stored, and the local day to judge it on."""

    as_of: date | None = None


class NoteIn(Body, frozen=True, kw_only=True):
    """Why; shown with the plan."""

    note: Note | None = None


class SendBackIn(Body, frozen=True, kw_only=True):
    """Why the plan goes back to its author."""

    note: Note


class BackTestIn(Body, frozen=True, kw_only=True):
    """First and last local day of a past period, at most 366 days."""

    from_on: date = msgspec.field(name="from")
    to_on: date = msgspec.field(name="to")


class PlansOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of plans, oldest first; `etag` of each is what `If-Match` takes. `stopped` says since when nothing fires, and why."""

    items: Sequence[PlanRow]
    stopped: Stopped
    next_cursor: str | None = None


class VersionsOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of versions, newest first, each with what it changed."""

    items: Sequence[VersionRow]
    next_cursor: str | None = None


class DecisionsOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of decisions, newest first."""

    items: Sequence[DecisionView]
    next_cursor: str | None = None


class CheckOut(msgspec.Struct, frozen=True, rename="camel"):
    """Every fault by field: with one, the plan cannot be turned on. Warnings keep nobody from it. `approval`: what a manager would need, for stored plans."""

    ok: bool
    faults: Sequence[FieldFault]
    warnings: Sequence[FieldFault]
    approval: Approval | None = None


def told(found: Checked, locale: Locale, approval: Approval | None = None) -> CheckOut:
    """Return what was found in the caller's language."""
    return CheckOut(not found.faults, _fields(found.faults, locale), _fields(found.warnings, locale), approval)


def _fields(faults: Sequence[Invalid], locale: Locale) -> list[FieldFault]:
    return [one for fault in faults for one in document(fault, locale, "").errors]


def question(request: Request[Any, Any, Any], customer: UUID, on: date | None) -> Question:
    """Return who is asked about, in the caller's language."""
    locale = locale_of(request.headers.get("accept-language"))
    return Question(customer_id=customer, on=countable("on", on) if on else None, locale=locale)


def version_of(plan: PlanRow) -> dict[str, str]:
    """Return the header for the plan's version."""
    return etag(plan.etag)


EXAMPLE: Final = {"template": "second_visit", "changes": {"name": "新客二次到店"}}
"""A plan as it is made."""
CHANGE: Final = {"changes": {"name": "新客二次到店（周末）", "task": {"dueIn": 3}}}
"""A change of some fields."""
WHY: Final = {"note": "店庆期间暂停"}
"""A note."""
