"""Which call follows which on the staff app: OpenAPI links, for people who read the contract and for clients and tests that walk it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Link(NamedTuple):
    """An operation that takes something from an answer: parameter (`name`, or `in.name` where two have it) → where in the answer."""

    to: str
    takes: Mapping[str, str]


ID: Final = "$response.body#/id"
FIRST: Final = "$response.body#/items/0/id"
ON_TASK: Final = (
    "GetTask",
    "ClaimTask",
    "StartTask",
    "SnoozeTask",
    "ReleaseTask",
    "CopyScript",
    "LogCallback",
    "ListTaskAttachments",
)
ON_CUSTOMER: Final = ("GetCustomer", "LogContact")


def _all(targets: tuple[str, ...], parameter: str, where: str) -> tuple[Link, ...]:
    return tuple(Link(target, {parameter: where}) for target in targets)


_TASK: Final = "task_id"
_CUSTOMER: Final = "customer_id"
LINKS: Final[Mapping[str, tuple[Link, ...]]] = {
    "ListTasks": _all(ON_TASK, _TASK, FIRST),
    "NextTask": _all(ON_TASK, _TASK, "$response.body#/task/id"),
    "SyncTasks": (Link("SyncTasks", {"cursor": "$response.body#/cursor"}), *_all(ON_TASK, _TASK, FIRST)),
    "CreateOwnTask": _all(ON_TASK, _TASK, "$response.body#/taskId"),
    "GetTask": (
        *_all(ON_TASK[1:], _TASK, ID),
        Link("RevealPhone", {_CUSTOMER: "$response.body#/customer/id"}),
        *_all(ON_CUSTOMER, _CUSTOMER, "$response.body#/customer/id"),
    ),
    "ClaimTask": _all(("GetTask", "StartTask", "ReleaseTask", "LogCallback"), _TASK, ID),
    "StartTask": _all(("GetTask", "SnoozeTask", "ReleaseTask", "LogCallback"), _TASK, ID),
    "LogCallback": (
        Link("UndoCallback", {"callback_id": "$response.body#/callbackId"}),
        *_all(("GetTask", "LogCallback"), _TASK, "$response.body#/taskId"),
    ),
    "AnnounceAttachment": (Link("GetAttachment", {"attachment_id": ID}),),
    "ListTaskAttachments": (Link("GetAttachment", {"attachment_id": FIRST}),),
    "FindCustomers": _all(ON_CUSTOMER, _CUSTOMER, FIRST),
    "CreateCustomer": _all(ON_CUSTOMER, _CUSTOMER, "$response.body#/customerId"),
    "BookAppointment": (Link("ChangeAppointment", {"appointment_id": ID}),),
}
"""Operation → what may follow its success."""


def links_of(operation: str) -> dict[str, Any]:
    """Return the links of an operation's success as OpenAPI says them, by name."""
    return {
        f"{number}-{link.to}": {"operationId": link.to, "parameters": dict(link.takes)}
        for number, link in enumerate(LINKS.get(operation, ()), 1)
    }
