"""What crosses the edge for the lists an owner keeps: levels, sources, attributes, categories, products and kinds of cards."""

import msgspec

from tasks.ledger.inputs import CardProductRow, CategoryRow, ProductRow
from tasks.people.trait_inputs import AttributeRow, LevelRow, SourceRow


class LevelsOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of levels by code, those that are switched off too."""

    items: list[LevelRow]
    next_cursor: str | None = None


class SourcesOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of sources by code, those that are switched off too."""

    items: list[SourceRow]
    next_cursor: str | None = None


class AttributesOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of declared fields, those of customers first, then by event type and code; those that are switched off too."""

    items: list[AttributeRow]
    next_cursor: str | None = None


class CategoriesOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of categories by code, those that are switched off too."""

    items: list[CategoryRow]
    next_cursor: str | None = None


class ProductsOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of services and goods by code, those that are switched off too."""

    items: list[ProductRow]
    next_cursor: str | None = None


class CardProductsOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of kinds of cards by code, those that are switched off too."""

    items: list[CardProductRow]
    next_cursor: str | None = None
