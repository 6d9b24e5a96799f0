"""Retry-After is seconds or a date; what is neither says nothing."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from backend.push.retry_after import retry_after
from tasks.notices.rules import collapse_key, pause
from tasks.notices.states import NoticeKind
from tasks.notices.words import words_of

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NOW_ID = UUID(int=2**127 + 12345)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 7 ", 7.0),
        ("0", 1.0),
        ("999999999", 86_400.0),
        ("Mon, 02 Mar 2026 02:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 01:00:00 GMT", 1.0),
        ("soon", None),
        ("-5", None),
        ("１０", None),
        ("", None),
        (None, None),
    ],
)
def test_what_it_says(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_pauses_grow_and_end() -> None:
    assert [pause(n).total_seconds() for n in range(1, 8)] == [15, 30, 60, 120, 240, 480, 900]


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_has_words_in_both_languages_and_a_short_key(kind: NoticeKind) -> None:
    facts = {"open": 2, "new": 2, "count": 2, "overdue": 1, "callbacks": 1, "pool": 1, "soon": 1}
    chinese, english = words_of(kind, facts, "zh-CN"), words_of(kind, facts, "en")
    assert chinese.title != english.title
    assert english.title.isascii()
    assert len(collapse_key(kind, NOW_ID)) <= 32


def test_a_key_is_a_tasks_own_where_tasks_matter() -> None:
    assert collapse_key(NoticeKind.CALLBACK_DUE, NOW_ID) != collapse_key(NoticeKind.CALLBACK_DUE, None)
    assert collapse_key(NoticeKind.DIGEST, NOW_ID) == "digest"
