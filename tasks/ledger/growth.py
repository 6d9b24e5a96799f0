"""What new receipts and visits add to a customer's facts; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tasks.ledger.receipts import Head, VisitKey


@dataclass(slots=True)
class Growth:
    """The facts of new rows alone: sums, counts, firsts, lasts and the highest payment."""

    cash: int = 0
    card: int = 0
    purchases: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    highest: int = 0
    visits: int = 0
    first_on: date | None = None
    last_on: date | None = None

    def sale(self, at: datetime, cash: int, card: int) -> None:
        """Add a receipt; one whose parts are together above zero is a purchase."""
        self.cash += cash
        self.card += card
        total = cash + card
        if total > 0:
            self.purchases += 1
            if self.first_at is None or at < self.first_at:
                self.first_at = at
            if self.last_at is None or at > self.last_at:
                self.last_at = at
            self.highest = max(self.highest, total)

    def visit(self, day: date) -> None:
        """Add a visit."""
        self.visits += 1
        if self.first_on is None or day < self.first_on:
            self.first_on = day
        if self.last_on is None or day > self.last_on:
            self.last_on = day

    def row(self, customer_id: UUID) -> tuple[Any, ...]:
        """Return it as columns, after the customer's id."""
        return (
            customer_id, self.cash, self.card, self.purchases, self.first_at, self.last_at, self.highest,
            self.visits, self.first_on, self.last_on,
        )  # fmt: skip


def growths(heads: Iterable[Head], visits: Iterable[VisitKey]) -> dict[UUID, Growth]:
    """Return what new receipts and new visits add, by customer."""
    found: dict[UUID, Growth] = {}
    for head in heads:
        if head.customer_id is not None:
            mine = found.get(head.customer_id)
            if mine is None:
                found[head.customer_id] = mine = Growth()
            mine.sale(head.sold_at, head.cash_cents, head.card_cents)
    for customer_id, _, day in visits:
        mine = found.get(customer_id)
        if mine is None:
            found[customer_id] = mine = Growth()
        mine.visit(day)
    return found
