"""Words for money, visits and what is left on a card."""

from typing import Final

from scripts.locales import Locale

FEN: Final = 100

VALUE_CARDS: Final = frozenset({"stored_value", "discount", "gift"})
"""Card kinds whose rest is money."""
COUNT_CARDS: Final = frozenset({"times", "course", "any_of"})
"""Card kinds whose rest is a number of uses."""


def money(cents: int, locale: Locale) -> str:
    """An amount in 分 as one would write it: 860元, 860.5元; in English ¥860, ¥12,800.50."""
    sign = "-" if cents < 0 else ""
    yuan, fen = divmod(abs(cents), FEN)
    if locale == "en":
        return f"{sign}¥{yuan:,}{f'.{fen:02d}' if fen else ''}"
    return f"{sign}{yuan}{f'.{fen:02d}'.rstrip('0') if fen else ''}元"


def times(count: int, locale: Locale) -> str:
    """A number of uses: 3次; in English "3 visits", "1 visit"."""
    if locale == "zh-CN":
        return f"{count}次"
    return f"{count} visit" if count == 1 else f"{count} visits"


def remaining(kind: str, balance_cents: int | None, uses_left: int | None, locale: Locale) -> str | None:
    """What is left on a card of this kind: 余额860元 or 3次 ("¥860", "3 visits"); None when nothing is."""
    if kind in VALUE_CARDS and balance_cents is not None and balance_cents > 0:
        return f"余额{money(balance_cents, locale)}" if locale == "zh-CN" else money(balance_cents, locale)
    if kind in COUNT_CARDS and uses_left is not None and uses_left > 0:
        return times(uses_left, locale)
    return None
