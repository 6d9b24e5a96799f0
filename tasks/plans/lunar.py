"""The lunar days on which nobody is contacted."""

from datetime import date, timedelta
from functools import lru_cache

from lunar_python import Solar


@lru_cache(maxsize=4096)
def is_new_year(day: date) -> bool:
    """True on 除夕 and 初一 of the Chinese calendar (GB/T 33661)."""
    return _first_of_year(day) or _first_of_year(day + timedelta(days=1))


def _first_of_year(day: date) -> bool:
    lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    return bool(lunar.getMonth() == 1 and lunar.getDay() == 1)
