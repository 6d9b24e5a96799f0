import pytest

from scripts.amount_words import money, remaining, times
from scripts.locales import LOCALES
from scripts.salutation import Gender, nickname_for
from scripts.variables import NUMERIC, SENSITIVE, VARIABLES, permitted, samples


@pytest.mark.parametrize(
    ("cents", "zh", "en"),
    [
        (86_000, "860元", "¥860"),
        (0, "0元", "¥0"),
        (86_050, "860.5元", "¥860.50"),
        (86_005, "860.05元", "¥860.05"),
        (1_280_000, "12800元", "¥12,800"),
        (-500, "-5元", "-¥5"),
    ],
)
def test_money(cents: int, zh: str, en: str) -> None:
    assert money(cents, "zh-CN") == zh
    assert money(cents, "en") == en


def test_times() -> None:
    assert times(3, "zh-CN") == "3次"
    assert times(3, "en") == "3 visits"
    assert times(1, "en") == "1 visit"
    assert times(0, "en") == "0 visits"


@pytest.mark.parametrize(
    ("kind", "balance", "uses", "zh", "en"),
    [
        ("stored_value", 86_000, None, "余额860元", "¥860"),
        ("discount", 86_000, 3, "余额860元", "¥860"),
        ("gift", 100, None, "余额1元", "¥1"),
        ("times", 86_000, 3, "3次", "3 visits"),
        ("course", None, 1, "1次", "1 visit"),
        ("any_of", None, 2, "2次", "2 visits"),
        ("stored_value", 0, 3, None, None),
        ("stored_value", None, 3, None, None),
        ("times", 86_000, 0, None, None),
        ("times", 86_000, None, None, None),
        ("period", 86_000, 3, None, None),
    ],
)
def test_remaining(kind: str, balance: int | None, uses: int | None, zh: str | None, en: str | None) -> None:
    assert remaining(kind, balance, uses, "zh-CN") == zh
    assert remaining(kind, balance, uses, "en") == en


@pytest.mark.parametrize(
    "row",
    [
        ("王姐", "小红", "王丽", "female", "王姐", "王姐"),
        (None, "小红", "王丽", "female", "小红", "小红"),
        ("", "  ", "王丽", "female", "王女士", None),
        (None, None, "王大力", "male", "王先生", None),
        (None, None, "欧阳娜娜", "female", "欧阳女士", None),
        (None, None, "司马光", "male", "司马先生", None),
        (None, None, "欧阳", "female", "欧阳女士", None),
        (None, None, "王丽", None, None, None),
        (None, None, "王", "female", "王女士", None),
        (None, None, "王**", "female", "王女士", None),
        (None, None, "王*丽", "female", "王女士", None),
        (None, None, "王某某", "male", "王先生", None),
        (None, None, "*丽", "female", None, None),
        (None, None, "小红", "female", "小红", None),
        (None, None, "红红火火", None, "红红火火", None),
        (None, None, "婷婷", "female", "婷婷", None),
        (None, None, "明明", "male", "明明", None),
        (None, None, "囍", "female", None, None),
        (None, None, "李姐", None, "李姐", None),
        (None, None, "王女士", "female", "王女士", None),
        (None, None, "女士", "female", None, None),
        (None, None, "美丽人生美容院", None, None, None),
        (None, None, "Anna Smith", "female", "Anna", "Anna"),
        (None, None, "anna", None, "anna", "anna"),
        (None, None, "O'Neil", None, "O'Neil", "O'Neil"),
        (None, None, "阿依古丽·买买提", "female", "阿依古丽", "阿依古丽"),
        (None, None, "José", None, "José", "José"),
        (None, None, "さくら", None, "さくら", "さくら"),
        (None, None, "김민지", None, "김민지", "김민지"),
        ("王姐-敏感肌", None, None, None, "王姐", "王姐"),
        ("王姐（老公姓李）", None, None, None, "王姐", "王姐"),
        ("Mary Ann", None, None, None, "Mary Ann", "Mary Ann"),
        ("老公姓李对酒精过敏不要推销面膜", "小红", None, None, "小红", "小红"),
        (None, "🌸小红❤️", None, None, "小红", "小红"),
        (None, "👑", "王丽", "female", "王女士", None),
        (None, "...", None, None, None, None),
        (None, "微信用户", "王丽", "female", "王女士", None),
        (None, "用户8472", None, None, None, None),
        (None, "13800138000", None, None, None, None),
        (None, "A小红13800138000", None, None, None, None),
        (None, "小\n红", None, None, None, None),
        (None, None, "散客", None, None, None),
        (None, None, "Guest 12", None, None, None),
        (None, None, "138****1234", None, None, None),
        (None, None, None, "female", None, None),
    ],
)
def test_nickname(row: tuple[str | None, str | None, str | None, Gender | None, str | None, str | None]) -> None:
    remark, nickname, name, gender, zh, en = row
    assert nickname_for(remark, nickname, name, gender, "zh-CN") == zh
    assert nickname_for(remark, nickname, name, gender, "en") == en


def test_every_variable_is_described_in_both_languages() -> None:
    for name, variable in VARIABLES.items():
        assert variable.name == name
        assert variable.label("zh-CN") != variable.label("en")
        for locale in LOCALES:
            sample = samples(locale)[name]
            assert sample == variable.sample(locale)
            assert isinstance(sample, int if variable.kind in NUMERIC else str)
            assert sample


def test_sensitive_values_enter_only_when_switched_on() -> None:
    values = samples("zh-CN")
    assert {"skin_tag", "allergy", "pregnancy"} == SENSITIVE
    assert permitted(values, sensitive=True) == values
    assert set(permitted(values, sensitive=False)) == set(values) - SENSITIVE
