"""The closed vocabularies of audiences."""

from enum import StrEnum


class Visibility(StrEnum):
    """Who sees and may use a segment."""

    SHARED = "shared"
    """Every manager and owner of the merchant."""
    STORE = "store"
    """Who leads its store, and owners."""
    PERSONAL = "personal"
    """Its author."""


class Group(StrEnum):
    """Where a condition stands in the catalogue."""

    PROFILE = "profile"
    """基本属性."""
    CONSUMPTION = "consumption"
    """消费行为."""
    ASSETS = "assets"
    """资产."""
    CONTACT = "contact"
    """触达."""
    VALUE = "value"
    """价值."""
