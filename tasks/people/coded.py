"""Things that a merchant's systems know by a code (levels, sources, attributes, categories, products): one way to store, list, change and switch them off."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from tasks.kernel.errors import FlowError, Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.paging import CursorGarbled, Page, decode_cursor, encode_cursor
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.people.batches import columns, refused, tuples

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)
Key = tuple[str, ...]


class EntryChanged(FlowError):
    """Somebody changed the entry after it was read."""

    code = "entry-changed"
    status = 412
    zh = "该条目已被修改，请刷新后重试"
    en = "The entry was changed meanwhile; refresh and try again"


@dataclass(frozen=True)
class Sheet(Generic[T, R]):
    """A table of things with a code, an `active` flag and an `etag`.

    Attributes:
        table: its name.
        what: what one of them is called, as `NotFound` says it.
        fields: its own columns with their types, in the order of `values`; the key's among them.
        values: what an item is stored as; raises `Invalid` naming the field.
        row: how one is listed; its fields are columns.
        key: the columns that make it one, beside the merchant.
        fixed: columns that keep their first value, whatever is sent.
        conflict: the unique key, as `on conflict` takes it.
        has_id: it has an id beside its code.
    """

    table: str
    what: str
    fields: tuple[tuple[str, str], ...]
    values: Callable[[T], tuple[Any, ...]]
    row: type[R]
    key: Key = ("code",)
    fixed: tuple[str, ...] = ()
    conflict: str = "(merchant_id, code)"
    has_id: bool = False

    def key_of(self, values: Sequence[Any]) -> Key:
        """Return the key within stored values."""
        return tuple(values[place] for place in self._places(self.key))

    def fixed_of(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return what must not differ from what is stored."""
        return tuple(values[place] for place in self._places(self.fixed))

    def _places(self, names: Sequence[str]) -> list[int]:
        every = [name for name, _ in self.fields]
        return [every.index(name) for name in names]

    @cached_property
    def upsert(self) -> str:
        """The statement that stores rows, changing only those that differ; returns the keys that were written."""
        free = [name for name, _ in self.fields if name not in (*self.key, *self.fixed)]
        same = "".join(f" and p.{name} = excluded.{name}" for name in self.fixed)
        return (
            f"{self._insert} on conflict {self.conflict} do update set {', '.join(f'{name} = excluded.{name}' for name in free)}, etag = p.etag + 1 "
            f"where ({_listed('p', free)}) is distinct from ({_listed('excluded', free)}){same} returning {_listed('p', self.key)}"
        )

    @cached_property
    def insert(self) -> str:
        """The statement that stores rows whose key is new; returns the keys that were written."""
        return f"{self._insert} on conflict {self.conflict} do nothing returning {_listed('p', self.key)}"

    @property
    def _insert(self) -> str:
        names = ", ".join(name for name, _ in self.fields)
        casts = ", ".join(f"cast(:{name} as {'text' if kind == 'jsonb' else kind}[])" for name, kind in self.fields)
        picked = ", ".join(f"cast(u.{name} as jsonb)" if kind == "jsonb" else f"u.{name}" for name, kind in self.fields)
        name, pick, cast = ("id, ", "u.id, ", "cast(:ids as uuid[]), ") if self.has_id else ("", "", "")
        return (
            f"insert into {self.table} as p (merchant_id, {name}{names}) select :merchant, {pick}{picked} "
            f"from unnest({cast}{casts}) as u({name}{names})"
        )

    @cached_property
    def read_back(self) -> str:
        """The statement that returns key, id and fixed columns of stored keys."""
        kinds = dict(self.fields)
        casts = ", ".join(f"cast(:{name} as {kinds[name]}[])" for name in self.key)
        wanted = _listed("p", (*self.key, *(("id",) if self.has_id else ()), *self.fixed))
        on = " and ".join(f"p.{name} = u.{name}" for name in self.key)
        return (
            f"select {wanted} from unnest({casts}) as u({', '.join(self.key)}) join {self.table} p on {on} "
            "where p.merchant_id = :merchant"
        )

    @cached_property
    def select(self) -> str:
        """The start of a statement that returns rows as they are listed."""
        return f"select {', '.join(self.row.__struct_fields__)} from {self.table} p where p.merchant_id = :merchant"

    def this(self) -> str:
        """Return the condition that a row is the one of a key; binds are named after the key's columns."""
        return " and ".join(f"p.{name} = cast(:{name} as text)" for name in self.key)

    def bound(self, key: Key) -> Mapping[str, str]:
        """Return the binds of a key."""
        return dict(zip(self.key, key, strict=True))


