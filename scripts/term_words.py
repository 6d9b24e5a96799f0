"""What to say at each of the 24 solar terms (节气): one thing about the season, and what to look after. In force until the next term begins.

Keys are the terms as plans name them. A tip is half a sentence after the term's name, a care tip what follows 注意, or "attention to".
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from scripts.locales import Locale


class Season(msgspec.Struct, frozen=True):
    """The words of one term."""

    zh_tip: str
    zh_care: str
    en_tip: str
    en_care: str

    def tip(self, locale: Locale) -> str:
        """What the season does to skin and hair."""
        return self.zh_tip if locale == "zh-CN" else self.en_tip

    def care(self, locale: Locale) -> str:
        """What to look after."""
        return self.zh_care if locale == "zh-CN" else self.en_care


def _winter() -> dict[str, Season]:
    return {
        "li_dong": Season(
            "早晚温差大，皮肤容易发紧起皮", "保湿和防风",
            "mornings turn cold and skin feels tight", "moisture and shelter from the wind",
        ),
        "xiao_xue": Season(
            "天冷了，室内一开暖气就容易干", "多喝水、多补水",
            "heating is on and indoor air gets dry", "drinking enough and a richer cream",
        ),
        "da_xue": Season(
            "风大天冷，手和嘴唇容易干裂", "护手和润唇",
            "hands and lips chap in the wind", "hand cream and lip balm",
        ),
        "dong_zhi": Season(
            "白天短、人容易乏，脸色也跟着暗", "早点睡和保暖",
            "days are short and skin looks tired", "sleep and keeping warm",
        ),
        "xiao_han": Season(
            "天寒地冻，皮肤出油少、容易干痒", "洗澡水别太烫，洗完马上擦身体乳",
            "skin makes less oil in the cold and starts to itch", "cooler showers and body lotion straight after",
        ),
        "da_han": Season(
            "正是一年里很冷的时候，头发容易起静电毛躁", "头皮清洁和发尾护理",
            "hair turns static and frizzy in the cold", "the scalp and the ends of the hair",
        ),
    }  # fmt: skip


def _spring() -> dict[str, Season]:
    return {
        "li_chun": Season(
            "天气回暖还不稳，皮肤容易敏感", "先别急着换护肤品，温和清洁",
            "the weather turns and skin gets touchy", "gentle cleansing and no new products for now",
        ),
        "yu_shui": Season(
            "湿气重起来，T区容易出油", "水油平衡和清洁",
            "the air turns damp and oil comes back", "balance and thorough cleansing",
        ),
        "jing_zhe": Season(
            "花粉和柳絮多，脸容易发红发痒", "出门戴口罩，回家及时洗脸",
            "pollen is about and cheeks redden easily", "a mask outdoors and washing your face at home",
        ),
        "chun_fen": Season(
            "昼夜一样长，风还是干", "舒缓补水和防晒",
            "day and night are even, and the wind is still dry", "calming moisture and sun care",
        ),
        "qing_ming": Season(
            "外出踏青多，紫外线也起来了", "防晒和晒后舒缓",
            "everybody is outdoors and the sun gains strength", "sun care, before and after",
        ),
        "gu_yu": Season(
            "雨水多、空气潮，头皮容易闷", "头皮清爽和肩颈放松",
            "rain makes the air heavy on the scalp", "a fresh scalp and loose shoulders",
        ),
    }  # fmt: skip


def _summer() -> dict[str, Season]:
    return {
        "li_xia": Season(
            "气温上来，出油出汗都多了", "清爽控油，防晒要补涂",
            "it gets warm and skin shines", "light care and renewing your sunscreen",
        ),
        "xiao_man": Season(
            "又湿又热，容易闷出小痘痘", "清洁到位，别用太厚重的护肤品",
            "damp heat clogs the pores", "cleansing well and lighter creams",
        ),
        "mang_zhong": Season(
            "梅雨闷热，头发容易塌、头皮容易油", "头皮护理和勤吹干",
            "muggy days flatten the hair", "the scalp, and drying your hair through",
        ),
        "xia_zhi": Season(
            "白天长、日头足，晒黑就在这几天", "硬防晒加补水",
            "days are long and the sun is strong", "hats, sunscreen and plenty of water",
        ),
        "xiao_shu": Season(
            "空调房待久了，皮肤外油内干", "空调房里也要补水",
            "air conditioning dries skin that looks oily", "moisture indoors, too",
        ),
        "da_shu": Season(
            "天热得厉害，晒后容易泛红", "晒后先降温舒缓，再补水",
            "the heat peaks and skin reddens after the sun", "cooling down first and moisturising after",
        ),
    }  # fmt: skip


def _autumn() -> dict[str, Season]:
    return {
        "li_qiu": Season(
            "秋老虎还在，晒了一夏该修护了", "晒后修护和补水",
            "the heat lingers and summer skin needs mending", "repair after the sun and moisture",
        ),
        "chu_shu": Season(
            "暑气退了，皮肤开始变干", "换成滋润一点的护肤",
            "the heat leaves and skin begins to dry", "a slightly richer routine",
        ),
        "bai_lu": Season(
            "早晚凉了，换季容易泛红起皮", "温和洁面和屏障修护",
            "nights are cool and the change shows on the skin", "mild cleansing and the skin barrier",
        ),
        "qiu_fen": Season(
            "秋燥明显，嘴唇眼周先干", "眼周和唇部滋润",
            "dry air shows around eyes and lips first", "the eyes and the lips",
        ),
        "han_lu": Season(
            "露水凉了，换季掉发会多一些", "头皮养护和别熬夜",
            "hair falls a little more at this time of the year", "the scalp and enough sleep",
        ),
        "shuang_jiang": Season(
            "秋天快过完了，皮肤干得快", "睡前加一层面霜或面膜",
            "autumn ends and skin dries fast", "a layer of cream or a mask at night",
        ),
    }  # fmt: skip


SEASONS: Final[Mapping[str, Season]] = MappingProxyType(_spring() | _summer() | _autumn() | _winter())
"""Term → its words."""
