"""A batch of customers on its way in: checked, folded per external id, codes resolved; and what each would store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from msgspec import msgpack, structs

from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict
from tasks.kernel.zones import local_day
from tasks.people.attributes import Declared, Stored, declared, read_values
from tasks.people.batches import Unknown, refused
from tasks.people.inputs import CustomerIn
from tasks.people.lookups import StoreRef, customer_index, merchant_zone, staff_ids, store_refs
from tasks.people.rules import check_customer, merged
from tasks.people.seals import CustomerSeal, new_salt
from tasks.people.states import AttributeAbout, BirthdayKind
from tasks.people.tagging import tag_name

PLAIN = (
    "gender",
    "birthday_on",
    "birthday_kind",
    "source",
    "level",
    "home_store_id",
    "customer_since_on",
    "anonymous",
    "internal",
)
"""The columns of a customer that are not sealed, in the order of `Draft.plain`."""


@dataclass
class Draft:
    """One customer of the batch.

    Attributes:
        item: all that the batch says of her.
        places: which items said it.
        index: blind index of the external id.
        phones: normalised numbers the batch names.
        id: hers, new or stored.
        salt: hers, new or stored.
        stored: the row as it is, None when she is new.
        seal: what the blob will hold.
        plain: the values of `PLAIN`.
        attributes: values of declared fields by id; None takes one away.
    """

    item: CustomerIn
    places: list[int]
    index: UUID
    phones: tuple[str, ...]
    home_store_id: UUID | None
    id: UUID = field(default_factory=new_id)
    salt: bytes = field(default_factory=new_salt)
    stored: Any = None
    seal: CustomerSeal = field(default_factory=CustomerSeal)
    plain: tuple[Any, ...] = ()
    attributes: dict[UUID, Stored | None] = field(default_factory=dict)

    def settle(self) -> None:
        """Fill `seal` and `plain` for a new customer."""
        item = self.item
        self.seal = CustomerSeal(item.name, item.nickname, item.remark_name, item.external_id, item.notes)
        kind = item.birthday_kind or BirthdayKind.SOLAR
        said = (item.gender, item.birthday_on, kind, item.source, item.level, self.home_store_id)
        self.plain = (*said, item.customer_since_on, bool(item.anonymous), bool(item.internal))

    def meet(self, unit: Unit, row: Any) -> bool:
        """Merge into the stored row; True when that changes the row. None leaves what is stored."""
        self.id, self.salt, self.stored = row["id"], row["salt"], row
        before = msgpack.decode(unit.vault.open(self.salt, self.id, row["sealed"]), type=CustomerSeal)
        item = self.item
        said = {"name": item.name, "nickname": item.nickname, "remark_name": item.remark_name, "notes": item.notes}
        self.seal = structs.replace(before, **{name: value for name, value in said.items() if value is not None})
        stored = tuple(row[name] for name in PLAIN)
        new = {"home_store_id": self.home_store_id}
        wanted = (new.get(name, getattr(item, name, None)) for name in PLAIN)
        self.plain = tuple(old if value is None else value for old, value in zip(stored, wanted, strict=True))
        return self.plain != stored or self.seal != before


@dataclass
class Batch:
    """The drafts by external id, who their consultants are, which fields are declared (none when none is said), and the refusals so far."""

    drafts: dict[str, Draft]
    staff: dict[str, UUID]
    today: date
    verdicts: list[ItemVerdict]
    declared: dict[tuple[str, str], Declared] = field(default_factory=dict)


async def read_batch(unit: Unit, items: Sequence[CustomerIn]) -> Batch:
    """Check every item, resolve its codes, and fold items of one external id in order."""
    stores = await store_refs(unit)
    named = (code for item in items for code in (item.consultant, item.technician) if code is not None)
    staff = await staff_ids(unit, named)
    batch = Batch({}, staff, local_day(unit.now, await merchant_zone(unit)), [])
    if any(item.attributes for item in items):
        batch.declared = await declared(unit, AttributeAbout.CUSTOMER)
    for place, item in enumerate(items):
        try:
            _take(unit, batch, stores, (place, item))
        except Invalid as fault:
            batch.verdicts.append(refused(place, fault))
    return batch


def _take(unit: Unit, batch: Batch, stores: dict[str, StoreRef], numbered: tuple[int, CustomerIn]) -> None:
    place, item = numbered
    phones = check_customer(item, batch.today)
    for name, code in (("consultant", item.consultant), ("technician", item.technician)):
        if code is not None and code not in batch.staff:
            raise Unknown(name)
    if item.home_store is not None and item.home_store not in stores:
        raise Unknown("homeStore")
    home = stores[item.home_store].id if item.home_store is not None else None
    values = read_values(item.attributes, batch.declared) if item.attributes else {}
    for at, tag in enumerate(item.tags):
        if tag.strip():
            tag_name(tag, f"tags[{at}]")
    known = batch.drafts.get(item.external_id)
    if known is None:
        index = customer_index(unit, item.external_id)
        batch.drafts[item.external_id] = Draft(item, [place], index, phones, home, attributes=values)
        return
    known.attributes |= values
    known.item = merged(known.item, item)
    known.places.append(place)
    known.phones = tuple(dict.fromkeys((*known.phones, *phones)))
    known.home_store_id = home or known.home_store_id
