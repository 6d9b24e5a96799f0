"""The mapping file: how a stranger's columns become our fields, checked whole before a row is read."""

import tomllib
from pathlib import Path
from typing import Any, Final, Literal, cast

import msgspec

from backend.imports.errors import MappingInvalid
from backend.imports.fields import FIELDS, OPTIONS, Shape
from backend.imports.kinds import ImportKind
from backend.imports.naming import declared_fields, flattened
from tasks.kernel.errors import Invalid
from tasks.kernel.zones import zone_of
from tasks.ledger.states import ProductKind

MAX_BYTES = 1_000_000
"""A mapping is written by hand; anything larger is another file."""


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"in_": "in"}):
    """A row meets it when the column's text does what every given key says."""

    column: str
    in_: tuple[str, ...] | None = None
    not_in: tuple[str, ...] | None = None
    starts_with: str | None = None
    contains: str | None = None
    empty: bool | None = None


class Skip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"in_": "in"}):
    """Rows that the mapping leaves out on purpose, and the reason that is counted for them."""

    reason: str
    column: str
    in_: tuple[str, ...] | None = None
    not_in: tuple[str, ...] | None = None
    starts_with: str | None = None
    contains: str | None = None
    empty: bool | None = None


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a field's text comes from (exactly one of `column`, `columns`, `template`, `constant`) and how it is read.

    Attributes:
        column: one column of the file.
        columns: several: joined for text and dates, added up for amounts.
        template: text with columns in braces, `{Receipt}/{Client}`; `{#}` counts rows that are otherwise equal.
        constant: the same for every row.
        fallback: the column to use where the text is empty otherwise.
        join: what stands between joined columns.
        separator: characters that part the values of a cell, such as `/、`.
        time: the column of the time of day, when date and time are apart.
        minutes: the column of the minutes since midnight.
        at: the time of day where the file has none, `HH:MM`.
        formats: date formats of this field alone.
        less: columns taken off an amount, such as a tax that is in it.
        negate: the sign is the other way round in the file.
        cents: the amount is in cents (分) already.
        when: the amount counts only in rows that meet this; 0 in others.
        lookup: how a catalogue entry is named in the file.
    """

    column: str | None = None
    columns: tuple[str, ...] = ()
    template: str | None = None
    constant: str | None = None
    fallback: str | None = None
    join: str = " "
    separator: str | None = None
    time: str | None = None
    minutes: str | None = None
    at: str | None = None
    formats: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    negate: bool = False
    cents: bool = False
    when: Condition | None = None
    lookup: Literal["code", "name", "either"] = "code"


Scalar = str | int | float | bool


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole mapping file; every key but `columns` has a default."""

    columns: dict[str, str | Column]
    kind: ImportKind | None = None
    encoding: Literal["auto", "utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"] = "auto"
    delimiter: str = "auto"
    sheet: str | None = None
    header_row: int = 1
    decimal: Literal[".", ","] = "."
    timezone: str | None = None
    date_formats: tuple[str, ...] = ()
    history_from: str | None = None
    anonymous: tuple[str, ...] = ()
    ignore_staff: tuple[str, ...] = ()
    create_customers: bool = False
    create_staff: bool = False
    create_products: ProductKind | None = None
    unknown_products: Literal["reject", "describe"] = "reject"
    keep: tuple[str, ...] = ()
    defaults: dict[str, Scalar] = {}
    values: dict[str, dict[str, Scalar]] = {}
    skip: tuple[Skip, ...] = ()

    def column(self, field: str) -> Column | None:
        """Return how a field is filled from the file, or None when only a default is given or nothing."""
        found = self.columns.get(field)
        return Column(column=found) if isinstance(found, str) else found

    def fills(self, field: str) -> bool:
        """True when the mapping says anything of a field."""
        return field in self.columns or field in self.defaults


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file; raises `MappingInvalid` naming the key."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MappingInvalid(path.name, "larger than 1 MB")
        return parse_mapping(path.read_text(encoding="utf-8-sig"), path.name)
    except OSError as fault:
        raise MappingInvalid(path.name, f"cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise MappingInvalid(path.name, "not UTF-8") from fault


def parse_mapping(text: str, name: str = "mapping") -> Mapping:
    """Return the mapping that a TOML text says; raises `MappingInvalid` naming the key."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise MappingInvalid(name, f"not TOML: {fault}") from fault
    said = flattened(said)
    columns = said.get("columns")
    for field, column in columns.items() if isinstance(columns, dict) else ():
        _convert(column, str | Column, f"columns.{field}")  # one by one: msgspec does not name the key of a dict
    return cast("Mapping", _convert(said, Mapping, name))


def _convert(said: Any, shape: Any, name: str) -> Any:
    try:
        return msgspec.convert(said, shape)
    except msgspec.ValidationError as fault:
        why, _, where = str(fault).partition(" - at `$")
        path = where.rstrip("`").lstrip(".")
        whole = f"{name}.{path}" if path and name.startswith("columns.") else path or name
        raise MappingInvalid(whole, why) from fault


def check_mapping(mapping: Mapping, kind: ImportKind) -> None:
    """Raise `MappingInvalid` for what a well-formed mapping of this kind still cannot mean."""
    if mapping.kind is not None and mapping.kind is not kind:
        raise MappingInvalid("kind", f"the mapping is for {mapping.kind}, the import is of {kind}")
    known = FIELDS[kind] | declared_fields(kind, (*mapping.columns, *mapping.defaults, *mapping.values))
    for part, names in (("columns", mapping.columns), ("defaults", mapping.defaults), ("values", mapping.values)):
        for name in names:
            if name not in known:
                raise MappingInvalid(f"{part}.{name}", f"{kind} have no such field; they have: {', '.join(known)}")
    for name, field in known.items():
        if field.needed and not mapping.fills(name):
            raise MappingInvalid(f"columns.{name}", f"{kind} cannot do without it")
    for name in mapping.columns:
        column = mapping.column(name)
        if column is not None:
            _check_column(f"columns.{name}", column, known[name].shape)
    _check_rest(mapping, kind)


def _check_column(where: str, column: Column, shape: Shape) -> None:
    sources = [key for key in ("column", "columns", "template", "constant") if getattr(column, key) not in (None, ())]
    if len(sources) != 1:
        raise MappingInvalid(where, "say exactly one of column, columns, template, constant")
    given: set[str] = set(msgspec.to_builtins(column)) - {"column", "columns", "template", "constant"}
    misplaced = sorted(given - OPTIONS[shape])
    if misplaced:
        raise MappingInvalid(f"{where}.{misplaced[0]}", f"means nothing for a field of the shape {shape.value}")
    if column.time is not None and column.minutes is not None:
        raise MappingInvalid(f"{where}.minutes", "say time or minutes, not both")
    if len(column.columns) > 1 and shape not in (
        Shape.TEXT,
        Shape.LIST,
        Shape.AMOUNT,
        Shape.DAY,
        Shape.INSTANT,
        Shape.PRODUCT,
        Shape.DECLARED,
    ):
        raise MappingInvalid(f"{where}.columns", f"several columns mean nothing for a field of the shape {shape.value}")
    if column.when is not None:
        _check_condition(f"{where}.when", column.when)


def _check_condition(where: str, condition: Condition | Skip) -> None:
    if all(getattr(condition, key) is None for key in ("in_", "not_in", "starts_with", "contains", "empty")):
        raise MappingInvalid(where, "say one of in, not_in, starts_with, contains, empty")


def _check_rest(mapping: Mapping, kind: ImportKind) -> None:
    for number, skip in enumerate(mapping.skip):
        _check_condition(f"skip[{number}]", skip)
    if mapping.timezone is not None:
        try:
            zone_of(mapping.timezone)
        except Invalid as fault:
            raise MappingInvalid("timezone", str(fault.facts["why"])) from fault
    if mapping.delimiter != "auto" and len(mapping.delimiter) != 1:
        raise MappingInvalid("delimiter", "one character, or auto")
    if not 0 <= mapping.header_row <= 100:  # noqa: PLR2004  # a title block is a few rows
        raise MappingInvalid("header_row", "0 (no header) to 100")
    if mapping.keep and kind is not ImportKind.APPOINTMENTS:
        raise MappingInvalid("keep", "only appointments know it")
    _check_keep(mapping.keep)


KEEPABLE: Final = ("starts_at", "precision", "status", "booked_at", "cancelled_at")
"""Fields of a stored appointment that a later file may leave alone."""


def _check_keep(keep: tuple[str, ...]) -> None:
    for name in keep:
        if name not in KEEPABLE:
            raise MappingInvalid("keep", f"{name} cannot be kept; these can: {', '.join(KEEPABLE)}")
