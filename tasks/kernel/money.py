"""Money is integer 分 (cents); a decimal string is the only other form it takes, at the edges."""

from decimal import Decimal, InvalidOperation

MAX_CENTS = 10**15
"""Ten thousand billion yuan: past it a value is a typing error, and sums still fit a bigint."""


def parse_cents(text: str) -> int:
    """Return cents of a decimal string such as `1,234.50`, `¥12` or `-3.1`; raises ValueError on anything else, or past `MAX_CENTS`."""
    cleaned = text.strip().replace(",", "").replace("，", "").lstrip("¥￥$").strip()
    try:
        value = Decimal(cleaned)
        exact = (value * 100).to_integral_value(rounding="ROUND_HALF_UP")
    except InvalidOperation as fault:
        raise ValueError(f"not an amount: {text[:32]!r}") from fault
    if not value.is_finite() or abs(exact) > MAX_CENTS:
        raise ValueError(f"not an amount: {text[:32]!r}")
    return int(exact)


def yuan(cents: int) -> str:
    """Return `860` or `860.50` for 86000 or 86050 cents: no trailing zeros of a whole amount."""
    whole, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{whole}.{rest:02d}" if rest else f"{sign}{whole}"
