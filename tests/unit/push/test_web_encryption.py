"""RFC 8291 to the letter: its own example, and that a browser reads what we write."""

import base64
import hmac
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.push.vapid import VapidKey, base64url, from_base64url, point
from backend.push.web_encryption import LONGEST, Keys, check_keys, encrypt
from tasks.kernel.sealing import MasterKey

# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
THEIRS = Keys(
    p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth="BTBZMqHH6r4Tts7J_aSIgg",
)
OWN = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc() -> None:
    own = ec.derive_private_key(int.from_bytes(from_base64url(OWN)), ec.SECP256R1())
    assert base64url(encrypt(THEIRS, PLAIN, from_base64url(SALT), own)) == BODY


def test_a_browser_reads_what_we_write_and_no_two_bodies_are_equal() -> None:
    browser, auth = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
    keys = Keys(base64url(point(browser.public_key())), base64url(auth))
    bodies = [encrypt(keys, PLAIN) for _ in range(2)]
    assert bodies[0] != bodies[1]
    assert [read(browser, auth, body) for body in bodies] == [PLAIN, PLAIN]


def read(browser: ec.EllipticCurvePrivateKey, auth: bytes, body: bytes) -> bytes:
    """What a browser does, written from the RFC by another way: one HMAC at a time."""
    salt, length = body[:16], body[20]
    sender, sealed = body[21 : 21 + length], body[21 + length :]
    shared = browser.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    info = b"WebPush: info\0" + point(browser.public_key()) + sender
    secret = hmac.digest(hmac.digest(auth, shared, "sha256"), info + b"\x01", "sha256")
    prk = hmac.digest(salt, secret, "sha256")
    key = hmac.digest(prk, b"Content-Encoding: aes128gcm\0\x01", "sha256")[:16]
    nonce = hmac.digest(prk, b"Content-Encoding: nonce\0\x01", "sha256")[:12]
    opened = AESGCM(key).decrypt(nonce, sealed, None)
    assert opened[-1:] == b"\x02"
    assert HKDF(SHA256(), 32, auth, info).derive(shared) == secret
    return opened[:-1]


@pytest.mark.parametrize(
    "keys",
    [
        Keys("", ""),
        Keys(THEIRS.p256dh, "AAAA"),
        Keys("A" * 87, THEIRS.auth),
        Keys(THEIRS.p256dh[:-4] + "AAAA", THEIRS.auth),
        Keys("!" * 87, THEIRS.auth),
    ],
)
def test_keys_that_are_none_are_refused(keys: Keys) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever it says, it is refused
        check_keys(keys)


def test_a_message_has_an_end() -> None:
    with pytest.raises(ValueError, match="at most"):
        encrypt(THEIRS, b"x" * (LONGEST + 1))
    assert len(encrypt(THEIRS, b"x" * LONGEST)) <= 4096


def test_the_vapid_key_is_the_deployments_and_signs_for_one_service() -> None:
    master = MasterKey(b"m" * 32)
    key, again, other = VapidKey(master, "mailto:it@salon.test"), VapidKey(master), VapidKey(MasterKey(b"n" * 32))
    assert key.public == again.public != other.public
    header = key.authorization("https://push.example.net/send/abc?x=1", datetime.now(UTC))
    scheme, _, rest = header.partition(" ")
    said = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    assert said["k"] == key.public
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(said["k"]))
    claims = jwt.decode(said["t"], public, algorithms=["ES256"], audience="https://push.example.net")
    assert claims["sub"] == "mailto:it@salon.test"
    assert len(base64.urlsafe_b64decode(said["k"] + "=")) == 65
