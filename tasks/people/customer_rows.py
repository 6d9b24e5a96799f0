"""Every statement that writes customers, a batch at a time."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.people.batches import columns, tuples
from tasks.people.drafts import Draft
from tasks.people.seals import packed
from tasks.people.states import CareRole

_ROWS = """unnest(cast(:ids as uuid[]), cast(:sealed as bytea[]), cast(:gender as text[]), cast(:birthday as date[]), cast(:calendar as text[]),
  cast(:source as text[]), cast(:level as text[]), cast(:home as uuid[]), cast(:since as date[]), cast(:anonymous as bool[]),
  cast(:internal as bool[]), cast(:indexes as uuid[]), cast(:salts as bytea[]))
  as u(id, sealed, gender, birthday_on, birthday_kind, source, level, home_store_id, customer_since_on, anonymous, internal, external_index, salt)"""
_NAMES = (
    "ids",
    "sealed",
    "gender",
    "birthday",
    "calendar",
    "source",
    "level",
    "home",
    "since",
    "anonymous",
    "internal",
)


def _values(unit: Unit, drafts: Iterable[Draft]) -> dict[str, list[Any]]:
    seal = unit.vault.seal
    rows = [(d.id, seal(d.salt, d.id, packed(d.seal)), *d.plain, d.index, d.salt) for d in drafts]
    return dict(zip((*_NAMES, "indexes", "salts"), columns(rows, len(_NAMES) + 2), strict=True))


async def lock_stored(unit: Unit, indexes: Sequence[UUID]) -> dict[UUID, Any]:
    """Lock the customers of these blind indexes in id order and return their rows by index; erased ones have no salt."""
    rows = await unit.rows(
        """select id, external_index, sealed, salt, gender, birthday_on, birthday_kind, source, level, home_store_id,
                  customer_since_on, anonymous, internal
           from customer where merchant_id = :merchant and external_index = any(cast(:indexes as uuid[]))
           order by id for no key update""",
        indexes=list(indexes),
    )
    return {row["external_index"]: row for row in rows}


async def known_indexes(unit: Unit, indexes: Sequence[UUID]) -> set[UUID]:
    """Return those of the blind indexes that have a customer."""
    rows = await unit.rows(
        "select external_index from customer where merchant_id = :merchant and external_index = any(cast(:indexes as uuid[]))",
        indexes=list(indexes),
    )
    return {row["external_index"] for row in rows}


async def insert_customers(unit: Unit, drafts: Sequence[Draft]) -> set[UUID]:
    """Insert new customers with their contact-state and facts rows; returns the ids that are in: another batch may have been first with some.

    The drafts must come in the order of their blind index, so that two batches with the same new customers wait for each other in one direction.
    """
    if not drafts:
        return set()
    rows = await unit.rows(
        f"""insert into customer (merchant_id, id, external_index, sealed, salt, gender, birthday_on, birthday_kind, source, level, home_store_id,
                                  customer_since_on, anonymous, internal, created_at)
            select :merchant, id, external_index, sealed, salt, gender, birthday_on, birthday_kind, source, level, home_store_id,
                   customer_since_on, anonymous, internal, :now from {_ROWS}
            on conflict (external_index, merchant_id) where external_index is not null do nothing returning id""",
        **_values(unit, drafts),
    )
    ids = sorted(row["id"] for row in rows)
    for table in ("customer_contact_state", "customer_facts"):
        await unit.run(
            f"insert into {table} (merchant_id, customer_id) select :merchant, id from unnest(cast(:ids as uuid[])) as u(id)",
            ids=ids,
        )
    return set(ids)


async def consent_to_person(unit: Unit, ids: Sequence[UUID], source: str) -> None:
    """Record that new customers may be contacted by a person; automatic marketing is not given."""
    await unit.run(
        """insert into consent (merchant_id, id, customer_id, kind, granted, source, at)
           select :merchant, id, customer_id, 'person', true, :source, :now
           from unnest(cast(:ids as uuid[]), cast(:customers as uuid[])) as u(id, customer_id)""",
        ids=new_ids(len(ids)),
        customers=list(ids),
        source=source,
    )


async def update_customers(unit: Unit, drafts: Sequence[Draft]) -> None:
    """Write drafts that met a stored row."""
    if drafts:
        await unit.run(
            f"""update customer c set sealed = u.sealed, gender = u.gender, birthday_on = u.birthday_on, birthday_kind = u.birthday_kind,
                  source = u.source, level = u.level, home_store_id = u.home_store_id, customer_since_on = u.customer_since_on,
                  anonymous = u.anonymous, internal = u.internal
                from {_ROWS} where c.merchant_id = :merchant and c.id = u.id""",
            **_values(unit, drafts),
        )


async def replace_tokens(unit: Unit, tokens: Sequence[tuple[UUID, UUID]], changed: Sequence[UUID]) -> None:
    """Write name tokens (customer, token); `changed` are customers whose old ones go first."""
    if changed:
        await unit.run(
            "delete from customer_name_token where merchant_id = :merchant and customer_id = any(cast(:changed as uuid[]))",
            changed=list(changed),
        )
    if tokens:
        customers, values = columns(tokens, 2)
        await unit.run(
            """insert into customer_name_token (merchant_id, customer_id, token)
               select :merchant, * from unnest(cast(:customers as uuid[]), cast(:tokens as uuid[]))""",
            customers=customers,
            tokens=values,
        )


async def add_contact_points(unit: Unit, rows: Sequence[tuple[Any, ...]]) -> set[UUID]:
    """Add (id, customer, kind, value index, tail index, sealed) rows that are not there; returns customers that got one.

    A customer with a new number is no wrong number any more.
    """
    if not rows:
        return set()
    ids, customers, kinds, values, tails, sealed = columns(rows, 6)
    added = await unit.rows(
        """insert into contact_point (merchant_id, id, customer_id, kind, value_index, tail_index, sealed, created_at)
           select :merchant, u.*, :now from unnest(cast(:ids as uuid[]), cast(:customers as uuid[]), cast(:kinds as text[]),
             cast(:indexes as uuid[]), cast(:tails as uuid[]), cast(:sealed as bytea[])) as u
           on conflict (customer_id, kind, value_index, merchant_id) do nothing returning customer_id, kind""",
        ids=ids,
        customers=customers,
        kinds=kinds,
        indexes=values,
        tails=tails,
        sealed=sealed,
    )
    dialled = sorted({row["customer_id"] for row in added if row["kind"] == "phone"})
    await unit.run(
        """update customer_contact_state set wrong_number_at = null
           where merchant_id = :merchant and customer_id = any(cast(:ids as uuid[])) and wrong_number_at is not null""",
        ids=dialled,
    )
    return {row["customer_id"] for row in added}


async def hand_over(unit: Unit, role: CareRole, pairs: Sequence[tuple[UUID, UUID]], on: date) -> set[UUID]:
    """Make `staff` look after `customer` in the role from that day; whoever did until now is closed. Returns customers for whom that is new."""
    if not pairs:
        return set()
    customers, staff = columns(pairs, 2)
    current = await unit.rows(
        """select customer_id, staff_id from customer_staff where merchant_id = :merchant and role = :role and category is null
             and to_on is null and customer_id = any(cast(:customers as uuid[]))""",
        role=role,
        customers=customers,
    )
    held = {row["customer_id"]: row["staff_id"] for row in current}
    changed = [(customer, one) for customer, one in zip(customers, staff, strict=True) if held.get(customer) != one]
    if not changed:
        return set()
    customers, staff = columns(changed, 2)
    await unit.run(
        """update customer_staff set to_on = greatest(from_on, cast(:on as date))
           where merchant_id = :merchant and role = :role and category is null and to_on is null and customer_id = any(cast(:customers as uuid[]))""",
        role=role,
        on=on,
        customers=customers,
    )
    await unit.run(
        """insert into customer_staff (merchant_id, id, customer_id, staff_id, role, from_on)
           select :merchant, u.id, u.customer_id, u.staff_id, :role, cast(:on as date)
           from unnest(cast(:ids as uuid[]), cast(:customers as uuid[]), cast(:staff as uuid[])) as u(id, customer_id, staff_id)""",
        role=role,
        on=on,
        ids=new_ids(len(changed)),
        customers=customers,
        staff=staff,
    )
    return set(customers)


async def tags_of(unit: Unit, ids: Sequence[UUID]) -> set[tuple[UUID, str]]:
    """Return (customer, name of a tag) for every tag that these customers have."""
    found = await tuples(
        unit,
        """select ct.customer_id, t.name from customer_tag ct join tag t on t.merchant_id = ct.merchant_id and t.id = ct.tag_id
           where ct.merchant_id = :merchant and ct.customer_id = any(cast(:ids as uuid[]))""",
        ids=list(ids),
    )
    return {(customer_id, name) for customer_id, name in found}
