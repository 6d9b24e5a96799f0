import pytest

from scripts.hints import MESSAGES, Hint, HintCode
from scripts.locales import Locale
from scripts.review import review

RELATIVE = (
    *("今天有活动", "今晚有空", "明天来", "明早来", "后天来", "大后天来", "昨天的护理", "前天来过", "上周来过"),
    *("下周来", "上个月来过", "下月来", "这周五来", "本周三来", "7天前来过", "三天前来过"),
)
ALWAYS_TRUE = (
    "今天感觉怎么样？",
    "今天怎么样？",
    "今天之内给你答复，好吗？",
    "今天内回你，好吗？",
    "这周约一次？",
    "这个月还没做哦，来吗？",
    "以后天天见，好吗？",
    "以前天天来，忙吗？",
    "晚上周到，方便吗？",
    "{{ days_since }}天前来过，好吗？",
    "周末方便吗？",
    "每周四都在，来吗？",
    "{{ member_day_when }}来吗？",
)


def found(source: str, locale: Locale = "zh-CN") -> set[str]:
    return {
        f"{hint.code}:{source[hint.start : hint.end]}" for hint in review(source, locale) if hint.start or hint.line > 1
    }


def only(source: str, code: HintCode, locale: Locale = "zh-CN") -> Hint:
    (hint,) = [hint for hint in review(source, locale) if hint.code is code]
    return hint


def codes(source: str, locale: Locale = "zh-CN") -> set[HintCode]:
    return {hint.code for hint in review(source, locale)}


def test_every_code_has_words() -> None:
    assert set(MESSAGES) == set(HintCode)


@pytest.mark.parametrize("word", ["最好", "最", "第一", "根治", "疗效", "作废", "清零", "治愈"])
def test_forbidden_words(word: str) -> None:
    assert f"forbidden_word:{word[0] if word.startswith('最') else word}" in found(f"我们{word}，来吗？")


@pytest.mark.parametrize("text", ["最近忙吗？", "最后一次啦，来吗？", "最早几点方便？", "最晚几点？", "最迟几点？"])
def test_words_of_time_are_not_superlatives(text: str) -> None:
    assert codes(text) == set()


@pytest.mark.parametrize("text", RELATIVE)
def test_literal_relative_days(text: str) -> None:
    assert HintCode.LITERAL_DAY in codes(f"你{text}，好吗？")
    assert HintCode.LITERAL_DAY in codes(f"{{{{ nickname }}}}{text}，好吗？")


@pytest.mark.parametrize("text", ALWAYS_TRUE)
def test_words_true_whenever_they_are_read(text: str) -> None:
    assert codes(text) == set()


@pytest.mark.parametrize("text", ["10月18号来", "10月18日来", "周四来", "星期五来", "礼拜天来"])
def test_literal_dates_are_only_advised_against(text: str) -> None:
    hint = only(f"你{text}，好吗？", HintCode.LITERAL_DATE)
    assert hint.severity == "warning"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("We are the best, will you come?", HintCode.FORBIDDEN_WORD),
        ("This cures it, will you come?", HintCode.FORBIDDEN_WORD),
        ("Your card will be void, will you come?", HintCode.FORBIDDEN_WORD),
        ("Results guaranteed, will you come?", HintCode.RISKY_WORD),
        ("Will you come tomorrow?", HintCode.LITERAL_DAY),
        ("Today is members' day, coming?", HintCode.LITERAL_DAY),
        ("You came last week, how was it?", HintCode.LITERAL_DAY),
        ("Is this Friday good?", HintCode.LITERAL_DAY),
        ("You came 7 days ago, how was it?", HintCode.LITERAL_DAY),
        ("Is 18 October good?", HintCode.LITERAL_DATE),
        ("Is Friday good?", HintCode.LITERAL_DATE),
        ("Enjoy your day.", HintCode.NO_INVITATION),
    ],
)
def test_english(text: str, code: HintCode) -> None:
    assert codes(text, "en") == {code}


@pytest.mark.parametrize(
    "text", ["How do you feel today?", "You will hear by the end of today. Tell me more.", "It's every Friday, ok?"]
)
def test_english_words_true_whenever_they_are_read(text: str) -> None:
    assert codes(text, "en") == set()


def test_one_way_of_address() -> None:
    hint = only("你好，您来，你说呢？", HintCode.MIXED_ADDRESS)
    assert (hint.severity, hint.start, hint.end) == ("fault", 3, 4)
    assert only("您好，你来，您说呢？", HintCode.MIXED_ADDRESS).start == 3
    assert HintCode.MIXED_ADDRESS not in codes("您来吗？")


def test_a_text_that_is_no_script() -> None:
    hint = only("你好\n{% for a in b %}x\n好吗？", HintCode.REFUSED)
    assert (hint.severity, hint.line, hint.start, hint.end) == ("fault", 2, 3, 20)
    assert "forbidden" in hint.en
    assert codes("") == {HintCode.REFUSED}
    assert codes("a" * 4_001) == {HintCode.REFUSED}
    assert codes("明天{{ nickname") == {HintCode.REFUSED, HintCode.LITERAL_DAY}


def test_every_unknown_variable_is_named() -> None:
    source = "{{ nick }}\n{{ nickname }}{{ shop|upper }}来吗？"
    hints = [hint for hint in review(source, "zh-CN") if hint.code is HintCode.UNKNOWN_VARIABLE]
    assert [(hint.line, source[hint.start : hint.end]) for hint in hints] == [(1, "nick"), (2, "shop")]
    assert codes(source) == {HintCode.UNKNOWN_VARIABLE}


def test_sensitive_variables_are_pointed_out() -> None:
    source = "你是{% if allergy %}{{ (skin_tag) }}{% endif %}吗？allergy"
    hints = [hint for hint in review(source, "zh-CN") if hint.code is HintCode.SENSITIVE_VARIABLE]
    assert [source[hint.start : hint.end] for hint in hints] == ["allergy", "skin_tag"]
    assert "过敏史" in hints[0].zh
    assert "Allergies" in hints[0].en


def test_what_the_preview_shows() -> None:
    assert HintCode.TOO_LONG in codes("好" * 201 + "？")
    assert HintCode.TOO_LONG not in codes("a" * 399 + "?", "en")
    assert HintCode.TOO_LONG in codes("a" * 401 + "?", "en")
    assert HintCode.TOO_MANY_QUESTIONS in codes("好吗？来吗?行吗？")
    assert codes("好" * 2_001) == {HintCode.REFUSED}
    assert codes("{% if not nickname %}来吗？{% endif %}") == {HintCode.NO_INVITATION}
    assert codes("有事跟我说") == set()


def test_hints_come_in_the_order_of_the_text() -> None:
    hints = review("你第一，明天，顶级，您最", "zh-CN")
    placed = [hint.start for hint in hints if hint.code is not HintCode.NO_INVITATION]
    assert placed == sorted(placed)
    assert hints[-1].code is HintCode.NO_INVITATION
    assert len({hint.code for hint in hints}) == 5
