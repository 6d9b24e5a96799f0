"""Who is in the demo salon: staff, and customers drawn from a seed."""

from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from tasks.kernel.scope import Role
from tasks.people.inputs import CustomerIn, StaffIn
from tasks.people.states import Gender

BRAND: Final = "花间美学"
ZONE: Final = "Asia/Shanghai"
STORES: Final = {"XH": "徐汇店", "JA": "静安店"}
CUSTOMERS: Final = 400
NEWCOMERS: Final = 96
"""Customers whose first visit was in the last three weeks; the others have come for months."""

HEROINE: Final = "C0001"
"""小红, who was here for the first time seven days ago: the walk is about her."""
HERO: Final = "E1"
"""大王, who served her."""
MANAGER: Final = "M1"
OWNER: Final = "owner"

_EMPLOYEES: Final = (
    ("E1", "王丽", "XH"),
    ("E2", "李娜", "XH"),
    ("E3", "赵倩", "XH"),
    ("E4", "孙悦", "XH"),
    ("E5", "吴婷", "JA"),
    ("E6", "郑爽", "JA"),
    ("E7", "冯雪", "JA"),
    ("E8", "何晴", "JA"),
)
_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
)
_GIVEN: Final = (
    "小红", "雨欣", "思琪", "梦瑶", "佳怡", "若曦", "静雯", "晓彤",
    "雅婷", "诗涵", "欣怡", "婉婷", "丽娜", "美玲", "秀英", "海燕",
    "春梅", "玉兰", "晨曦", "可馨", "子涵", "语桐", "紫萱", "雪梅",
    "燕妮", "慧敏", "莉莉", "芳华", "淑贞", "文静", "嘉宁", "书瑶",
    "乐怡", "清妍", "安琪", "曼丽", "亦菲", "依诺", "芷若", "云舒",
)  # fmt: skip
_LEVELS: Final = (None, None, "银卡", "银卡", "金卡", "钻石")
_SOURCES: Final = ("点评", "美团", "抖音", "小红书", "转介绍", "路过")


class Person(msgspec.Struct, frozen=True):
    """Somebody who can log in to the demo."""

    code: str
    name: str
    role: str
    phone: str
    store: str


def staff() -> list[StaffIn]:
    """Owner, a manager per store, and eight employees."""
    leaders = [
        StaffIn(external_id=OWNER, name="陈静", phone=staff_phone(0), role=Role.OWNER, stores=tuple(STORES)),
        StaffIn(external_id="M1", name="刘敏", phone=staff_phone(1), role=Role.MANAGER, stores=("XH",)),
        StaffIn(external_id="M2", name="周洁", phone=staff_phone(2), role=Role.MANAGER, stores=("JA",)),
    ]
    employees = [
        StaffIn(external_id=code, name=name, phone=staff_phone(10 + number), stores=(store,))
        for number, (code, name, store) in enumerate(_EMPLOYEES)
    ]
    return [*leaders, *employees]


def staff_phone(number: int) -> str:
    """A made-up log-in phone."""
    return f"1990000{number:04d}"


def employees_of(store: str) -> list[str]:
    """The employees' codes of a store."""
    return [code for code, _, where in _EMPLOYEES if where == store]


def chance(random: Random, percent: int) -> bool:
    """True so many times in a hundred."""
    return random.randrange(100) < percent


def customers(random: Random) -> Iterator[CustomerIn]:
    """Four hundred, the heroine first; newcomers come before regulars."""
    yield CustomerIn(
        external_id=HEROINE,
        name="陈小红",
        nickname="小红",
        phones=("16600000001",),
        gender=Gender.FEMALE,
        source="点评",
        home_store="XH",
    )
    for number in range(2, CUSTOMERS + 1):
        store = "XH" if number % 2 else "JA"
        name = random.choice(_SURNAMES) + random.choice(_GIVEN)
        regular = number > NEWCOMERS
        yield CustomerIn(
            external_id=f"C{number:04d}",
            name=name,
            nickname=name[1:] if chance(random, 70) else None,
            phones=(f"166{number:08d}",) if chance(random, 97) else (),
            gender=Gender.FEMALE if chance(random, 93) else Gender.MALE,
            source=random.choice(_SOURCES),
            level=random.choice(_LEVELS) if regular else None,
            home_store=store,
            consultant=random.choice(employees_of(store)) if regular and chance(random, 80) else None,
        )
