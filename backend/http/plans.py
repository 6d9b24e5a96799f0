"""What crosses the edge about plans, on the surfaces of owners and of managers."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter

from backend.http.days import countable
from backend.http.etags import etag
from backend.http.locale import Locale, locale_of
from backend.http.paging import next_link
from backend.http.problems.mapper import document
from backend.http.problems.transport import FieldFault, PreconditionRequired
from tasks.flow.approve_plans import LONGEST_NOTE, Approval
from tasks.flow.check_plan import Checked, check_draft
from tasks.flow.draft_plans import draft
from tasks.flow.explain_plan import Question
from tasks.flow.manage_plans import Stopped, VersionRow, get_plan, list_pages, stopped
from tasks.flow.plan_decisions import DecisionView
from tasks.flow.preview import Asked, Preview, look
from tasks.flow.units import OpensUnits
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.unit import Unit
from tasks.plans.repository import PlanChanged, PlanMoved, PlanRow
from tasks.plans.states import Decided, PlanState

PLAN: Final = "/plans/{plan_id:uuid}"
EDIT: Final = (NotFound, Invalid, PlanChanged, PlanMoved, PreconditionRequired)
"""How an edit may be refused."""
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


def shown_plan(plan: PlanRow, status: int = 200) -> Response[PlanRow]:
    """Return the plan with its version in the header."""
    return Response(plan, status_code=status, headers=etag(plan.etag))


async def plans_page(
    request: Request[Any, Any, Any], unit: Unit, in_state: PlanState | None, asked: tuple[str | None, int]
) -> Response[PlansOut]:
    """Return a page of plans by cursor and limit, with what stops them all; `Link` leads to the next."""
    page = await list_pages(unit, *asked, in_state)
    found = PlansOut(page.items, await stopped(unit), page.next_cursor)
    return Response(found, headers=next_link(request, page.next_cursor))


async def check_of_draft(data: PlanIn, unit: Unit, locale: Locale) -> CheckOut:
    """Return what is wrong with a draft that is not stored."""
    return told(await check_draft(unit, await draft(unit, data.template, data.changes, data.definition)), locale)


async def preview_of(units: OpensUnits, merchant_id: UUID, asked: Asked) -> Preview:
    """Preview the version in force of the plan that is asked about."""
    async with units.glance(merchant_id) as unit:
        stored = await get_plan(unit, asked.plan_id)
    return await look(units, merchant_id, stored.definition, asked)


EXAMPLE: Final = {"template": "second_visit", "changes": {"name": "新客二次到店"}}
"""A plan as it is made."""
CHANGE: Final = {"changes": {"name": "新客二次到店（周末）", "task": {"dueIn": 3}}}
"""A change of some fields."""
WHY: Final = {"note": "店庆期间暂停"}
"""A note."""
