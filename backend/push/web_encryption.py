"""The encryption of web push messages (RFC 8291 on RFC 8188, one record): only the browser that subscribed can read them.

Ours, in sixty lines over `cryptography`, and held to the vector of the RFC: the libraries for it bring a second HTTP client or no types (docs/push.md).
"""

import os
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.push.vapid import from_base64url, point

LONGEST: Final = 3000
"""Bytes of a message: services take 4096 with everything around it."""
_RECORD: Final = 4096
_LAST_RECORD: Final = b"\x02"
_AUTH: Final = 16
_POINT: Final = 65


class Keys(msgspec.Struct, frozen=True):
    """What a browser gives to encrypt with, in base64url: its public key and a shared secret."""

    p256dh: str
    auth: str


class Subscription(msgspec.Struct, frozen=True):
    """A browser's push subscription as it writes itself (`PushSubscription.toJSON()`)."""

    endpoint: str
    keys: Keys


def check_keys(keys: Keys) -> None:
    """Return when a message can be encrypted with them; raises ValueError."""
    _opened(keys)


def encrypt(
    keys: Keys, plain: bytes, salt: bytes | None = None, own: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """Return the body of the request, `Content-Encoding: aes128gcm`; salt and key are fresh unless a test says otherwise. Raises ValueError."""
    if len(plain) > LONGEST:
        raise ValueError(f"a message has at most {LONGEST} bytes")
    theirs, auth = _opened(keys)
    mine, salt = own or ec.generate_private_key(ec.SECP256R1()), salt or os.urandom(16)
    public = point(mine.public_key())
    shared = mine.exchange(ec.ECDH(), theirs)
    secret = _derive(shared, auth, b"WebPush: info\0" + point(theirs) + public, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + _RECORD.to_bytes(4) + bytes([len(public)]) + public
    return header + AESGCM(key).encrypt(nonce, plain + _LAST_RECORD, None)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _opened(keys: Keys) -> tuple[ec.EllipticCurvePublicKey, bytes]:
    raw, auth = from_base64url(keys.p256dh), from_base64url(keys.auth)
    if len(auth) != _AUTH or len(raw) != _POINT:
        raise ValueError("not the keys of a subscription")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw), auth
