from datetime import date, datetime

import pytest

from scripts.day_words import calendar_day, relative_day, relative_moment, suggest_days
from scripts.locales import Locale

WEDNESDAY = date(2025, 10, 15)


@pytest.mark.parametrize(
    ("day", "today", "zh", "en"),
    [
        (date(2025, 10, 15), WEDNESDAY, "今天", "today"),
        (date(2025, 10, 16), WEDNESDAY, "明天", "tomorrow"),
        (date(2025, 10, 17), WEDNESDAY, "后天", "Friday the 17th"),
        (date(2025, 10, 18), WEDNESDAY, "18号周六", "Saturday the 18th"),
        (date(2025, 10, 21), WEDNESDAY, "21号周二", "Tuesday the 21st"),
        (date(2025, 10, 22), WEDNESDAY, "22号周三", "Wednesday the 22nd"),
        (date(2025, 10, 23), WEDNESDAY, "23号周四", "Thursday the 23rd"),
        (date(2025, 11, 2), WEDNESDAY, "11月2号周日", "Sunday 2 November"),
        (date(2025, 10, 14), WEDNESDAY, "昨天", "yesterday"),
        (date(2025, 10, 13), WEDNESDAY, "前天", "2 days ago"),
        (date(2025, 10, 12), WEDNESDAY, "上周", "last week"),
        (date(2025, 10, 9), WEDNESDAY, "上周", "last week"),
        (date(2025, 10, 8), WEDNESDAY, "7天前", "7 days ago"),
        (date(2025, 10, 15), date(2025, 10, 18), "3天前", "3 days ago"),
        (date(2025, 10, 13), date(2025, 10, 19), "6天前", "6 days ago"),
        (date(2025, 9, 15), WEDNESDAY, "30天前", "30 days ago"),
        (date(2025, 9, 14), WEDNESDAY, "9月14号", "14 September"),
        (date(2024, 10, 14), WEDNESDAY, "2024年10月14号", "14 October 2024"),
        # month ends
        (date(2025, 11, 1), date(2025, 10, 31), "明天", "tomorrow"),
        (date(2025, 11, 3), date(2025, 10, 31), "11月3号周一", "Monday 3 November"),
        (date(2025, 10, 31), date(2025, 11, 1), "昨天", "yesterday"),
        (date(2024, 2, 29), date(2024, 2, 26), "29号周四", "Thursday the 29th"),
        (date(2024, 3, 1), date(2024, 2, 28), "后天", "Friday 1 March"),
        (date(2025, 2, 28), date(2025, 3, 1), "昨天", "yesterday"),
        # year ends
        (date(2026, 1, 1), date(2025, 12, 31), "明天", "tomorrow"),
        (date(2026, 1, 3), date(2025, 12, 31), "1月3号周六", "Saturday 3 January"),
        (date(2025, 12, 28), date(2026, 1, 1), "上周", "last week"),
        (date(2025, 12, 29), date(2026, 1, 1), "3天前", "3 days ago"),
        (date(2025, 11, 20), date(2026, 1, 1), "11月20号", "20 November"),
        (date(2026, 10, 1), date(2025, 12, 31), "2026年10月1号周四", "Thursday 1 October 2026"),
        (date(2025, 11, 11), date(2025, 10, 31), "11月11号周二", "Tuesday 11 November"),
        (date(2025, 12, 13), date(2025, 12, 1), "13号周六", "Saturday the 13th"),
    ],
)
def test_relative_day(day: date, today: date, zh: str, en: str) -> None:
    assert relative_day(day, today, "zh-CN") == zh
    assert relative_day(day, today, "en") == en


@pytest.mark.parametrize(
    ("day", "zh", "en"),
    [
        (date(2025, 10, 18), "10月18号", "18 October"),
        (date(2025, 1, 1), "1月1号", "1 January"),
        (date(2026, 1, 3), "1月3号", "3 January"),
        (date(2026, 5, 1), "2026年5月1号", "1 May 2026"),
        (date(2024, 12, 31), "2024年12月31号", "31 December 2024"),
    ],
)
def test_calendar_day(day: date, zh: str, en: str) -> None:
    assert calendar_day(day, WEDNESDAY, "zh-CN") == zh
    assert calendar_day(day, WEDNESDAY, "en") == en


@pytest.mark.parametrize(
    ("clock", "zh", "en"),
    [
        ("00:00", "明天凌晨0点", "tomorrow at 12 am"),
        ("08:05", "明天早上8点05分", "tomorrow at 8:05 am"),
        ("10:30", "明天上午10点半", "tomorrow at 10:30 am"),
        ("12:00", "明天中午12点", "tomorrow at 12 pm"),
        ("15:00", "明天下午3点", "tomorrow at 3 pm"),
        ("20:45", "明天晚上8点45分", "tomorrow at 8:45 pm"),
    ],
)
def test_relative_moment(clock: str, zh: str, en: str) -> None:
    moment = datetime.fromisoformat(f"2025-10-16T{clock}+08:00")
    assert relative_moment(moment, WEDNESDAY, "zh-CN") == zh
    assert relative_moment(moment, WEDNESDAY, "en") == en


@pytest.mark.parametrize(
    ("days", "today", "zh", "en"),
    [
        ([16, 18], date(2025, 10, 14), "周四或周六", "Thursday or Saturday"),
        ([18, 16, 18, 19], date(2025, 10, 14), "周四或周六", "Thursday or Saturday"),
        ([15, 16], WEDNESDAY, "今天或明天", "today or tomorrow"),
        ([18, 20], WEDNESDAY, "周六或下周一", "Saturday or Monday"),
        ([1, 17], WEDNESDAY, "周五", "Friday"),
        ([22, 27], WEDNESDAY, "下周三或27号周一", "Wednesday the 22nd or Monday the 27th"),
        ([20], date(2025, 10, 19), "明天", "tomorrow"),
        ([21], date(2025, 10, 19), "下周二", "Tuesday"),
        ([1, 2], WEDNESDAY, None, None),
        ([], WEDNESDAY, None, None),
    ],
)
def test_suggest_days(days: list[int], today: date, zh: str | None, en: str | None) -> None:
    october = [date(2025, 10, day) for day in days]
    assert suggest_days(october, today, "zh-CN") == zh
    assert suggest_days(iter(october), today, "en") == en


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_suggesting_across_new_year(locale: Locale) -> None:
    days = [date(2026, 1, 2), date(2026, 1, 5)]
    said = {"zh-CN": "周五或下周一", "en": "Friday or Monday"}
    assert suggest_days(days, date(2025, 12, 31), locale) == said[locale]
