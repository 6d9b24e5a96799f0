"""Opens what is sealed, for the few who may see it, and finds people without it being readable."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec import msgpack

from tasks.kernel.unit import Unit
from tasks.people.lookups import customer_ids, staff_ids
from tasks.people.names import query_tokens
from tasks.people.phones import masked, normalise_phone
from tasks.people.seals import CustomerSeal, StaffSeal
from tasks.people.states import ContactKind

__all__ = [
    "ContactPointView",
    "CustomerPerson",
    "StaffPerson",
    "contact_points",
    "contact_points_of",
    "customer_ids",
    "find_by_name",
    "find_by_phone",
    "find_by_tail",
    "open_customers",
    "open_staff",
    "staff_ids",
]

MOST_FOUND = 50
"""A look-up answers at most this many: it is no listing."""
_ACTIVE = "c.merchant_id = :merchant and c.status = 'active'"


class CustomerPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as people know her. All personal fields are None once she was erased."""

    id: UUID
    name: str | None = None
    nickname: str | None = None
    remark_name: str | None = None
    external_id: str | None = None
    notes: str | None = None
    gender: str | None = None
    level: str | None = None
    anonymous: bool = False
    home_store_id: UUID | None = None

    @property
    def called(self) -> str | None:
        """What staff call her: the remark name, else the nickname, else the name."""
        return self.remark_name or self.nickname or self.name


class StaffPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A staff member as colleagues know them."""

    id: UUID
    name: str
    phone: str | None = None
    external_id: str | None = None


class ContactPointView(msgspec.Struct, frozen=True, kw_only=True):
    """One way to reach a customer; `value` is for reveal and rendering only, lists show `masked`."""

    id: UUID
    kind: str
    value: str
    masked: str
    valid: bool
    held_by: UUID | None = None


async def open_customers(unit: Unit, ids: Sequence[UUID]) -> dict[UUID, CustomerPerson]:
    """Return the customers that exist, by id."""
    rows = await unit.rows(
        """select id, sealed, salt, gender, level, anonymous, home_store_id from customer
           where merchant_id = :merchant and id = any(cast(:ids as uuid[]))""",
        ids=list(ids),
    )
    people = {}
    for row in rows:
        seal = CustomerSeal()
        if row["salt"] is not None:
            seal = msgpack.decode(unit.vault.open(row["salt"], row["id"], row["sealed"]), type=CustomerSeal)
        people[row["id"]] = CustomerPerson(
            id=row["id"],
            name=seal.name,
            nickname=seal.nickname,
            remark_name=seal.remark_name,
            external_id=seal.external_id,
            notes=seal.notes,
            gender=row["gender"],
            level=row["level"],
            anonymous=row["anonymous"],
            home_store_id=row["home_store_id"],
        )
    return people


async def open_staff(unit: Unit, ids: Sequence[UUID]) -> dict[UUID, StaffPerson]:
    """Return the staff members that exist, by id; removed ones too, for they are named in what they did."""
    rows = await unit.rows(
        "select id, sealed, salt from staff where merchant_id = :merchant and id = any(cast(:ids as uuid[]))",
        ids=list(ids),
    )
    people = {}
    for row in rows:
        seal = msgpack.decode(unit.vault.open(row["salt"], row["id"], row["sealed"]), type=StaffSeal)
        people[row["id"]] = StaffPerson(id=row["id"], name=seal.name, phone=seal.phone, external_id=seal.external_id)
    return people


async def contact_points_of(unit: Unit, ids: Sequence[UUID]) -> dict[UUID, list[ContactPointView]]:
    """Return the contact points of each customer, valid ones and phones first; customers without any are absent."""
    rows = await unit.rows(
        """select p.customer_id, p.id, p.kind, p.sealed, p.valid, p.held_by, c.salt
           from contact_point p join customer c on c.merchant_id = p.merchant_id and c.id = p.customer_id
           where p.merchant_id = :merchant and p.customer_id = any(cast(:ids as uuid[])) and c.salt is not null
             and (p.expires_at is null or p.expires_at > :now)
           order by p.customer_id, p.valid desc, p.kind <> 'phone', p.id""",
        ids=list(ids),
    )
    found: dict[UUID, list[ContactPointView]] = {}
    for row in rows:
        value = unit.vault.open(row["salt"], row["customer_id"], row["sealed"]).decode()
        hidden = masked(value) if row["kind"] in {ContactKind.PHONE, ContactKind.VIRTUAL} else f"{value[:1]}***"
        view = ContactPointView(
            id=row["id"], kind=row["kind"], value=value, masked=hidden, valid=row["valid"], held_by=row["held_by"]
        )
        found.setdefault(row["customer_id"], []).append(view)
    return found


async def contact_points(unit: Unit, customer_id: UUID) -> list[ContactPointView]:
    """Return the customer's contact points, valid ones and phones first."""
    return (await contact_points_of(unit, [customer_id])).get(customer_id, [])


async def find_by_phone(unit: Unit, phone: str) -> list[UUID]:
    """Return the customers behind a number, in any written form; a family shares one. What is no number finds nobody."""
    try:
        index = unit.vault.blind("phone", normalise_phone(phone))
    except ValueError:
        return []
    return await _by_contact(unit, "value_index", index)


async def find_by_tail(unit: Unit, last4: str) -> list[UUID]:
    """Return the customers with a number that ends in these four digits."""
    return await _by_contact(unit, "tail_index", unit.vault.blind("tail", last4))


async def _by_contact(unit: Unit, column: str, index: UUID) -> list[UUID]:
    rows = await unit.rows(
        f"""select distinct p.customer_id from contact_point p
            join customer c on c.merchant_id = p.merchant_id and c.id = p.customer_id
            where {_ACTIVE} and p.merchant_id = :merchant and p.{column} = :index order by p.customer_id limit {MOST_FOUND}""",
        index=index,
    )
    return [row["customer_id"] for row in rows]


async def find_by_name(unit: Unit, text: str) -> list[UUID]:
    """Return the customers whose name, nickname or remark name has every part of the query."""
    tokens = [unit.vault.blind("name", token) for token in query_tokens(text)]
    if not tokens:
        return []
    rows = await unit.rows(
        f"""select t.customer_id from customer_name_token t
            join customer c on c.merchant_id = t.merchant_id and c.id = t.customer_id
            where {_ACTIVE} and t.merchant_id = :merchant and t.token = any(cast(:tokens as uuid[]))
            group by t.customer_id having count(*) = :needed order by t.customer_id limit {MOST_FOUND}""",
        tokens=tokens,
        needed=len(tokens),
    )
    return [row["customer_id"] for row in rows]
