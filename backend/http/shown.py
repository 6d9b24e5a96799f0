"""What the contract shows of an operation beside its types: examples and the problems of its own."""

from typing import Any

from tasks.kernel.errors import FlowError


def shown(
    *problems: type[FlowError],
    request: Any = None,
    answer: Any = None,
    also: tuple[int, ...] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return handler options: an example request and answer (plain JSON values), and the errors that only this operation has.

    `also` are statuses of success beside the usual one, with the same answer (201: it was made). `more`: `unchanged=True` when `If-None-Match` can be answered
    with 304; `media`, the types of a body that is not JSON; `bytes`, the types of an answer that is not.
    """
    further = {f"shown_{name}": value for name, value in more.items()}
    return {"shown_problems": problems, "shown_request": request, "shown_answer": answer, "shown_also": also, **further}
