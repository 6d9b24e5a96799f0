"""What crosses the edge at log-in."""

from typing import Annotated
from uuid import UUID

import msgspec

Phone = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Device = Annotated[str, msgspec.Meta(max_length=128)]


class LoginIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`device` is the installation's own random id; `merchantId` chooses among several employers."""

    phone: Phone
    password: Secret
    device: Device = ""
    merchant_id: UUID | None = None


class RefreshIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The refresh token, and the same `device` as at log-in: only then is a repeated request answered again."""

    refresh_token: Secret
    device: Device = ""


class PasswordIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The current password and the one from now on."""

    current: Secret
    password: Secret
