"""What crosses the edge of devices."""

from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec

from backend.push.web_encryption import Subscription, check_keys
from tasks.kernel.errors import Invalid
from tasks.notices.devices import DeviceFact
from tasks.notices.states import AddressKind, Provider

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=4096, pattern=r"^[\x21-\x7e]+$")]
Version = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[\x20-\x7e]*$")]
Endpoint = Annotated[str, msgspec.Meta(min_length=12, max_length=2048, pattern=r"^https://[\x21-\x7e]+$")]
PublicKey = Annotated[str, msgspec.Meta(min_length=87, max_length=88, pattern=r"^[A-Za-z0-9_=-]+$")]
Secret = Annotated[str, msgspec.Meta(min_length=22, max_length=24, pattern=r"^[A-Za-z0-9_=-]+$")]


class KeysIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a browser's subscription, base64url."""

    p256dh: PublicKey
    auth: Secret


class SubscriptionIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A browser's subscription as `PushSubscription.toJSON()` writes it."""

    endpoint: Endpoint
    keys: KeysIn
    expiration_time: float | None = None


class DeviceIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How an installation can be pushed.

    `fcm` needs `address` and `addressKind` (a registration token, or a Firebase installation id), `webpush` needs `subscription`, `inapp` needs nothing:
    the app asks by itself.
    """

    provider: Provider
    address: Address | None = None
    address_kind: Literal["token", "fid"] | None = None
    subscription: SubscriptionIn | None = None
    app_version: Version = ""
    locale: Literal["zh-CN", "en"] = "zh-CN"

    def about(self, installation_id: str) -> DeviceFact:
        """Return the fact as the flow takes it; raises `Invalid`."""
        web = self.provider is Provider.WEBPUSH
        if web != (self.subscription is not None):
            raise Invalid("subscription", "needed for webpush, and only then")
        if web and (self.address is not None or self.address_kind is not None):
            raise Invalid("address", "does not go with the provider")
        kind = AddressKind.SUBSCRIPTION if web else AddressKind(self.address_kind) if self.address_kind else None
        return DeviceFact(
            installation_id=installation_id,
            provider=self.provider,
            address=_written(self.subscription) if self.subscription else self.address,
            address_kind=kind,
            app_version=self.app_version,
            locale=self.locale,
        )


class DeviceOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The installation as it is known now; its address is never shown."""

    id: UUID
    installation_id: str
    provider: Provider
    address_kind: AddressKind | None
    app_version: str
    locale: str

    @classmethod
    def of(cls, device_id: UUID, fact: DeviceFact) -> Self:
        """Return what was registered."""
        return cls(
            id=device_id,
            installation_id=fact.installation_id,
            provider=fact.provider,
            address_kind=fact.address_kind,
            app_version=fact.app_version,
            locale=fact.locale,
        )


class PushOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What this deployment pushes with: `fcm` is false without Firebase credentials; `vapidPublicKey` is a browser's `applicationServerKey`."""

    fcm: bool
    vapid_public_key: str


def _written(subscription: SubscriptionIn) -> str:
    plain = msgspec.convert(msgspec.to_builtins(subscription), Subscription)
    try:
        check_keys(plain.keys)
    except ValueError as fault:
        raise Invalid("subscription.keys", "not the keys of a push subscription") from fault
    return msgspec.json.encode(plain).decode()
