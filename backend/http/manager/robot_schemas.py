"""What crosses the edge of group robots."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from tasks.notices.robots import LONGEST_URL, RobotFact

Url = Annotated[str, msgspec.Meta(min_length=12, max_length=LONGEST_URL)]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class RobotIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The webhook of a group robot of 企业微信, 钉钉 or 飞书, and the secret if it is set to want signatures (钉钉 加签, 飞书 签名校验)."""

    url: Url
    secret: Secret | None = None
    locale: Literal["zh-CN", "en"] = "zh-CN"

    def about(self) -> RobotFact:
        """Return the fact as the flow takes it."""
        return RobotFact(url=self.url, secret=self.secret, locale=self.locale)


class TriedOut(msgspec.Struct, frozen=True, rename="camel"):
    """The message that is on its way."""

    push_id: UUID
