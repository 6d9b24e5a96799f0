"""Owners and managers ask whom a tree means: how many, who for instance, and why somebody."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.segments import check_seen, own_eyes
from tasks.audience.service import Counted, Explained, count_audience, explain_customer, sample_audience
from tasks.audience.tree import parse
from tasks.kernel.errors import NotFound
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import CustomerPerson, open_customers

__all__ = [
    "AudienceQuestion",
    "Counted",
    "Explained",
    "SampledCustomer",
    "count_people",
    "explain_person",
    "sample_people",
]

PATH: Final = "tree"
"""Where requests have their tree: faults are told as `tree.all[1].atMost`."""


class AudienceQuestion(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whom one asks for. `on` is a past day (store-local): the books as they stood at its end; absent: now."""

    tree: dict[str, Any] = {}
    on: date | None = None


class SampledCustomer(msgspec.Struct, frozen=True, rename="camel"):
    """One customer of an audience. Money in 分, days store-local."""

    customer_id: UUID
    name: str | None
    level: str | None
    home_store_id: UUID | None
    visit_count: int
    last_visit_on: date | None
    spend_cash_cents: int
    spend_card_cents: int


def stores_of(who: StaffScope) -> tuple[UUID, ...] | None:
    """Return the home stores whose customers somebody may ask for; None: every customer."""
    return None if who.role is Role.OWNER else who.store_ids


async def count_people(unit: Unit, who: StaffScope, asked: AudienceQuestion, locale: str) -> Counted:
    """Count whom the tree means among the customers one may see. Raises `Invalid` on the leaf, for a segment one does not see too."""
    await _check_sight(unit, who, asked)
    return await count_audience(unit, asked.tree, locale, on=asked.on, stores=stores_of(who))


_FACTS: Final = """
select customer_id, visit_count, last_visit_on, spend_cash_cents, spend_card_cents from customer_facts
where merchant_id = :merchant and customer_id = any(cast(:ids as uuid[]))
"""


async def sample_people(unit: Unit, who: StaffScope, asked: AudienceQuestion, limit: int) -> Sequence[SampledCustomer]:
    """Return some of whom the tree means, who spent most first, with what the books say of them today. Raises `Invalid` on the leaf."""
    await _check_sight(unit, who, asked)
    ids = await sample_audience(unit, asked.tree, limit, on=asked.on, stores=stores_of(who))
    people = await open_customers(unit, ids)
    facts = {row["customer_id"]: row for row in await unit.rows(_FACTS, ids=ids)}
    return [_sampled(people[one], facts[one]) for one in ids]


def _sampled(person: CustomerPerson, facts: Any) -> SampledCustomer:
    return SampledCustomer(
        customer_id=person.id,
        name=person.called,
        level=person.level,
        home_store_id=person.home_store_id,
        visit_count=facts["visit_count"],
        last_visit_on=facts["last_visit_on"],
        spend_cash_cents=facts["spend_cash_cents"],
        spend_card_cents=facts["spend_card_cents"],
    )


async def explain_person(
    unit: Unit, who: StaffScope, asked: AudienceQuestion, customer_id: UUID, locale: str
) -> Explained:
    """Say node by node why a customer is in or out. Raises `NotFound` for a customer of another store, `Invalid` on the leaf."""
    await _check_sight(unit, who, asked)
    stores = stores_of(who)
    person = (await open_customers(unit, [customer_id])).get(customer_id)
    if person is None or (stores is not None and person.home_store_id not in (None, *stores)):
        raise NotFound(what="客户/customer", field="customerId")
    return await explain_customer(unit, asked.tree, customer_id, locale, on=asked.on)


async def _check_sight(unit: Unit, who: StaffScope, asked: AudienceQuestion) -> None:
    await check_seen(unit, who, parse(asked.tree, PATH), own_eyes(who))
