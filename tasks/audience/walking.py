"""Customers and their facts are the two tables with a row for everybody: a sweep walks one of them, and gathers what is asked of the other."""

import re
from enum import StrEnum
from typing import Final

from tasks.audience.asking import Row, Some


class Wide(StrEnum):
    """A table with a row for every customer."""

    CUSTOMER = "customer"
    """Who she is; alias `cu`."""
    FACTS = "customer_facts"
    """What the ledger says of her; alias `f`."""


OF_CUSTOMER: Final = re.compile(r"\bcu\.(?!id\b|merchant_id\b)")
"""Something of the customer's own row, beside whose it is."""
OF_FACTS: Final = re.compile(r"\bf\.")
"""Something of the facts."""
_ANY_CUSTOMER: Final = re.compile(r"\bcu\.")


def table_of(asked: Row) -> Wide | None:
    """Return which wide table a question asks; None when it asks both, or neither."""
    people, facts = OF_CUSTOMER.search(asked.sql), OF_FACTS.search(asked.sql)
    if bool(people) == bool(facts):
        return None
    return Wide.CUSTOMER if people else Wide.FACTS


def elsewhere(asked: Row, table: Wide) -> Row | Some:
    """Return the same question as one about rows of its table, for a sweep that walks the other."""
    if table is Wide.FACTS:
        if _ANY_CUSTOMER.search(asked.sql):
            return asked
        return Some("customer_facts f", "f.customer_id", "f.merchant_id", asked.sql)
    return Some("customer x", "x.id", "x.merchant_id", _ANY_CUSTOMER.sub("x.", asked.sql))
