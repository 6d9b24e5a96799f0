"""How often a customer may be contacted in thirty days, by purpose and by her level (会员等级): a setting of the merchant."""

from typing import Annotated, Final

import msgspec

from tasks.kernel.unit import Unit

DEFAULT_MARKETING: Final = 4
"""Marketing contacts in thirty days of a customer whose level has no cap of its own."""

Times = Annotated[int, msgspec.Meta(ge=0, le=60)]


class Cap(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """So many contacts in thirty days; `levels` by level code."""

    default: Times
    levels: dict[str, Times] = msgspec.field(default_factory=dict)

    @property
    def document(self) -> str:
        """The levels as JSON."""
        return msgspec.json.encode(self.levels).decode()


class ContactCaps(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Caps per purpose; care has none unless the merchant sets one."""

    marketing: Cap | None = Cap(DEFAULT_MARKETING)
    care: Cap | None = None


async def contact_caps(unit: Unit) -> ContactCaps:
    """Return the merchant's caps: `contactCaps` of its settings; the default without one."""
    raw = await unit.scalar("select settings -> 'contactCaps' from merchant where merchant_id = :merchant")
    return msgspec.convert(raw, ContactCaps) if raw else ContactCaps()
