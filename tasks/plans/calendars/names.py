"""Weekdays, solar terms and festivals as plans name them, and what people call them."""

from enum import StrEnum


class Weekday(StrEnum):
    """A day of the week of the store's local date, Monday first."""

    MON = "mon"
    """周一."""
    TUE = "tue"
    """周二."""
    WED = "wed"
    """周三."""
    THU = "thu"
    """周四."""
    FRI = "fri"
    """周五."""
    SAT = "sat"
    """周六."""
    SUN = "sun"
    """周日."""


WEEK = tuple(Weekday)
"""By `date.weekday()`."""


class ShortMonth(StrEnum):
    """What becomes of the 29th, 30th or 31st in a month that has none."""

    CLAMP = "clamp"
    """The last day of the month instead."""
    SKIP = "skip"
    """No firing that month."""


class Term(StrEnum):
    """The 24 solar terms (节气), in the order of a civil year."""

    XIAO_HAN = "xiao_han"
    """小寒."""
    DA_HAN = "da_han"
    """大寒."""
    LI_CHUN = "li_chun"
    """立春."""
    YU_SHUI = "yu_shui"
    """雨水."""
    JING_ZHE = "jing_zhe"
    """惊蛰."""
    CHUN_FEN = "chun_fen"
    """春分."""
    QING_MING = "qing_ming"
    """清明."""
    GU_YU = "gu_yu"
    """谷雨."""
    LI_XIA = "li_xia"
    """立夏."""
    XIAO_MAN = "xiao_man"
    """小满."""
    MANG_ZHONG = "mang_zhong"
    """芒种."""
    XIA_ZHI = "xia_zhi"
    """夏至."""
    XIAO_SHU = "xiao_shu"
    """小暑."""
    DA_SHU = "da_shu"
    """大暑."""
    LI_QIU = "li_qiu"
    """立秋."""
    CHU_SHU = "chu_shu"
    """处暑."""
    BAI_LU = "bai_lu"
    """白露."""
    QIU_FEN = "qiu_fen"
    """秋分."""
    HAN_LU = "han_lu"
    """寒露."""
    SHUANG_JIANG = "shuang_jiang"
    """霜降."""
    LI_DONG = "li_dong"
    """立冬."""
    XIAO_XUE = "xiao_xue"
    """小雪."""
    DA_XUE = "da_xue"
    """大雪."""
    DONG_ZHI = "dong_zhi"
    """冬至."""


TERM_LABELS: dict[Term, tuple[str, str]] = dict(
    zip(
        Term,
        (
            ("小寒", "Minor Cold"), ("大寒", "Major Cold"), ("立春", "Start of Spring"), ("雨水", "Rain Water"),
            ("惊蛰", "Awakening of Insects"), ("春分", "Spring Equinox"), ("清明", "Pure Brightness"), ("谷雨", "Grain Rain"),
            ("立夏", "Start of Summer"), ("小满", "Grain Buds"), ("芒种", "Grain in Ear"), ("夏至", "Summer Solstice"),
            ("小暑", "Minor Heat"), ("大暑", "Major Heat"), ("立秋", "Start of Autumn"), ("处暑", "End of Heat"),
            ("白露", "White Dew"), ("秋分", "Autumn Equinox"), ("寒露", "Cold Dew"), ("霜降", "Frost's Descent"),
            ("立冬", "Start of Winter"), ("小雪", "Minor Snow"), ("大雪", "Major Snow"), ("冬至", "Winter Solstice"),
        ),
        strict=True,
    )
)  # fmt: skip
"""Term → Chinese, English."""
