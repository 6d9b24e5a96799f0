"""The lunar days on which nobody is contacted."""

from datetime import date, timedelta

from tasks.kernel.chinese_calendar import new_year


def is_new_year(day: date) -> bool:
    """True on 除夕 and 初一 of the Chinese calendar (GB/T 33661)."""
    first = new_year(day.year)
    return day in {first, first - timedelta(days=1)}
