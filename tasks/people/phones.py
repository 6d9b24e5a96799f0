"""One written form per phone number, so that the same number is always found again."""

import re

_FULL_WIDTH = str.maketrans("０１２３４５６７８９＋－（）", "0123456789+-()")
_PUNCTUATION = re.compile(r"[\s\-‐‑‒–—−().·/　]+")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:[12]\d\d{8}|[3-9]\d{2}\d{7,8})")
_SERVICE = re.compile(r"[48]00\d{7}")
_PREFIXED = re.compile(r"(?:\+|00)([1-9]\d{6,14})")
_BARE_PREFIX = re.compile(r"86(1[3-9]\d{9})")
_NATIONAL = re.compile(r"\d{5,15}")
LONGEST = 40
"""A longer text is not a phone number, whatever is in it."""


def normalise_phone(text: str) -> str:
    """Return the one form of a number: `+86…` for mainland mobiles, landlines and 400/800 numbers, `+…` for others with a country code.

    A number of another shape without a country code stays its national digits: which country is not known. Raises ValueError for what is no number.
    """
    if len(text) > LONGEST:
        raise ValueError("not a phone number")
    digits = _PUNCTUATION.sub("", text.translate(_FULL_WIDTH))
    bare = _BARE_PREFIX.fullmatch(digits)
    if bare:
        return f"+86{bare[1]}"
    prefixed = _PREFIXED.fullmatch(digits)
    if prefixed:
        return _with_country(prefixed[1])
    if _MOBILE.fullmatch(digits) or _SERVICE.fullmatch(digits):
        return f"+86{digits}"
    if _LANDLINE.fullmatch(digits):
        return f"+86{digits[1:]}"
    if _NATIONAL.fullmatch(digits):
        return digits
    raise ValueError("not a phone number")


def _with_country(digits: str) -> str:
    """Return `+digits`; `+86 010…` is `+86 10…`, for people write the trunk 0 either way."""
    if digits.startswith("860"):
        return f"+86{digits[3:]}"
    return f"+{digits}"


def tail(phone: str) -> str:
    """Return the last four digits of a normalised number."""
    return phone[-4:]


def masked(phone: str) -> str:
    """Return `138****5678` for a mainland mobile; other numbers show their last four digits (two, if they are short)."""
    if phone.startswith("+861") and _MOBILE.fullmatch(phone[3:]):
        return f"{phone[3:6]}****{phone[-4:]}"
    shown = 4 if len(phone) > 8 else 2  # noqa: PLR2004  # half of a short number would be too much
    return f"****{phone[-shown:]}"


def spoken(phone: str) -> str:
    """Return the number as one dials it here: mainland numbers without `+86`, landlines with their 0."""
    if not phone.startswith("+86"):
        return phone
    national = phone[3:]
    return national if _MOBILE.fullmatch(national) or _SERVICE.fullmatch(national) else f"0{national}"
