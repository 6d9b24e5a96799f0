"""What the contract shows of an operation beside its types: examples and the problems of its own."""

from typing import Any

from tasks.kernel.errors import FlowError


def shown(*problems: type[FlowError], request: Any = None, answer: Any = None) -> dict[str, Any]:
    """Return handler options: an example request and answer (plain JSON values), and the errors that only this operation has."""
    return {"shown_problems": problems, "shown_request": request, "shown_answer": answer}
