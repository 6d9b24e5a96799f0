"""Giving and taking tags, set-based: each that changes something is one row of the history.

Whoever gives or takes locks the customers' contact-state rows in id order first, so that people, imports and rules that mean the same customer come one
after the other.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.people.batches import columns, tuples
from tasks.people.contact_state import lock_contact_state
from tasks.people.states import TagHand

MOST_LETTERS: Final = 40
"""Of a tag's name."""


class By(msgspec.Struct, frozen=True):
    """Who or what gives or takes: a member of staff is named, a rule, an import or another system is not."""

    hand: TagHand
    staff_id: UUID | None = None


def tag_name(text: str, path: str = "name") -> str:
    """Return a tag's name without blanks around it; raises `Invalid` on `path` when nothing or too much is left."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= MOST_LETTERS:
        raise Invalid(path, f"needs 1 to {MOST_LETTERS} letters")
    return name


_GIVE = """
with said as (select * from unnest(cast(:customers as uuid[]), cast(:tags as uuid[]), cast(:ids as uuid[])) as u(customer_id, tag_id, id)),
     given as (
         insert into customer_tag (merchant_id, customer_id, tag_id, hand, staff_id, set_at)
         select :merchant, s.customer_id, s.tag_id, :hand, cast(:staff as uuid), :now from said s
         on conflict (merchant_id, customer_id, tag_id) do update set hand = excluded.hand, staff_id = excluded.staff_id, set_at = excluded.set_at
         where customer_tag.hand = 'rule' and excluded.hand <> 'rule'
         returning customer_id, tag_id)
insert into customer_tag_history (merchant_id, id, customer_id, tag_id, tag_name, given, hand, staff_id, at)
select :merchant, s.id, g.customer_id, g.tag_id, t.name, true, :hand, cast(:staff as uuid), :now
from given g join said s on s.customer_id = g.customer_id and s.tag_id = g.tag_id
join tag t on t.merchant_id = :merchant and t.id = g.tag_id
"""
_TAKE = """
with said as (select * from unnest(cast(:customers as uuid[]), cast(:tags as uuid[]), cast(:ids as uuid[])) as u(customer_id, tag_id, id)),
     gone as (
         delete from customer_tag ct using said s
         where ct.merchant_id = :merchant and ct.customer_id = s.customer_id and ct.tag_id = s.tag_id and {whose}
         returning ct.customer_id, ct.tag_id)
insert into customer_tag_history (merchant_id, id, customer_id, tag_id, tag_name, given, hand, staff_id, at)
select :merchant, s.id, g.customer_id, g.tag_id, t.name, false, :hand, cast(:staff as uuid), :now
from gone g join said s on s.customer_id = g.customer_id and s.tag_id = g.tag_id
join tag t on t.merchant_id = :merchant and t.id = g.tag_id
"""
_OF_RULE: Final = "ct.hand = 'rule'"
_OF_PEOPLE: Final = "(ct.hand <> 'rule' or exists (select from tag r where r.merchant_id = :merchant and r.id = ct.tag_id and r.pace is null))"
"""What a living rule holds, only the rule lets go."""

Pair = tuple[UUID, UUID]
"""A customer and a tag."""


async def give(unit: Unit, pairs: Iterable[Pair], by: By) -> int:
    """Give tags to customers whose contact states are locked; returns how many changed.

    Who has a tag already keeps it as it is; but what a rule gave and a person or import gives too is from then on theirs, and no rule takes it away.
    """
    return await _write(unit, _GIVE, pairs, by)


async def take(unit: Unit, pairs: Iterable[Pair], by: By) -> int:
    """Take tags from customers whose contact states are locked; returns how many changed.

    A rule takes only what a rule gave; everybody else only what no rule holds that is still there.
    """
    return await _write(unit, _TAKE.format(whose=_OF_RULE if by.hand is TagHand.RULE else _OF_PEOPLE), pairs, by)


async def _write(unit: Unit, statement: str, pairs: Iterable[Pair], by: By) -> int:
    wanted = sorted(set(pairs))
    if not wanted:
        return 0
    customers, tags = columns(wanted, 2)
    written = await unit.run(
        statement, customers=customers, tags=tags, ids=new_ids(len(wanted)), hand=by.hand.value, staff=by.staff_id
    )
    return written.rowcount


async def give_by_name(unit: Unit, named: Sequence[tuple[UUID, tuple[str, ...]]], hand: TagHand) -> None:
    """Give each customer the tags of these names, and make the tags that are missing; blank names are none.

    Raises `Invalid` on `tags` for a name that `tag_name` refuses.
    """
    wanted = [
        (customer, tag_name(name, "tags")) for customer, names in named for name in names if name and not name.isspace()
    ]
    if not wanted:
        return
    tags = await _tags_named(unit, sorted({name for _, name in wanted}))
    known = set(await lock_contact_state(unit, (customer for customer, _ in wanted)))
    await give(unit, [(customer, tags[name]) for customer, name in wanted if customer in known], By(hand))


_NAMED = "select name, id from tag where merchant_id = :merchant and name = any(cast(:names as text[])) and name <> '' order by id for key share"
_MAKE = """
insert into tag (merchant_id, id, name, etag, created_at)
select :merchant, u.id, u.name, 1, :now from unnest(cast(:ids as uuid[]), cast(:names as text[])) as u(id, name)
on conflict (name, merchant_id) where name <> '' do nothing
"""


async def _tags_named(unit: Unit, names: Sequence[str]) -> dict[str, UUID]:
    """Return the tags of these names, locked against deletion; those that are missing are made in the order of their names."""
    found = dict(await tuples(unit, _NAMED, names=names))
    missing = [name for name in names if name not in found]
    if missing:
        await unit.run(_MAKE, ids=new_ids(len(missing)), names=missing)
        found = dict(await tuples(unit, _NAMED, names=names))
    return found
