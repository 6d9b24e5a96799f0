"""Which days to suggest, and which variant comes first. Pure."""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from scripts.catalog import Variant

SUGGESTED: Final = 2
"""Days in a closing: 二选一."""
SEARCH_DAYS: Final = 30
"""A day further ahead than this is no suggestion."""
_HASHES: Final = 16**8
_DAYS: Final = re.compile(r"([+-]\d+)d")


class Duty(msgspec.Struct, frozen=True):
    """When an employee works at a store: the roster's own words, then leave, then the store's opening days."""

    store_id: UUID
    is_open: Callable[[date], bool]
    roster: dict[date, tuple[bool, UUID | None]] = {}
    leave: Collection[tuple[date, date]] = ()

    def works(self, day: date) -> bool:
        """Say whether the customer would meet the employee at the store on the day."""
        if not self.is_open(day) or any(first <= day <= last for first, last in self.leave):
            return False
        works, store_id = self.roster.get(day, (True, None))
        return works and store_id in {None, self.store_id}


def suggested(duty: Duty, today: date) -> list[date]:
    """Return the next two days after today on which the employee works at the store; fewer when there are none within a month."""
    days = (today + timedelta(days=ahead) for ahead in range(1, SEARCH_DAYS + 1))
    found: list[date] = []
    for day in days:
        if duty.works(day):
            found.append(day)
        if len(found) == SUGGESTED:
            break
    return found


def fitting(variants: Sequence[Variant], step: str | None, weights: Mapping[str, int]) -> list[Variant]:
    """Return the variants for a step (`+7d`, `cycle`; None: a step nobody writes for), with the plan's own weights; a weight of 0 leaves one out.

    Those written for any step fit, and those written for this one; where nothing is, for the nearest number of days before it.
    """
    written = _written(variants, step)
    fit = [each for each in variants if each.when is None or each.when == written]
    weighed = [msgspec.structs.replace(each, weight=weights.get(each.key, each.weight)) for each in fit]
    return [each for each in weighed if each.weight]


def _written(variants: Sequence[Variant], step: str | None) -> str | None:
    days = _days(step)
    known = {each.when for each in variants if each.when is not None}
    if step in known or days is None:
        return step
    earlier = [(found, when) for when in known if (found := _days(when)) is not None and found <= days]
    return max(earlier)[1] if earlier else step


def _days(step: str | None) -> int | None:
    found = _DAYS.fullmatch(step or "")
    return int(found[1]) if found else None


def ordered(variants: Sequence[Variant], enrolment_id: UUID) -> list[Variant]:
    """Return the variants with the enrolment's own first: a stable draw by weight, so that A/B stays what it was however often it is shown.

    Messages are drawn before phone texts, and a text that can say her name before one that cannot.
    """
    drawn_from = _best([each for each in variants if each.channel == "wechat"] or list(variants))
    chosen = _draw(drawn_from, enrolment_id)
    return [*([chosen] if chosen else []), *(each for each in variants if each is not chosen)]


def _best(variants: Sequence[Variant]) -> Sequence[Variant]:
    return [each for each in variants if "nickname" in each.script.needs] or variants


def _draw(variants: Sequence[Variant], enrolment_id: UUID) -> Variant | None:
    total = sum(each.weight for each in variants)
    ticket = int(hashlib.md5(enrolment_id.bytes, usedforsecurity=False).hexdigest()[:8], 16) * total // _HASHES
    for each in variants:
        ticket -= each.weight
        if ticket < 0:
            return each
    return None
