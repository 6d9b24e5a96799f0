"""What to call a customer: 王姐, 小红, 欧阳女士, Anna; or nothing, rather than something wrong."""

import re
import unicodedata
from typing import Final, Literal

from scripts.locales import Locale

Gender = Literal["female", "male"]

LONGEST: Final = 24
"""Widest name that still is one, a Chinese character counting two: longer ones are notes about the customer."""
LONGEST_HAN: Final = 4
"""Most characters of a Chinese name; longer ones are a shop or a remark."""

COMPOUND_SURNAMES: Final = frozenset(
    re.findall(
        "..",
        "欧阳司马上官诸葛东方皇甫尉迟公孙慕容令狐宇文长孙司徒司空端木南宫独孤夏侯轩辕钟离闻人澹台公冶宗政"
        "濮阳淳于单于太叔申屠仲孙鲜于闾丘司寇亓官颛孙公西漆雕壤驷公良拓跋夹谷宰父谷梁段干百里东郭南门呼延"
        "羊舌微生梁丘左丘西门第五赫连万俟完颜纳兰耶律叶赫",
    )
)
SURNAMES: Final = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞"
    "任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏"
    "成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘"
    "缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷"
    "车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴鬱胥"
    "能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍郤璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖"
    "庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆"
    "游竺权逯盖益桓公仉督岳帅缑亢况郈有琴归海晋楚闫法汝鄢涂钦商牟佘佴伯赏墨哈谯笪年阳佟言福肖付代揭覃苟邝练粟但仝邸"
)
TITLES: Final = ("女士", "先生", "小姐", "太太", "夫人", "阿姨", "老师", "姐", "哥", "总", "姨", "妈", "爸", "婶", "嫂")
PLACEHOLDERS: Final = re.compile(
    r"微信用户.*|用户\d*|(?:新|老)?(?:散客|会员|客户|顾客|客人)\d*|新客|老客|未知|未填|匿名|无名?|测试.*|女士|先生|小姐"
    r"|none|null|test.*|unknown|guest.*|n/?a",
    re.IGNORECASE,
)
NUMBER: Final = re.compile(r"\d{4}")
HAN: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
MASKS: Final = re.compile("[*＊某]")
NOTE: Final = re.compile(r"(?<=[\u3400-\u9fff])[\s\-—_/|+.·].*|[(（\[【,，;；:：].*", re.DOTALL)
"""Where staff's remark stops being a name: "王姐-敏感肌", "王姐（老公姓李）"."""
HONORIFICS: Final[dict[Gender, str]] = {"female": "女士", "male": "先生"}


def nickname_for(
    remark_name: str | None,
    nickname: str | None,
    name: str | None,
    gender: Gender | None,
    locale: Locale,
) -> str | None:
    """The 称呼: staff's remark name, else the nickname, else surname + 女士/先生 (or a given name), else None.

    A candidate that is a placeholder, a number or a note longer than a name is passed over: a message without a name is
    better than one that says "微信用户" or repeats what the staff noted.
    """
    for candidate in (NOTE.sub("", remark_name or ""), nickname):
        if usable := _usable(candidate):
            return usable
    usable = _usable(name)
    return usable and _from_name(usable, gender, locale)


def _usable(candidate: str | None) -> str | None:
    """The candidate without decoration at its ends, or None when it is not something to call a person."""
    text = _undecorated(unicodedata.normalize("NFC", candidate or ""))
    if not any(unicodedata.category(char)[0] == "L" for char in text) or not text.isprintable():
        return None
    if PLACEHOLDERS.fullmatch(text) or NUMBER.search(text):
        return None
    return text if _width(text) <= LONGEST else None


def _undecorated(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _decoration(text[start]):
        start += 1
    while end > start and _decoration(text[end - 1]):
        end -= 1
    return text[start:end]


def _decoration(char: str) -> bool:
    """Spaces, symbols, emoji and what joins them; masks stay, for they say a name was cut."""
    return unicodedata.category(char)[0] in "SZC" or "\ufe00" <= char <= "\ufe0f"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _from_name(name: str, gender: Gender | None, locale: Locale) -> str | None:
    """Chinese names by surname, in Chinese only; any other by its first word, in both languages."""
    bare = MASKS.split(name, maxsplit=1)[0]
    if not HAN.fullmatch(bare):
        return re.split(r"[\s·•・.,，]", bare, maxsplit=1)[0] or None
    if locale != "zh-CN" or len(bare) > LONGEST_HAN:
        return None
    if len(bare) > 1 and bare.endswith(TITLES):
        return bare
    return _by_surname(bare, gender)


def _by_surname(name: str, gender: Gender | None) -> str | None:
    """欧阳女士, 王先生; a name that begins with no surname or doubles itself (小红, 婷婷) is what she is called."""
    if len(name) == 2 and name[0] == name[1]:  # noqa: PLR2004 - two characters, the same
        return name
    compound = name[:2] in COMPOUND_SURNAMES
    if not compound and name[0] not in SURNAMES:
        return name if len(name) > 1 else None
    surname = name[:2] if compound else name[0]
    return surname + HONORIFICS[gender] if gender else None
