"""What happened: the value is the ledger's, for a ledger row is an event too; the inbox hands on the same."""

from tasks.ledger.happened import Happened, Recorded

__all__ = ["Happened", "Recorded"]
