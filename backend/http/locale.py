"""The caller's language: zh-CN unless English is preferred."""

from typing import Final, Literal

Locale = Literal["zh-CN", "en"]
DEFAULT: Final[Locale] = "zh-CN"


def locale_of(accept_language: str | None) -> Locale:
    """Return the preferred of our two languages from an Accept-Language header (RFC 9110 §12.5.4)."""
    best: tuple[float, Locale] = (0.0, DEFAULT)
    for part in (accept_language or "").split(","):
        tag, _, options = part.strip().partition(";")
        name = tag.strip().lower()
        weight = _weight(options)
        language: Locale | None = (
            "en" if name.split("-")[0] == "en" else "zh-CN" if name.split("-")[0] in {"zh", "*"} else None
        )
        if language is not None and weight > best[0]:
            best = (weight, language)
    return best[1]


def _weight(options: str) -> float:
    name, _, value = options.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
