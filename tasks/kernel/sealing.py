"""Sealed columns and blind indexes.

Personal bytes are sealed with SM4-GCM (GB/T 32907, RFC 8998) under a key derived per merchant and per subject: HMAC-SHA256(merchant key, salt), as the
extract step of HKDF (RFC 5869). Deleting a subject's salt makes its bytes unreadable for ever. What must be found again is found by an HMAC of the
normalised value, cut to 128 bits and kept as a uuid, because uuid equality is leakproof under row-level security.
"""

import hmac
import os
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from tasks.kernel.ids import id_of

FORMAT = b"\x01"
"""First byte of every sealed blob: SM4-GCM, 12-byte nonce, 16-byte tag."""
_NONCE = 12
_TAG = 16
OVERHEAD = len(FORMAT) + _NONCE + _TAG
"""Bytes that sealing adds."""


class SealBroken(Exception):  # a fact, not an "Error"
    """The bytes were altered, belong to another subject, or the key is not the one that sealed them."""


def derive(key: bytes, *parts: bytes) -> bytes:
    """Return 32 bytes that only the holder of `key` can make from `parts` (length-prefixed, so no two lists collide)."""
    message = b"".join(len(part).to_bytes(4) + part for part in parts)
    return hmac.digest(key, message, "sha256")


def seal(key: bytes, plain: bytes, context: bytes) -> bytes:
    """Seal under the first 16 bytes of `key`; `context` is authenticated and not stored."""
    nonce = os.urandom(_NONCE)
    encryptor = Cipher(SM4(key[:16]), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(context)
    return FORMAT + nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Return what `seal` was given; raises `SealBroken`."""
    if sealed[:1] != FORMAT or len(sealed) < OVERHEAD:
        raise SealBroken
    nonce, body, tag = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE : -_TAG], sealed[-_TAG:]
    decryptor = Cipher(SM4(key[:16]), GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(context)
    try:
        return decryptor.update(body) + decryptor.finalize()
    except InvalidTag as fault:
        raise SealBroken from fault


@dataclass(frozen=True)
class Vault:
    """A merchant's keys in use: seals and opens what belongs to that merchant, and to nobody else.

    Attributes:
        merchant_id: whose.
        key: 32 secret bytes, unwrapped from the merchant row; never stored plain.
    """

    merchant_id: UUID
    key: bytes = field(repr=False)

    def seal(self, salt: bytes, subject: UUID, plain: bytes) -> bytes:
        """Seal bytes that belong to a subject (a customer, a staff member, an event) with the subject's salt."""
        return seal(derive(self.key, b"subject", salt), plain, self.merchant_id.bytes + subject.bytes)

    def open(self, salt: bytes, subject: UUID, sealed: bytes) -> bytes:
        """Return the bytes; raises `SealBroken` when altered, moved to another subject, or the salt is gone."""
        return unseal(derive(self.key, b"subject", salt), sealed, self.merchant_id.bytes + subject.bytes)

    def blind(self, kind: str, value: str) -> UUID:
        """Return the blind index of a normalised value; equal for equal values of one merchant and kind only."""
        return id_of(derive(self.key, b"blind", kind.encode(), value.encode())[:16])


REMEMBERED = 200_000
"""How many blind indexes a `RememberingVault` keeps; past it the memory starts anew."""


@dataclass(frozen=True)
class RememberingVault(Vault):
    """A vault that makes each blind index once: for reading one file, which names the same people again and again."""

    _made: dict[tuple[str, str], UUID] = field(default_factory=dict, repr=False)

    def blind(self, kind: str, value: str) -> UUID:
        """Return what `Vault.blind` does."""
        found = self._made.get((kind, value))
        if found is None:
            if len(self._made) >= REMEMBERED:
                self._made.clear()
            self._made[kind, value] = found = super().blind(kind, value)
        return found


@dataclass(frozen=True)
class MasterKey:
    """The deployment's 32-byte key: wraps merchant keys, indexes login phones, signs tokens."""

    secret: bytes = field(repr=False)

    def new_merchant_key(self, merchant_id: UUID) -> bytes:
        """Return a fresh merchant key, wrapped, as the merchant row keeps it."""
        return seal(derive(self.secret, b"wrap"), os.urandom(32), merchant_id.bytes)

    def vault(self, merchant_id: UUID, wrapped: bytes) -> Vault:
        """Open a merchant's key; raises `SealBroken` when this is not the master key that wrapped it."""
        return Vault(merchant_id, unseal(derive(self.secret, b"wrap"), wrapped, merchant_id.bytes))

    def login_index(self, phone: str) -> UUID:
        """Return the deployment-wide blind index of a normalised login phone."""
        return UUID(bytes=derive(self.secret, b"login", phone.encode())[:16])

    def token_key(self, purpose: str) -> bytes:
        """Return a signing key for one purpose (`access`, `cursor`, `csrf`)."""
        return derive(self.secret, b"token", purpose.encode())


def new_salt() -> bytes:
    """Return a fresh 16-byte salt for one subject."""
    return os.urandom(16)
