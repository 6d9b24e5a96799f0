"""Values of declared fields in a file of customers: each is read as the kind it was declared with."""

from collections.abc import Callable
from typing import Any

from backend.imports.amounts import parse_flag, parse_quantity
from backend.imports.cells import Read
from backend.imports.errors import MappingInvalid
from backend.imports.mapping import Column
from backend.imports.moments import parse_moment
from backend.imports.naming import code_of
from backend.imports.readers import Readers
from tasks.people.states import AttributeKind


def attribute_reads(readers: Readers) -> dict[str, Read]:
    """Return the readers of the declared fields that the mapping fills, by code; an empty cell is None. Raises `MappingInvalid` for one not declared."""
    mapping = readers.mapping
    named = {name: code for name in (*mapping.columns, *mapping.defaults) if (code := code_of(name)) is not None}
    reads = {}
    for name, code in named.items():
        kind = readers.books.attributes.get(code)
        if kind is None:
            known = ", ".join(sorted(readers.books.attributes)) or "none"
            raise MappingInvalid(f"columns.{name}", f"no such field is declared; there are: {known}")
        reads[code] = readers.meant(name, _meaning(readers, name, kind))
    return reads


def _meaning(readers: Readers, name: str, kind: AttributeKind) -> Callable[[str], Any]:
    mapping = readers.mapping
    formats = (mapping.column(name) or Column(constant="")).formats or mapping.date_formats
    parse: dict[AttributeKind, Callable[[str], Any]] = {
        AttributeKind.TEXT: str,
        AttributeKind.NUMBER: lambda text: parse_quantity(text, mapping.decimal),
        AttributeKind.FLAG: parse_flag,
        AttributeKind.DAY: lambda text: parse_moment(text, formats).day,
    }
    return lambda text: parse[kind](text) if text else None
