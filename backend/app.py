"""The web application, made from its services: every surface, one mapper for errors, one contract."""

from typing import Final

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig

from backend.http.auth.routes import router as auth
from backend.http.benefits.routes import router as benefits
from backend.http.contract import BatchSchema, StrictStructs, components
from backend.http.day_times import DayTimes
from backend.http.intake.routes import router as intake
from backend.http.intake.schemas import EventsSchema
from backend.http.manager.routes import router as manager
from backend.http.owner.routes import router as owner
from backend.http.pages import ContractJson, Docs
from backend.http.problems.mapper import answer
from backend.http.requests import StrictRequest, refuse_unknown_query, stamp
from backend.http.staff.routes import router as staff
from backend.http.staff.upload_routes import router as uploads
from backend.http.system.routes import router as system
from backend.services import Services

VERSION: Final = "0.1.0"
MOST_BODY: Final = 1024 * 1024
"""Bytes of a request body, where a surface does not say otherwise."""


def create_app(services: Services) -> Litestar:
    """Return the application; it owns nothing, so whoever made the services also closes them."""
    return Litestar(
        route_handlers=[system(), auth(), intake(), staff(), uploads(), manager(), owner(), benefits()],
        state=State({"services": services}),
        request_class=StrictRequest,
        request_max_body_size=MOST_BODY,
        exception_handlers={Exception: answer},
        before_request=refuse_unknown_query,
        before_send=[stamp],
        openapi_config=openapi(),
        plugins=[BatchSchema(), DayTimes(), EventsSchema(), StrictStructs()],
        logging_config=None,
        debug=False,
    )


def openapi() -> OpenAPIConfig:
    """Return what the contract says of itself."""
    return OpenAPIConfig(
        title="Huifang API",
        version=VERSION,
        description="Follow-up tasks and callbacks for beauty-salon chains. Errors are RFC 9457 problem documents; see `/problems`.",
        components=components(),
        use_handler_docstrings=True,
        render_plugins=[ContractJson(), Docs()],
        openapi_router=Router("/", route_handlers=[], include_in_schema=False),
    )
