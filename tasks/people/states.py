"""The closed vocabularies of people."""

import re
from enum import StrEnum
from typing import Final

CUSTOM_EVENT: Final = re.compile(r"custom\.[a-z][a-z0-9_]{0,62}")
"""Types of a merchant's own events."""


class StaffRole(StrEnum):
    """The role a member has in one store; owners are marked on the staff row."""

    EMPLOYEE = "employee"
    """Works on tasks."""
    MANAGER = "manager"
    """Steers the store."""


class StaffStatus(StrEnum):
    """Whether a staff member may log in and get tasks."""

    ACTIVE = "active"
    """Works here."""
    REMOVED = "removed"
    """Left; out within five seconds."""


class CustomerStatus(StrEnum):
    """What has become of a customer record."""

    ACTIVE = "active"
    """A customer like any other."""
    MERGED = "merged"
    """Joined into another record."""
    ERASED = "erased"
    """Forgotten: the salt is gone, ledger rows stay."""


class Gender(StrEnum):
    """As the books say it."""

    FEMALE = "female"
    """女"""
    MALE = "male"
    """男"""


class ContactKind(StrEnum):
    """A way to reach a customer."""

    PHONE = "phone"
    """The customer's own number; a family may share it."""
    VIRTUAL = "virtual"
    """A platform's number (美团, 抖音) that expires."""
    WECHAT = "wechat"
    """A WeChat id that one employee holds."""
    WECOM = "wecom"
    """A WeCom friend of one employee."""


class CareRole(StrEnum):
    """How a staff member looks after a customer."""

    CONSULTANT = "consultant"
    """专属顾问, the owner staff."""
    TECHNICIAN = "technician"
    """专属技师."""


class ConsentKind(StrEnum):
    """What a customer agreed to or refused."""

    PERSON = "person"
    """Contact by a person; assumed until refused."""
    AUTOMATIC = "automatic"
    """Automatic marketing; needs to be given."""


class BirthdayKind(StrEnum):
    """Which calendar the birthday follows."""

    SOLAR = "solar"
    """公历"""
    LUNAR = "lunar"
    """农历"""


class AttributeAbout(StrEnum):
    """What a declared attribute is a field of."""

    CUSTOMER = "customer"
    """A customer."""
    EVENT = "event"
    """One type of event."""


class AttributeKind(StrEnum):
    """What values a declared attribute has."""

    TEXT = "text"
    """Words, perhaps one of several choices."""
    NUMBER = "number"
    """A number with up to three decimals."""
    FLAG = "flag"
    """Yes or no."""
    DAY = "day"
    """A calendar day."""


class Pace(StrEnum):
    """How fast a tag's rule is applied."""

    AT_ONCE = "at_once"
    """With every event of the customer; what only time changes, within half an hour."""
    HALF_HOUR = "half_hour"
    """Within half an hour."""


class TagHand(StrEnum):
    """Who or what gave or took a tag."""

    STAFF = "staff"
    """A person of the merchant."""
    IMPORT = "import"
    """Books that were imported."""
    INTEGRATOR = "integrator"
    """Another system, by key."""
    RULE = "rule"
    """The tag's own rule."""
