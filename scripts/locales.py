"""The two languages a script can be written in."""

from typing import Final, Literal

Locale = Literal["zh-CN", "en"]
"""A language tag as it appears in folder names and in requests."""

LOCALES: Final[tuple[Locale, ...]] = ("zh-CN", "en")
"""Every locale the library is complete in."""
