"""Health, what is late, and what each problem means."""

import asyncio
from typing import Annotated, Any, Literal

from litestar import Request, Router, get
from litestar.enums import MediaType
from litestar.params import PathParameter

from backend.http.problems.registry import ProblemType, problem_types
from backend.http.session import InLocale, provide_locale, services_of
from backend.http.shown import shown
from backend.http.system.guards import on_this_machine
from backend.http.system.metrics import exposition
from backend.http.system.schemas import Health, Late, ProblemList, Pulse
from backend.observability.late import LOOPS, House, look
from backend.services import Probe
from tasks.kernel.errors import NotFound

PROBE_FOR = 2.0
"""Seconds a neighbour has to answer."""
EXAMPLE = {
    "type": "/problems/not-found",
    "code": "not-found",
    "status": 404,
    "title": "Not found",
    "meaning": "The thing does not exist for this caller: absent, another merchant's, or another store's.",
}


@get(
    "/health/live",
    operation_id="Live",
    summary="Is the process alive?",
    tags=["system"],
    opt=shown(answer={"status": "ok", "checks": {}}),
)
async def live() -> Health:
    """Answer without asking anybody."""
    return Health("ok")


@get(
    "/health/ready",
    operation_id="Ready",
    summary="Can it serve?",
    tags=["system"],
    opt=shown(answer={"status": "ok", "checks": {"database": "ok", "redis": "ok"}}),
)
async def ready(request: Request[Any, Any, Any]) -> Health:
    """Ask the database, which must answer, and the other neighbours, which may be away."""
    services = services_of(request)
    await asyncio.wait_for(services.units.now(), PROBE_FOR)
    checks = {name: await _asked(probe) for name, probe in services.probes.items()}
    return Health("degraded" if "failed" in checks.values() else "ok", {"database": "ok", **checks})


@get(
    "/health/late",
    operation_id="Late",
    summary="What is late?",
    tags=["system"],
    guards=[on_this_machine],
    opt=shown(
        NotFound,
        answer={"status": "late", "late": {"occurrence": 2}, "loops": [{"loop": "sweep", "seconds": 3.2}]},
    ),
)
async def late(request: Request[Any, Any, Any]) -> Late:
    """Count what is late in the whole house, for whoever looks after this machine."""
    house = await _house(request)
    loops = [Pulse(loop, house.heard(loop)) for loop in LOOPS]
    return Late("late" if house.late else "well", house.late, loops)


@get(
    "/metrics",
    operation_id="Metrics",
    summary="Figures for a monitoring system",
    tags=["system"],
    guards=[on_this_machine],
    media_type=MediaType.TEXT,
    opt=shown(NotFound, answer='huifang_late{kind="occurrence"} 2\n'),
)
async def metrics(request: Request[Any, Any, Any]) -> str:
    """Say the same as `/health/late` in the text format of Prometheus."""
    return exposition(await _house(request))


@get(
    "/problems",
    operation_id="ListProblems",
    summary="Every problem this API can answer",
    tags=["system"],
    opt=shown(answer={"items": [EXAMPLE]}),
)
async def list_problems(locale: InLocale) -> ProblemList:
    """Return the registry."""
    return ProblemList(problem_types(locale))


@get(
    "/problems/{code:str}",
    operation_id="GetProblem",
    summary="What a problem means",
    tags=["system"],
    opt=shown(NotFound, answer=EXAMPLE),
)
async def get_problem(code: Annotated[str, PathParameter(max_length=64)], locale: InLocale) -> ProblemType:
    """Return what the `type` of a problem document points to."""
    for each in problem_types(locale):
        if each.code == code:
            return each
    raise NotFound(what="错误码/problem")


async def _house(request: Request[Any, Any, Any]) -> House:
    return await asyncio.wait_for(look(services_of(request).units), PROBE_FOR)


async def _asked(probe: Probe) -> Literal["ok", "failed"]:
    try:
        await asyncio.wait_for(probe(), PROBE_FOR)
    except Exception:  # noqa: BLE001  # whatever a neighbour does, the answer is that it is not well
        return "failed"
    return "ok"


def router() -> Router:
    """Return the surface."""
    handlers = [live, ready, late, metrics, list_problems, get_problem]
    return Router("/", route_handlers=handlers, dependencies={"locale": provide_locale()})
