"""Money, quantities and yes/no as books write them."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from backend.imports.reasons import CellRefused
from tasks.kernel.money import MAX_CENTS

_YES = frozenset({"1", "true", "yes", "y", "t", "x", "on", "是", "有", "对", "真", "√", "✓", "✔"})
_NO = frozenset({"", "0", "false", "no", "n", "f", "off", "否", "无", "错", "假", "×", "✗"})
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_MONEY = re.compile(r"^(?:CNY|RMB|USD|CAD|EUR|HKD|人民币)|(?:元|圆|CNY|RMB|USD|CAD|EUR|HKD)$", re.IGNORECASE)
_SIGNS = str.maketrans("", "", "¥￥$€£\u00a0\u202f '’")
_ZERO = Decimal(0)
THREES = 3
_HUNDRED = Decimal(100)
_MAX_QUANTITY = Decimal(10**8)


def parse_decimal(text: str, decimal_mark: str) -> Decimal:
    """Return an exact number, of 1,234.50, ¥12, (12.00) and 12.00- too; raises `CellRefused`."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).replace("−", "-")
    if not _NUMBER.fullmatch(plain) or decimal_mark == ",":
        plain = _cleaned(plain, decimal_mark)
    if not _NUMBER.fullmatch(plain):
        raise CellRefused("not-a-number")
    try:
        return Decimal(plain)
    except InvalidOperation as fault:
        raise CellRefused("not-a-number") from fault


def _cleaned(text: str, decimal_mark: str) -> str:
    sign = ""
    core = text.strip()
    if core.startswith("(") and core.endswith(")"):
        core, sign = core[1:-1], "-"
    if core.endswith("-"):
        core, sign = core[:-1], "-"
    if core.startswith(("-", "+")):
        sign, core = ("" if core[0] == "+" else "-"), core[1:]
    core = _MONEY.sub("", core.translate(_SIGNS)).translate(_SIGNS)
    if core.startswith("-") and not sign:
        sign, core = "-", core[1:]
    thousands = "." if decimal_mark == "," else ","
    whole, mark, rest = core.partition(decimal_mark)
    # 3,1 must not become 31: a separator that does not part threes is a decimal mark of another country.
    if thousands in rest or any(len(group) != THREES for group in whole.split(thousands)[1:]):
        raise CellRefused("not-a-number")
    return sign + whole.replace(thousands, "") + ("." if mark else "") + rest


def parse_money(text: str, decimal_mark: str) -> Decimal:
    """Return an amount in whole units, exact; empty is 0; raises `CellRefused`."""
    if not text:
        return _ZERO
    try:
        return parse_decimal(text, decimal_mark)
    except CellRefused as fault:
        raise CellRefused("not-an-amount") from fault


def quick_cents(text: str) -> int | None:
    """Return the cents of `12`, `12.5` or `12.50`, None for anything that needs a closer look."""
    whole, _, rest = text.partition(".")
    if text.isascii() and whole.isdigit() and len(whole) < 13:  # noqa: PLR2004  # longer ones are looked at closely
        if not rest:
            return int(whole) * 100
        if rest.isdigit() and len(rest) <= 2:  # noqa: PLR2004  # as above
            return int(whole) * 100 + int(rest) * (10 if len(rest) == 1 else 1)
    return None


def to_cents(amount: Decimal) -> int:
    """Return 分, halves away from zero: several columns are added exactly and rounded once; raises `CellRefused`."""
    try:
        cents = int((amount * _HUNDRED).to_integral_value(ROUND_HALF_UP))
    except InvalidOperation as fault:
        raise CellRefused("not-an-amount") from fault
    if abs(cents) > MAX_CENTS:
        raise CellRefused("not-an-amount")
    return cents


def parse_quantity(text: str, decimal_mark: str) -> Decimal:
    """Return a quantity; below zero takes something back; raises `CellRefused`."""
    value = parse_decimal(text, decimal_mark)
    if abs(value) > _MAX_QUANTITY or value != round(value, 3):
        raise CellRefused("not-a-number")
    return value


def parse_whole(text: str, decimal_mark: str) -> int:
    """Return a whole number; raises `CellRefused`."""
    value = parse_decimal(text, decimal_mark)
    if value != value.to_integral_value() or abs(value) > 2**31 - 1:
        raise CellRefused("not-a-number")
    return int(value)


def parse_flag(text: str) -> bool:
    """Return yes or no as 是/否, TRUE/FALSE, Y/N, 1/0 and the like; empty is no; raises `CellRefused`."""
    word = text.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellRefused("not-a-flag")
