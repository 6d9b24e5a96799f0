"""`/v1/staff/customers`: who is she, what do we know of her, a new one, and what was said without a task."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import convert

from backend.http.session import InLocale, InScope, InUnit, InWork
from backend.http.shown import shown
from backend.http.staff.customer_examples import PAGE
from backend.http.staff.customer_schemas import ContactIn
from backend.http.staff.desk_key import ActionKey
from tasks.actions.faults import ActionRefused, ActionReused
from tasks.callbacks.faults import CallbackVoid, NotUndoable
from tasks.desk.faults import SearchesSpent
from tasks.desk.inputs import ContactUndo, NewCustomer
from tasks.flow.customer_page import CustomerPage, view_customer
from tasks.flow.find_customers import FoundCustomers, find_customers
from tasks.flow.log_contact import ContactKept
from tasks.flow.new_customer import CustomerMade
from tasks.flow.perform_action import Ask, once
from tasks.flow.undo_contact import ContactUndone
from tasks.kernel.errors import Invalid, NotFound

Query = Annotated[
    str,
    QueryParameter(
        min_length=1,
        max_length=100,
        description="Parts of her name (characters, pinyin initials, words), the last four digits of her number, both, or the whole number.",
    ),
]
CUSTOMER: Final = "01930000-0000-7000-8000-0000000000c1"
ONCE: Final = (ActionReused, ActionRefused, Invalid, NotFound)
FOUND: Final = {
    "items": [
        {
            "id": CUSTOMER, "name": "王小红", "nickname": "小红姐", "level": "gold", "phones": ["138****0001"],
            "homeStoreId": "01930000-0000-7000-8000-0000000000b1", "anonymous": False, "visitCount": 7, "lastVisitOn": "2026-03-02", "hasTask": True,
        },
    ],
    "more": False,
}  # fmt: skip


@get(
    "/customers",
    operation_id="FindCustomers",
    summary="Find a customer",
    opt=shown(Invalid, SearchesSpent, answer=FOUND),
)
async def customers(q: Query, work: InWork) -> FoundCustomers:
    """Return at most twenty customers of the own stores, who came last first; numbers are masked. Thirty look-ups a minute, a thousand a day."""
    return await find_customers(work.unit, work.who, q, work.locale)


@get(
    "/customers/{customer_id:uuid}",
    operation_id="GetCustomer",
    summary="Everything about a customer",
    opt=shown(NotFound, answer=PAGE),
)
async def customer(customer_id: FromPath[UUID], unit: InUnit, who: InScope, locale: InLocale) -> CustomerPage:
    """Return facts, cards, appointments, last visits and contacts, notes and promises of a customer of the own stores; never the number."""
    return await view_customer(unit, who, customer_id, locale)


@post(
    "/customers",
    operation_id="CreateCustomer",
    summary="Add a customer",
    opt=shown(
        *ONCE,
        request={"name": "王小红", "phone": "13800000001", "gender": "female", "source": "walk-in"},
        answer={"customerId": CUSTOMER, "candidateIds": [], "elsewhere": False},
        also=(200,),
    ),
)
async def create_customer(
    data: JSONBody[NewCustomer], unit: InUnit, who: InScope, key: ActionKey
) -> Response[CustomerMade]:
    """Add her (201); or, when others have her number, add nobody and name them (200). Nobody is ever merged silently."""
    made = convert(await once(unit, who, Ask("create_customer", data, key)), CustomerMade)
    return Response(made, status_code=201 if made.customer_id else 200)


@post(
    "/customers/{customer_id:uuid}/contacts",
    operation_id="LogContact",
    summary="She rang us",
    opt=shown(
        *ONCE,
        request={"outcome": "booked", "fields": {"startsAt": "2026-03-12T15:00:00+08:00"}, "note": "想换个技师"},
        answer={
            "contactId": "01930000-0000-7000-8000-0000000000a1",
            "appointmentId": "01930000-0000-7000-8000-0000000000a2",
            "taskId": None,
        },
    ),
)
async def contacts(
    customer_id: FromPath[UUID], data: JSONBody[ContactIn], unit: InUnit, who: InScope, key: ActionKey
) -> ContactKept:
    """Keep a contact that no task asked for; an outcome is optional and does to the customer what it does in a callback."""
    return convert(await once(unit, who, Ask("log_contact", data.about(customer_id), key)), ContactKept)


@post(
    "/customers/{customer_id:uuid}/contacts/{contact_id:uuid}/undo",
    operation_id="UndoContact",
    summary="Her refusal was a mistake",
    status_code=200,
    opt=shown(
        *ONCE,
        NotUndoable,
        CallbackVoid,
        answer={
            "contactId": "01930000-0000-7000-8000-0000000000a1",
            "noPhone": False,
            "noWechat": False,
            "noContact": False,
        },
    ),
)
async def undo(
    customer_id: FromPath[UUID], contact_id: FromPath[UUID], unit: InUnit, who: InScope, key: ActionKey
) -> ContactUndone:
    """Lift what was refused in a contact without a task: its author for ten minutes, who leads the store at any time."""
    body = ContactUndo(customer_id=customer_id, contact_id=contact_id)
    return convert(await once(unit, who, Ask("undo_contact", body, key)), ContactUndone)


HANDLERS: Final = (customers, customer, create_customer, contacts, undo)
