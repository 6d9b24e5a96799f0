"""Tables of sessions, API keys and throttles. Secrets are kept as SHA-256 only."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, blob, check, index, instant, key, of_merchant, refers, text


class RefreshFamily(Row, table=True):
    """One log-in on one device; revoked as a whole."""

    __tablename__ = "refresh_family"

    merchant_id: UUID = key()
    id: UUID = key()
    staff_id: UUID
    device: str = text(default="")
    created_at: datetime = instant()
    revoked_at: datetime | None = instant(default=None)
    revoke_reason: str | None = text(default=None)

    __table_args__ = (
        refers("staff_id", "staff"),
        index("ix_refresh_family_staff", "staff_id", where="revoked_at is null"),
    )


class RefreshToken(Row, table=True):
    """One token of a family: `id` is the uuid part the client sends, `secret_hash` proves the rest. `sealed_successor` answers a retry within ten seconds."""

    __tablename__ = "refresh_token"

    merchant_id: UUID = key()
    id: UUID = key()
    family_id: UUID
    secret_hash: bytes = blob()
    issued_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
    sealed_successor: bytes | None = blob(default=None)

    __table_args__ = (refers("family_id", "refresh_family"), index("ix_refresh_token_family", "family_id"))


class ApiKey(Row, table=True):
    """An integrator's key: `id` is its public part, `secret_hash` proves the rest; `scopes` is a space-separated list."""

    __tablename__ = "api_key"

    merchant_id: UUID = key()
    id: UUID = key()
    name: str = text()
    scopes: str = text()
    secret_hash: bytes = blob()
    created_at: datetime = instant()
    last_used_at: datetime | None = instant(default=None)
    revoked_at: datetime | None = instant(default=None)

    __table_args__ = (of_merchant(),)


class LoginThrottle(Row, table=True):
    """Failed log-ins of one account from one device (both blind) in the current window; deployment-wide, because the merchant is not known yet."""

    __tablename__ = "login_throttle"

    account: UUID = Field(primary_key=True)
    device: UUID = Field(primary_key=True)
    failures: int = Field(default=0)
    window_from: datetime = instant()

    __table_args__ = (check("failures", "failures >= 0"),)
