"""What a plan offers, as its scripts say it: more points, money off, or something in the merchant's own words.

What tills may give stands in `tasks.benefits`; a plan that is made for a benefit there is written with its words.
"""

from typing import Annotated

import msgspec

from tasks.plans.shapes import Struct


class Points(Struct, frozen=True, tag_field="kind", tag="points"):
    """So many times the points, in hundredths: 200 is double."""

    multiplier: Annotated[int, msgspec.Meta(ge=101, le=2_000)]


class PercentOff(Struct, frozen=True, tag_field="kind", tag="percent_off"):
    """So many percent off: 12 is 8.8折."""

    percent: Annotated[int, msgspec.Meta(ge=1, le=99)]


class AmountOff(Struct, frozen=True, tag_field="kind", tag="amount_off"):
    """An amount (分) off."""

    off_cents: Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]


class Gift(Struct, frozen=True, tag_field="kind", tag="gift"):
    """Anything else, in the words of staff."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


Benefit = Points | PercentOff | AmountOff | Gift
"""On a plan of the calendar it holds on the day that the schedule is about."""
