"""The closed vocabularies of people."""

from enum import StrEnum


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
