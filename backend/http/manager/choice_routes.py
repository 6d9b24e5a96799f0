"""`/v1/manager/choices`: what forms offer to choose from."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.params import QueryParameter

from backend.http.manager.choice_schemas import ChoicesOut
from backend.http.paging import Cursor, next_link
from backend.http.session import InWork
from backend.http.shown import shown
from tasks.flow.offer_choices import ChoiceOf, ChoiceQuery, offer_choices
from tasks.kernel.paging import CursorGarbled

InKind = Annotated[ChoiceOf, QueryParameter(description="What is to be chosen.")]
InQ = Annotated[str, QueryParameter(max_length=64, description="A part of the name or code.")]


@get("/choices", operation_id="ListChoices", summary="What a form offers to choose from", opt=shown(CursorGarbled))
async def choices(
    request: Request[Any, Any, Any], work: InWork, kind: InKind, cursor: Cursor = None, q: InQ = ""
) -> Response[ChoicesOut]:
    """Return a page of fifty by name: what is in use, as far as one may see it; trees name it by `id` where there is one, else by `code`."""
    page = await offer_choices(work.unit, work.who, ChoiceQuery(kind, q, cursor))
    return Response(ChoicesOut(list(page.items), page.next_cursor), headers=next_link(request, page.next_cursor))


HANDLERS: Final = (choices,)
