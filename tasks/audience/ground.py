"""What a predicate is evaluated against: now, or the books as they stood at an instant."""

from dataclasses import dataclass
from datetime import date

from tasks.audience.binds import Binds
from tasks.ledger.as_of import CARD_FACTS_AS_OF, CUSTOMER_FACTS_AS_OF

_LIVE_FACTS = "join customer_facts f on f.merchant_id = cu.merchant_id and f.customer_id = cu.id"
_HELD = "h.to_on is null"
_HELD_THEN = "(h.from_on <= cast(:today as date) and (h.to_on is null or h.to_on > cast(:today as date)))"
_PAST_FACTS = f"cross join lateral ({CUSTOMER_FACTS_AS_OF}) f"


@dataclass(frozen=True)
class Ground:
    """What a predicate is evaluated against. Statements bind `:today`, `:at` and `:until`.

    Attributes:
        day: the store-local day; `:today` binds the same.
        past: the books are read as they stood at `:at`, instead of as they are.
        zone: the IANA zone whose day it is; conditions on instants need it to know where a day begins.
    """

    day: date
    past: bool = False
    zone: str = ""

    def binds(self) -> Binds:
        """Return an empty collection of values for a predicate on this ground."""
        return Binds(self.day, zone=self.zone, past=self.past)

    @property
    def facts_join(self) -> str:
        """The join that gives alias `f`."""
        return _PAST_FACTS if self.past else _LIVE_FACTS

    @property
    def card_facts(self) -> str:
        """A relation with the columns of `card_facts`."""
        return f"({CARD_FACTS_AS_OF})" if self.past else "card_facts"

    def fill(self, sql: str) -> str:
        """Return the SQL with the ground's own expressions in the place of `{today}`, `{at}`, `{until}`, `{card_facts}` and `{held}`."""
        return sql.format(
            today="cast(:today as date)",
            at="cast(:at as timestamptz)",
            until="cast(:until as timestamptz)",
            card_facts=self.card_facts,
            held=_HELD_THEN if self.past else _HELD,
        )
