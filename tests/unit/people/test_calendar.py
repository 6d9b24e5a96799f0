from datetime import date, time

import pytest

from tasks.kernel.ids import new_id
from tasks.people.calendar import (
    NeverOpens,
    StoreCalendar,
    add_open_days,
    is_open,
    next_open_day,
    open_days,
    open_days_between,
    opening,
)

TEN_TO_NINE = (time(10), time(21))
NO_MONDAYS = StoreCalendar(
    new_id(),
    "Asia/Shanghai",
    dict.fromkeys(range(1, 7), TEN_TO_NINE),
    ((date(2026, 2, 16), date(2026, 2, 23)), (date(2026, 2, 20), date(2026, 2, 24))),
)


def test_weekdays_and_closures_close() -> None:
    assert not is_open(NO_MONDAYS, date(2026, 3, 2))
    assert is_open(NO_MONDAYS, date(2026, 3, 3))
    assert not is_open(NO_MONDAYS, date(2026, 2, 24))
    assert opening(NO_MONDAYS, date(2026, 3, 3)) == TEN_TO_NINE
    assert opening(NO_MONDAYS, date(2026, 3, 2)) is None


def test_open_days_are_counted_over_closures() -> None:
    assert next_open_day(NO_MONDAYS, date(2026, 2, 16)) == date(2026, 2, 25)
    assert add_open_days(NO_MONDAYS, date(2026, 2, 15), 0) == date(2026, 2, 15)
    assert add_open_days(NO_MONDAYS, date(2026, 2, 15), 1) == date(2026, 2, 25)
    assert add_open_days(NO_MONDAYS, date(2026, 2, 27), 3) == date(2026, 3, 3)
    assert open_days(NO_MONDAYS, date(2026, 3, 1), 3) == (date(2026, 3, 1), date(2026, 3, 3))
    assert open_days_between(NO_MONDAYS, date(2026, 2, 15), date(2026, 2, 26)) == 2
    assert open_days_between(NO_MONDAYS, date(2026, 2, 26), date(2026, 2, 15)) == 0


def test_a_store_that_never_opens_says_so() -> None:
    never = StoreCalendar(new_id(), "Asia/Shanghai", {})
    with pytest.raises(NeverOpens):
        next_open_day(never, date(2026, 3, 2))
    with pytest.raises(ValueError, match="forward"):
        add_open_days(never, date(2026, 3, 2), -1)
