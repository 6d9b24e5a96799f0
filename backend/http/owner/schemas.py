"""What crosses the edge for owners."""

from typing import Annotated

import msgspec

from backend.auth.api_keys import ApiKeyInfo, KeyScope
from tasks.flow.manage_plans import TemplateView

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class TemplatesOut(msgspec.Struct, frozen=True, rename="camel"):
    """The gallery."""

    items: list[TemplateView]


class StopIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """True stops every plan at once, and says why; false lets them fire again."""

    stopped: bool
    reason: Annotated[str, msgspec.Meta(max_length=200)] | None = None


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
