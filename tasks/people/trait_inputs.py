"""What a merchant says customers can be, as the outside describes it: levels, sources and attributes, by code."""

from uuid import UUID

import msgspec

from tasks.people.states import AttributeKind


class LevelSaid(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A membership level without its code: a higher `rank` is a higher level; `benefit` is what staff may promise (老客9折)."""

    name: str
    rank: int = 0
    benefit: str = ""
    active: bool = True


class LevelIn(LevelSaid, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A membership level, upserted by `code`; customers carry the code."""

    code: str


class LevelRow(LevelIn, frozen=True, kw_only=True, rename="camel"):
    """A membership level as it is stored; `etag` is what `If-Match` takes."""

    etag: int


class SourceSaid(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Where customers come from (点评, 美团, walk-in …), without its code."""

    name: str
    active: bool = True


class SourceIn(SourceSaid, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A source, upserted by `code`; customers carry the code."""

    code: str


class SourceRow(SourceIn, frozen=True, kw_only=True, rename="camel"):
    """A source as it is stored; `etag` is what `If-Match` takes."""

    etag: int


class AttributeSaid(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A field that the merchant declares, without its code.

    The kind stays what it was first. `choices` are the texts it may have; none: any. What is `sensitive` (allergies, pregnancy) stands in no script
    unless the merchant says so.
    """

    name: str
    kind: AttributeKind
    choices: tuple[str, ...] = ()
    sensitive: bool = False
    active: bool = True


class AttributeIn(AttributeSaid, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A declared field, upserted by event type and `code`. `event_type` (`custom.<name>`) makes it a field of that event; empty: of customers."""

    code: str
    event_type: str = ""


class AttributeRow(AttributeIn, frozen=True, kw_only=True, rename="camel"):
    """A declared field as it is stored; trees name it by `id`, `etag` is what `If-Match` takes."""

    id: UUID
    etag: int
