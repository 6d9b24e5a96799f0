"""Words for what a customer gets: double points, 8.8折, 减50元."""

from typing import Final

from scripts.amount_words import money
from scripts.locales import Locale

HUNDRED: Final = 100
ZH_TIMES: Final = {200: "双倍积分", 300: "三倍积分", 400: "四倍积分", 500: "五倍积分", 1_000: "十倍积分"}
EN_TIMES: Final = {200: "double points", 300: "triple points"}


def more_points(multiplier: int, locale: Locale) -> str:
    """So many times the points, given in hundredths: 双倍积分, 1.5倍积分; "double points", "1.5 times the points"."""
    known = (ZH_TIMES if locale == "zh-CN" else EN_TIMES).get(multiplier)
    times = _decimal(multiplier, HUNDRED)
    return known or (f"{times}倍积分" if locale == "zh-CN" else f"{times} times the points")


def percent_off(percent: int, locale: Locale) -> str:
    """So many percent off: 8.8折, 5折; "12% off"."""
    return f"{_decimal(HUNDRED - percent, 10)}折" if locale == "zh-CN" else f"{percent}% off"


def amount_off(cents: int, locale: Locale) -> str:
    """An amount off: 减50元; "¥50 off"."""
    return f"减{money(cents, locale)}" if locale == "zh-CN" else f"{money(cents, locale)} off"


def _decimal(value: int, of: int) -> str:
    """The quotient without needless zeros."""
    return f"{value / of:g}"
