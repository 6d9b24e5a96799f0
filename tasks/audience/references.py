"""Parameters that name other things of the merchant: which they are, and whether the things exist."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import inspect


class Named(StrEnum):
    """What a parameter can name."""

    STAFF = "staff"
    """A staff member."""
    STORE = "store"
    """A store."""
    PRODUCT = "product"
    """A service or goods."""
    CARD_PRODUCT = "card_product"
    """A kind of card."""
    TAG = "tag"
    """A tag."""
    ATTRIBUTE = "attribute"
    """A declared attribute."""
    SEGMENT = "segment"
    """A saved segment."""
    PLAN = "plan"
    """A plan."""


def _ref(kind: Named) -> msgspec.Meta:
    return msgspec.Meta(extra_json_schema={"x-ref": kind.value}, extra={"ref": kind})


StaffId = Annotated[UUID, _ref(Named.STAFF)]
StoreId = Annotated[UUID, _ref(Named.STORE)]
ProductId = Annotated[UUID, _ref(Named.PRODUCT)]
CardProductId = Annotated[UUID, _ref(Named.CARD_PRODUCT)]
TagId = Annotated[UUID, _ref(Named.TAG)]
AttributeId = Annotated[UUID, _ref(Named.ATTRIBUTE)]
SegmentId = Annotated[UUID, _ref(Named.SEGMENT)]
PlanId = Annotated[UUID, _ref(Named.PLAN)]
MOST_NAMED: Final = 50
"""Things one condition may name."""


@dataclass(frozen=True)
class Reference:
    """A parameter that names things: its field, how trees write it, and what it names."""

    field: str
    written: str
    kind: Named


@dataclass(frozen=True)
class Mention:
    """One thing a tree names, and the path of the place."""

    kind: Named
    id: UUID
    path: str


def references_of(params: type[Any]) -> tuple[Reference, ...]:
    """Return which fields of a parameter Struct name things."""
    info = inspect.type_info(params)
    if not isinstance(info, inspect.StructType):
        raise TypeError("parameters are a Struct")
    found = ((one, _kind(one.type)) for one in info.fields)
    return tuple(Reference(one.name, one.encode_name, kind) for one, kind in found if kind is not None)


def _kind(one: inspect.Type) -> Named | None:
    if isinstance(one, inspect.Metadata):
        kind = (one.extra or {}).get("ref")
        return kind if isinstance(kind, Named) else _kind(one.type)
    if isinstance(one, inspect.UnionType):
        return next((kind for kind in map(_kind, one.types) if kind is not None), None)
    if isinstance(one, inspect.VarTupleType | inspect.ListType):
        return _kind(one.item_type)
    return None


def mentions(references: Iterable[Reference], params: Any, path: str) -> Iterator[Mention]:
    """Yield what a condition's parameters name, each with its path."""
    for reference in references:
        value = getattr(params, reference.field)
        if isinstance(value, UUID):
            yield Mention(reference.kind, value, f"{path}.{reference.written}")
        for place, one in enumerate(value if isinstance(value, tuple) else ()):
            yield Mention(reference.kind, one, f"{path}.{reference.written}[{place}]")


def by_kind(found: Iterable[Mention]) -> dict[Named, list[UUID]]:
    """Return the ids by what they name, each once and in order."""
    grouped: defaultdict[Named, set[UUID]] = defaultdict(set)
    for one in found:
        grouped[one.kind].add(one.id)
    return {kind: sorted(ids) for kind, ids in grouped.items()}