def _listed(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


async def upsert_coded(unit: Unit, sheet: Sheet[T, R], items: Sequence[T]) -> list[ItemVerdict]:
    """Store items by code, a batch at a time; one verdict per item, in order, and of several items with one code the last counts.

    A refused item names its field and costs the others nothing. Rows are written in the order of their keys, so that two batches wait in one direction.
    """
    rows: dict[Key, tuple[Any, ...]] = {}
    keys: dict[int, Key] = {}
    verdicts = []
    for place, item in enumerate(items):
        try:
            values = sheet.values(item)
        except Invalid as fault:
            verdicts.append(refused(place, fault))
            continue
        keys[place] = sheet.key_of(values)
        rows[keys[place]] = values
    if not rows:
        return verdicts
    written = await _write(unit, sheet, rows, sheet.upsert)
    stored = await _stored(unit, sheet, rows)
    for place, key in keys.items():
        found = stored.get(key, ())
        row_id, fixed = (found[0], found[1:]) if sheet.has_id else (None, found)
        wrong = _moved(sheet, fixed, sheet.fixed_of(sheet.values(items[place])))
        if wrong is not None:
            verdicts.append(refused(place, wrong))
        else:
            verdicts.append(ItemVerdict(place, Taken.ACCEPTED if key in written else Taken.DUPLICATE, id=row_id))
    return sorted(verdicts, key=lambda verdict: verdict.index)


def _moved(sheet: Sheet[T, R], stored: Sequence[Any], said: Sequence[Any]) -> Invalid | None:
    for name, before, after in zip(sheet.fixed, stored, said, strict=False):
        if before != after:
            return Invalid(name, "cannot change once it is stored")
    return None


async def _write(unit: Unit, sheet: Sheet[T, R], rows: Mapping[Key, tuple[Any, ...]], statement: str) -> set[Key]:
    ordered = [rows[key] for key in sorted(rows)]
    binds: dict[str, Any] = dict(
        zip((name for name, _ in sheet.fields), columns(ordered, len(sheet.fields)), strict=True)
    )
    if sheet.has_id:
        binds["ids"] = [new_id() for _ in ordered]
    return {tuple(row) for row in await tuples(unit, statement, **binds)}


async def _stored(unit: Unit, sheet: Sheet[T, R], keys: Mapping[Key, Any]) -> dict[Key, tuple[Any, ...]]:
    if not sheet.has_id and not sheet.fixed:
        return {}
    binds = dict(zip(sheet.key, columns(keys, len(sheet.key)), strict=True))
    width = len(sheet.key)
    return {tuple(row[:width]): tuple(row[width:]) for row in await tuples(unit, sheet.read_back, **binds)}


async def list_coded(unit: Unit, sheet: Sheet[T, R], limit: int, cursor: str | None = None) -> Page[R]:
    """Return a page in the order of the key, those switched off too. Raises `CursorGarbled`."""
    after = ""
    binds: dict[str, Any] = {}
    if cursor is not None:
        binds = dict(sheet.bound(_cursor_key(sheet, cursor)))
        after = f" and ({_listed('p', sheet.key)}) > ({', '.join(f'cast(:{name} as text)' for name in sheet.key)})"
    rows = await unit.rows(
        f"{sheet.select}{after} order by {_listed('p', sheet.key)} limit :limit", limit=limit + 1, **binds
    )
    found = [_row(sheet, dict(row)) for row in rows[:limit]]
    last = [getattr(found[-1], name) for name in sheet.key] if len(rows) > limit else None
    return Page(found, encode_cursor(last) if last else None)


def _cursor_key(sheet: Sheet[T, R], cursor: str) -> Key:
    key = decode_cursor(cursor, tuple[str, ...])
    if len(key) != len(sheet.key) or any("\0" in part for part in key):
        raise CursorGarbled(field="cursor")
    return key


def _row(sheet: Sheet[T, R], values: dict[str, Any]) -> R:
    said = {one.encode_name: values[one.name] for one in msgspec.structs.fields(sheet.row)}
    return msgspec.convert(said, sheet.row)


async def get_coded(unit: Unit, sheet: Sheet[T, R], key: Key) -> R:
    """Return one; raises `NotFound`."""
    row = await unit.row(f"{sheet.select} and {sheet.this()}", **sheet.bound(key))
    if row is None:
        raise NotFound(what=sheet.what)
    return _row(sheet, dict(row))


async def create_coded(unit: Unit, sheet: Sheet[T, R], item: T) -> R | None:
    """Store a new one; returns None when there is one of this code. Raises `Invalid`."""
    values = sheet.values(item)
    key = sheet.key_of(values)
    if not await _write(unit, sheet, {key: values}, sheet.insert):
        return None
    return await get_coded(unit, sheet, key)


async def replace_coded(unit: Unit, sheet: Sheet[T, R], item: T, etag: int | None) -> R:
    """Replace what is stored under the item's code, if it is still the version `etag` (None: whichever). Raises `Invalid`, `NotFound`, `EntryChanged`."""
    values = sheet.values(item)
    key = sheet.key_of(values)
    await _lock(unit, sheet, key, etag)
    stored = await _stored(unit, sheet, {key: values})
    fixed = stored[key][int(sheet.has_id) :] if stored else ()
    wrong = _moved(sheet, fixed, sheet.fixed_of(values))
    if wrong is not None:
        raise wrong
    await _write(unit, sheet, {key: values}, sheet.upsert)
    return await get_coded(unit, sheet, key)


async def deactivate_coded(unit: Unit, sheet: Sheet[T, R], key: Key, etag: int | None) -> R:
    """Switch one off: it stays where it is used and is offered no more. Raises `NotFound`, `EntryChanged`."""
    await _lock(unit, sheet, key, etag)
    await unit.run(
        f"update {sheet.table} p set active = false, etag = etag + 1 where p.merchant_id = :merchant and p.active and {sheet.this()}",
        **sheet.bound(key),
    )
    return await get_coded(unit, sheet, key)


async def _lock(unit: Unit, sheet: Sheet[T, R], key: Key, etag: int | None) -> None:
    found = await unit.scalar(
        f"select p.etag from {sheet.table} p where p.merchant_id = :merchant and {sheet.this()} for no key update",
        **sheet.bound(key),
    )
    if found is None:
        raise NotFound(what=sheet.what)
    if etag is not None and found != etag:
        raise EntryChanged(field="If-Match")
