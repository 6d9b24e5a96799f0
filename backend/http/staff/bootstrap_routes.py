"""`/v1/staff/bootstrap`, `/v1/staff/me/summary`, `/v1/staff/scripts`: what an app shows around the worklist."""

from typing import Annotated, Any, Final, cast

from litestar import Request, Response, get
from litestar.params import HeaderParameter, QueryParameter

from backend.http.session import InLocale, InScope, InUnit, InWork, services_of
from backend.http.shown import shown
from backend.http.staff.bootstrap_examples import BOOTSTRAP, SCRIPTS, SUMMARY
from tasks.flow.bootstrap import Bootstrap, bootstrap
from tasks.flow.browse_scripts import ScriptLibrary, browse_scripts
from tasks.flow.my_summary import MySummary, my_summary
from tasks.kernel.errors import NotFound

IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", max_length=256, description="The ETag of the answer one has.")
]
Scene = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=64, description="An occasion (`second_visit`); absent: only their list."),
]


@get(
    "/bootstrap",
    operation_id="Bootstrap",
    summary="Everything an app needs after log-in",
    opt=shown(answer=BOOTSTRAP, unchanged=True),
)
async def start(
    request: Request[Any, Any, Any], work: InWork, if_none_match: IfNoneMatch = None
) -> Response[Bootstrap]:
    """Return who I am, my stores with hours, closures and colleagues, what I can log, and when customers may be contacted; 304 when nothing changed.

    `serverTime` is not part of the ETag. Texts are in the caller's language.
    """
    version = services_of(request).settings.minimum_app_version
    found = await bootstrap(work.unit, work.who, work.locale, version)
    headers = {"ETag": f'W/"{found.tag}"', "Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
    if _has(if_none_match, found.tag):
        return cast("Response[Bootstrap]", Response(None, status_code=304, headers=headers))
    return Response(found.answer, headers=headers)


def _has(if_none_match: str | None, tag: str) -> bool:
    """Say whether the caller has this answer: weak comparison, `*` is any (RFC 9110 §13.1.2)."""
    given = {each.strip().removeprefix("W/").strip('"') for each in (if_none_match or "").split(",")}
    return tag in given or "*" in given


@get("/me/summary", operation_id="MySummary", summary="My day and what my work brings", opt=shown(answer=SUMMARY))
async def summary(unit: InUnit, who: InScope) -> MySummary:
    """Return today's numbers, the own conversion of the last thirty days, and the streak, which counts own working days only."""
    return await my_summary(unit, who)


@get(
    "/scripts",
    operation_id="BrowseScripts",
    summary="Read the library of call scripts",
    opt=shown(NotFound, answer=SCRIPTS),
)
async def scripts(unit: InUnit, locale: InLocale, scene: Scene = None) -> ScriptLibrary:
    """Return all occasions and the texts of one, filled in with sample values, in the caller's language."""
    return await browse_scripts(unit, scene, locale)


HANDLERS: Final = (start, summary, scripts)
