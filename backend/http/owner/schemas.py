"""What crosses the edge for owners."""

from datetime import date
from typing import Annotated, Any

import msgspec

from backend.auth.api_keys import ApiKeyInfo, KeyScope
from tasks.flow.manage_plans import TemplateView
from tasks.plans.repository import PlanRow

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class TemplatesOut(msgspec.Struct, frozen=True, rename="camel"):
    """The gallery."""

    items: list[TemplateView]


class PlansOut(msgspec.Struct, frozen=True, rename="camel"):
    """Every plan of the merchant, oldest first; `etag` of each is what `If-Match` takes."""

    items: list[PlanRow]


class PlanIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A template, and what is to be different from its definition, field by field."""

    template: Name
    changes: dict[str, Any] = {}


class PreviewIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The local day to judge as if the plan fired on it; today if absent."""

    as_of: date | None = None


class TemplatePreviewIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A draft that is not stored, and the local day to judge it on."""

    template: Name
    changes: dict[str, Any] = {}
    as_of: date | None = None


class StopIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """True stops every plan at once, false lets them fire again."""

    stopped: bool


class ApiKeyIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A name to recognise the key by, and what it may do."""

    name: Name
    scopes: Annotated[tuple[KeyScope, ...], msgspec.Meta(min_length=1, max_length=16)] = (KeyScope.INTAKE_WRITE,)


class ApiKeyOut(msgspec.Struct, frozen=True, rename="camel"):
    """The key in full; it is shown this once."""

    key: str


class ApiKeysOut(msgspec.Struct, frozen=True, rename="camel"):
    """The keys in use."""

    items: list[ApiKeyInfo]
