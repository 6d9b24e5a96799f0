"""Which lane an item goes to, and how many rows go in together."""

from collections import Counter

import pytest

from backend.imports.books import Books, Catalogue
from backend.imports.dealing import Dealer
from backend.imports.decoders import Decoded
from backend.imports.kinds import ImportKind
from backend.imports.mapping import parse_mapping
from backend.imports.service import CHUNK, LONG, LONG_CHUNK, chunk_size
from tasks.ledger.inputs import SaleIn
from tests.support.clock import shanghai

AT = shanghai("2026-03-01 11:00")


def dealt(customers: list[str | None], rows: int) -> list[tuple[str | None, int]]:
    """Customer and lane of receipts of so many rows each."""
    made = parse_mapping('kind = "sales"\n[columns]\nexternal_id = "no"\nat = "at"\n')
    dealer = Dealer(1_000_000, 3, Books(made, {"S1": "Asia/Shanghai"}, "S1", "Asia/Shanghai", Catalogue()))
    for at, customer in enumerate(customers):
        item = SaleIn(external_id=f"R{at}", store="S1", at=AT, customer=customer)
        dealer.take(Decoded(item, AT, "Asia/Shanghai"), tuple((1 + at * rows + n, []) for n in range(rows)))
    return [(draft.item.customer, chunk.lane) for chunk in dealer.rest() for draft in chunk.drafts]


@pytest.mark.parametrize("rows", [1, 2, 3, 6])
def test_what_is_nobodys_goes_to_each_lane_in_turn(rows: int) -> None:
    lanes = Counter(lane for _, lane in dealt([None] * 300, rows))
    assert lanes == {0: 100, 1: 100, 2: 100}


def test_one_customer_stays_in_one_lane() -> None:
    found = dealt([f"C{n % 40}" for n in range(400)], 2)
    assert len(set(found)) == 40
    assert {lane for _, lane in found} == {0, 1, 2}


def test_long_files_of_sales_go_in_by_larger_chunks() -> None:
    assert [chunk_size(ImportKind.SALES, rows) for rows in (0, LONG - 1, LONG)] == [CHUNK, CHUNK, LONG_CHUNK]
    assert chunk_size(ImportKind.VISITS, LONG) == CHUNK
