"""The conditions there are, by the groups of product.md; importing this package fills the registry."""

from tasks.audience.conditions import cards, goods, profile, segments, visits

__all__ = ["cards", "goods", "profile", "segments", "visits"]
