"""A merchant's own outcomes: each has a code, names, and the built-in outcome that it behaves as."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tasks.callbacks.reasons import check_words
from tasks.callbacks.tables import Outcome
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.people.coded import Sheet
from tasks.people.traits import check_code

BUILT_IN: Final = frozenset(outcome.value for outcome in Outcome)


class OutcomeCodeSaid(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A merchant's own outcome without its code. `behaviour` stays what it was first: statistics see it. Smaller `rank` first, built-in ones have 0."""

    behaviour: Outcome
    name: str
    name_en: str = ""
    rank: int = 0
    active: bool = True


class OutcomeCodeIn(OutcomeCodeSaid, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A merchant's own outcome, upserted by `code`."""

    code: str


class OutcomeCodeRow(OutcomeCodeIn, frozen=True, kw_only=True, rename="camel"):
    """A merchant's own outcome as it is stored; `etag` is what `If-Match` takes."""

    etag: int


def _values(item: OutcomeCodeIn) -> tuple[Any, ...]:
    check_code(item.code)
    if item.code in BUILT_IN:
        raise Invalid("code", "is our own")
    check_words(item.name, item.name_en, item.rank)
    return item.code, item.behaviour.value, item.name, item.name_en, item.rank, item.active


OUTCOME_CODES: Final[Sheet[OutcomeCodeIn, OutcomeCodeRow]] = Sheet(
    table="outcome_code",
    what="结果/outcome",
    fields=(
        ("code", "text"),
        ("behaviour", "text"),
        ("name", "text"),
        ("name_en", "text"),
        ("rank", "int"),
        ("active", "bool"),
    ),
    values=_values,
    row=OutcomeCodeRow,
    fixed=("behaviour",),
)


async def behaves_as(unit: Unit, code: str) -> tuple[Outcome, str | None]:
    """Return what a code behaves as, and the code when it is the merchant's own.

    One that is switched off counts: a phone that was offline may still send it. Raises `Invalid` for a code that nobody ever had.
    """
    if code in BUILT_IN:
        return Outcome(code), None
    found = await unit.scalar(
        "select behaviour from outcome_code where merchant_id = :merchant and code = :code", code=code
    )
    if found is None:
        raise Invalid("outcome", "is not known")
    return Outcome(found), code


class OwnOutcome(msgspec.Struct, frozen=True):
    """A merchant's outcome as the app offers it."""

    code: str
    behaviour: Outcome
    label: str
    rank: int


async def offered_codes(unit: Unit, locale: str) -> Sequence[OwnOutcome]:
    """Return the merchant's outcomes that are in use, in their order."""
    rows = await unit.rows(
        "select code, behaviour, name, name_en, rank from outcome_code where merchant_id = :merchant and active order by rank, code"
    )
    english = locale.startswith("en")
    return [
        OwnOutcome(
            row["code"], Outcome(row["behaviour"]), (row["name_en"] if english else "") or row["name"], row["rank"]
        )
        for row in rows
    ]
