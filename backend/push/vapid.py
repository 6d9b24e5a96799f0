"""The deployment's VAPID key (RFC 8292): made from the master key, so that nothing is kept and nothing can be lost but the master key itself.

Browsers remember the public key that they subscribed under: with another master key every subscription is dead, and devices subscribe anew.
"""

import base64
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tasks.kernel.sealing import MasterKey, derive

LASTS: Final = timedelta(hours=12)
"""How long a signature is good for; services refuse more than a day."""
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256."""


class VapidKey:
    """Signs requests to push services. `contact` is a mailto: or https: address that services may complain to."""

    def __init__(self, master: MasterKey, contact: str | None = None) -> None:
        secret = master.token_key("vapid")
        wide = derive(secret, b"1") + derive(secret, b"2")  # 512 bits, so that taking the remainder favours no key
        self._key = ec.derive_private_key(int.from_bytes(wide) % (_ORDER - 1) + 1, ec.SECP256R1())
        self._contact = contact

    @property
    def public(self) -> str:
        """The public key as a browser takes it (`applicationServerKey`): an uncompressed point in base64url."""
        return base64url(point(self._key.public_key()))

    def authorization(self, endpoint: str, at: datetime) -> str:
        """Return the Authorization header for one endpoint, signed at an instant of the world's time."""
        parts = urlsplit(endpoint)
        claims: dict[str, str | int] = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((at + LASTS).timestamp()),
        }
        if self._contact:
            claims["sub"] = self._contact
        return f"vapid t={jwt.encode(claims, self._key, algorithm='ES256')}, k={self.public}"


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the 65 bytes of a public key."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    """Return the bytes; raises ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
