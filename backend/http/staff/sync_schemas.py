"""What sync and stream are asked with."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.params import HeaderParameter, QueryParameter, SkipValidation

from backend.http.paging import Limit
from backend.http.session import InLocale
from backend.http.streaming import Stay
from scripts.locales import Locale
from tasks.flow.sync_tasks import LONGEST

MOST_WAIT_S: Final = 25
"""Below what phones, proxies and mobile networks let a quiet request live."""

__all__ = ["STREAM", "SYNC", "InCall", "InInclude", "Include", "LastEventId", "Limit", "SyncCursor", "Wait"]


class Include(StrEnum):
    """What sync can put in beside the tasks."""

    DETAIL = "detail"
    """Each task's page: why, cards, contacts, scripts filled in; what working without a network needs."""


SyncCursor = Annotated[
    str | None, QueryParameter(max_length=LONGEST, description="The cursor of the last answer; none for a snapshot.")
]
Wait = Annotated[
    int,
    QueryParameter(
        ge=0, le=MOST_WAIT_S, description="Seconds to wait for a change when there is nothing new; only with a cursor."
    ),
]
InInclude = Annotated[Include | None, QueryParameter(description="What to put in beside the tasks.")]
Installation = Annotated[
    str | None,
    HeaderParameter(
        name="Installation-Id",
        max_length=64,
        pattern=r"^[A-Za-z0-9._:-]{1,64}$",
        description="The app's installation. A cursor is good for the installation that asked for it; say it always or never.",
    ),
]
Seen = Annotated[
    str | None,
    HeaderParameter(name="If-None-Match", max_length=256, description="The ETag of the answer to the same question."),
]
LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID", max_length=LONGEST, description="The last event's id: a sync cursor; where to go on from."
    ),
]


@dataclass(frozen=True)
class Call:
    """A request that may outlive a unit: whose, in which language, of which installation, and the tag it has seen."""

    stay: Stay
    locale: Locale
    device: str
    seen: str | None


InCall = NamedDependency[SkipValidation[Call]]


async def call(
    request: Request[Any, Any, Any], locale: InLocale, installation: Installation = None, if_none_match: Seen = None
) -> Call:
    """Return what the headers of a sync say. An ETag that is none of ours matches nothing."""
    seen = if_none_match.strip().removeprefix("W/").strip('"') if if_none_match else None
    return Call(Stay.of(request), locale, installation or "", seen)


async def subscription(request: Request[Any, Any, Any], locale: InLocale, installation: Installation = None) -> Call:
    """Return what the headers of a stream say."""
    return Call(Stay.of(request), locale, installation or "", None)


SYNC: Final = {"call": Provide(call)}
STREAM: Final = {"call": Provide(subscription)}
