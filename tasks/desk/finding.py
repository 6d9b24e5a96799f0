"""Finding a customer by parts of her name and the end of her number; a look-up, never a listing."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.desk.faults import SearchesSpent
from tasks.desk.sight import REACH, stores_seen
from tasks.kernel.errors import Invalid
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.names import query_tokens
from tasks.people.phones import normalise_phone

MOST: Final = 20
"""Customers that a look-up answers with (http.md)."""
LONGEST: Final = 100
A_MINUTE: Final = 30
"""Look-ups of one staff member in a minute: typing a name with a look-up per letter fits."""
A_DAY: Final = 1_000
"""Look-ups in a day: the front desk of a full store fits, going through all endings of numbers does not."""
_TAIL: Final = 4
_PHONE: Final = 7
_DIGITS: Final = re.compile(r"[+\d\s().·-]+")


class Asked(msgspec.Struct, frozen=True):
    """What is looked for: blind indexes of parts of the name, of the ends of numbers, and of whole numbers. All must hold."""

    tokens: Sequence[UUID] = ()
    tails: Sequence[UUID] = ()
    phones: Sequence[UUID] = ()


class FoundRow(msgspec.Struct, frozen=True):
    """A customer that was found, without what is sealed; `has_task` says that somebody follows her up."""

    id: UUID
    home_store_id: UUID | None
    level: str | None
    anonymous: bool
    visit_count: int
    last_visit_on: date | None
    has_task: bool


def asked(unit: Unit, text: str) -> Asked:
    """Return what a query asks for. Raises `Invalid` for one that is too long or holds nothing to look for."""
    said = unicodedata.normalize("NFKC", text).strip()
    if len(said) > LONGEST:
        raise Invalid("q", f"at most {LONGEST} characters")
    blind = unit.vault.blind
    if _DIGITS.fullmatch(said) and sum(one.isdigit() for one in said) >= _PHONE:
        try:
            return Asked(phones=(blind("phone", normalise_phone(said)),))
        except ValueError as fault:
            raise Invalid("q", "is not a phone number") from fault
    tails = tuple(blind("tail", word) for word in said.split() if _is_tail(word))
    names = query_tokens(" ".join(word for word in said.split() if not _is_tail(word)))
    if not names and not tails:
        raise Invalid("q", "holds nothing to look for")
    return Asked(tuple(blind("name", token) for token in sorted(names)), tails)


def _is_tail(word: str) -> bool:
    return len(word) == _TAIL and word.isascii() and word.isdigit()


MOST_LOOKED_AT: Final = 3_000
"""Of a query that means more customers, the newest ones are looked at: it says too little (王), and must not cost more than others."""
_NAMED: Final = """select n.customer_id as id from customer_name_token n where n.merchant_id = :merchant and n.token = any(cast(:tokens as uuid[]))
  group by n.customer_id having count(*) = :needed"""
_ENDING: Final = (
    "select p.customer_id as id from contact_point p where p.merchant_id = :merchant and p.tail_index = :tail{n}"
)
_DIALLED: Final = (
    "select p.customer_id as id from contact_point p where p.merchant_id = :merchant and p.value_index = :phone{n}"
)
_MEANT: Final = "select m.id from ({parts}) as m order by m.id desc limit :looked"
_FIND: Final = f"""
select c.id, c.home_store_id, c.level, c.anonymous, coalesce(f.visit_count, 0) as visit_count, f.last_visit_on,
       (select true from task t where t.merchant_id = :merchant and t.customer_id = c.id and t.status in ('queued', 'open', 'in_progress', 'waiting')
          and (cast(:stores as uuid[]) is null or t.store_id = any(cast(:stores as uuid[]))) limit 1) is not null as has_task
from unnest(cast(:ids as uuid[])) as u(id) join customer c on c.merchant_id = :merchant and c.id = u.id and c.status = 'active'
left join customer_facts f on f.merchant_id = :merchant and f.customer_id = c.id
where {REACH} order by f.last_visit_on desc nulls last, c.id desc limit :most
"""


class Found(msgspec.Struct, frozen=True):
    """The customers, and whether the query means others too."""

    rows: list[FoundRow]
    more: bool


async def find(unit: Unit, scope: StaffScope, wanted: Asked, most: int = MOST) -> Found:
    """Return up to `most` customers of the own stores, who came last first."""
    parts = [_NAMED] if wanted.tokens else []
    parts += [_ENDING.format(n=n) for n in range(len(wanted.tails))]
    parts += [_DIALLED.format(n=n) for n in range(len(wanted.phones))]
    binds: dict[str, Any] = {f"tail{n}": one for n, one in enumerate(wanted.tails)}
    binds |= {f"phone{n}": one for n, one in enumerate(wanted.phones)}
    binds |= {"tokens": list(wanted.tokens), "needed": len(wanted.tokens), "looked": MOST_LOOKED_AT + 1}
    meant = await unit.rows(_MEANT.format(parts=" intersect ".join(f"({part})" for part in parts)), **binds)
    ids = [row["id"] for row in meant[:MOST_LOOKED_AT]]
    rows = await unit.structs(FoundRow, _FIND, ids=ids, stores=stores_seen(scope), most=most + 1)
    return Found(rows[:most], len(rows) > most or len(meant) > MOST_LOOKED_AT)


_COUNT: Final = """
insert into desk_search as t (merchant_id, staff_id, minute_from, in_minute, counted_on, in_day)
values (:merchant, :staff, clock_timestamp(), 1, cast(clock_timestamp() as date), 1)
on conflict (merchant_id, staff_id) do update set
  in_minute = case when t.minute_from < clock_timestamp() - interval '1 minute' then 1 else t.in_minute + 1 end,
  minute_from = case when t.minute_from < clock_timestamp() - interval '1 minute' then clock_timestamp() else t.minute_from end,
  in_day = case when t.counted_on < cast(clock_timestamp() as date) then 1 else t.in_day + 1 end,
  counted_on = cast(clock_timestamp() as date)
returning in_minute, in_day, ceil(extract(epoch from minute_from + interval '1 minute' - clock_timestamp())) as seconds,
  ceil(extract(epoch from counted_on + 1 - cast(clock_timestamp() as timestamp))) as seconds_of_day
"""


async def count_search(unit: Unit, staff_id: UUID) -> None:
    """Count a look-up, by the machine's clock. Raises `SearchesSpent` past thirty in a minute or a thousand in a day."""
    row: Any = await unit.row(_COUNT, staff=staff_id)
    if row["in_day"] > A_DAY:
        raise SearchesSpent(retry_after=max(1, int(row["seconds_of_day"])))
    if row["in_minute"] > A_MINUTE:
        raise SearchesSpent(retry_after=max(1, int(row["seconds"])))
