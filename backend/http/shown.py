"""What the contract shows of an operation beside its types: examples and the problems of its own."""

from typing import Any

from tasks.kernel.errors import FlowError


def shown(
    *problems: type[FlowError], request: Any = None, answer: Any = None, also: tuple[int, ...] = ()
) -> dict[str, Any]:
    """Return handler options: an example request and answer (plain JSON values), and the errors that only this operation has.

    `also` are statuses of success beside the usual one, with the same answer (201: it was made).
    """
    return {"shown_problems": problems, "shown_request": request, "shown_answer": answer, "shown_also": also}
