"""What clients carry: a signed access token for ten minutes, and opaque secrets (refresh tokens, API keys) that name their merchant and row."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import jwt

from backend.auth.errors import Unauthenticated
from tasks.kernel.sealing import MasterKey

ACCESS_FOR: Final = timedelta(minutes=10)
ALGORITHM: Final = "HS256"
REFRESH: Final = "hfr"
API_KEY: Final = "hf"
_SECRET_BYTES: Final = 32
_LONGEST: Final = 512


@dataclass(frozen=True)
class Claims:
    """Whom an access token speaks for: a staff member in one log-in of one merchant."""

    merchant_id: UUID
    staff_id: UUID
    family_id: UUID


@dataclass(frozen=True)
class Bearer:
    """An opaque secret in parts: `<prefix>_<merchant>_<id>_<secret>`; only the secret proves anything."""

    prefix: str
    merchant_id: UUID
    id: UUID
    secret: bytes

    @classmethod
    def make(cls, prefix: str, merchant_id: UUID, row_id: UUID) -> "Bearer":
        """Return one with a fresh secret."""
        return cls(prefix, merchant_id, row_id, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def read(cls, prefix: str, text: str) -> "Bearer | None":
        """Return the parts, or None for what cannot be one of ours."""
        parts = text.split("_", 3)
        if len(text) > _LONGEST or len(parts) != 4 or parts[0] != prefix:  # noqa: PLR2004  # the parts named in the class docstring
            return None
        try:
            padded = parts[3] + "=" * (-len(parts[3]) % 4)
            secret = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
            return cls(prefix, UUID(hex=parts[1]), UUID(hex=parts[2]), secret)
        except (ValueError, binascii.Error):
            return None

    def __str__(self) -> str:
        """Return the text the client keeps."""
        secret = base64.urlsafe_b64encode(self.secret).decode().rstrip("=")
        return f"{self.prefix}_{self.merchant_id.hex}_{self.id.hex}_{secret}"

    def __repr__(self) -> str:
        """Never shows the secret."""
        return f"Bearer({self.prefix}, {self.id})"

    @property
    def digest(self) -> bytes:
        """Return what the database keeps: SHA-256, enough for 256 random bits."""
        return hashlib.sha256(self.secret).digest()

    def proves(self, digest: bytes) -> bool:
        """Return whether the secret is the one of the row, in constant time."""
        return hmac.compare_digest(self.digest, digest)


def sign_access(master: MasterKey, claims: Claims, at: datetime) -> str:
    """Return an access token that ends ten minutes after `at`."""
    payload = {"m": claims.merchant_id.hex, "s": claims.staff_id.hex, "f": claims.family_id.hex, "exp": at + ACCESS_FOR}
    return jwt.encode(payload, master.token_key("access"), algorithm=ALGORITHM)


def access_ends(token: str) -> datetime:
    """Return when an access token that has been read is over, UTC."""
    payload = jwt.decode(token, options={"verify_signature": False})
    return datetime.fromtimestamp(payload["exp"], UTC)


def read_access(master: MasterKey, token: str) -> Claims:
    """Return whom the token speaks for; raises `Unauthenticated` when it is garbled, forged or over."""
    try:
        options: jwt.types.Options = {"require": ["exp", "m", "s", "f"]}
        payload = jwt.decode(token, master.token_key("access"), algorithms=[ALGORITHM], options=options)
        return Claims(UUID(hex=payload["m"]), UUID(hex=payload["s"]), UUID(hex=payload["f"]))
    except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError) as fault:
        raise Unauthenticated from fault
