from datetime import UTC, datetime

import pytest

from tasks.kernel.errors import Invalid
from tasks.ledger.inputs import EntryIn
from tasks.ledger.rules import check_entry, check_id, check_instant, entry_event, sale_event
from tasks.ledger.states import EntryKind

AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_receipt_is_a_purchase_a_refund_or_nothing() -> None:
    assert sale_event(1, 0) == sale_event(0, 1) == sale_event(-1, 2) == "purchase"
    assert sale_event(-1, 0) == sale_event(1, -2) == "refunded"
    assert sale_event(0, 0) is sale_event(5, -5) is None


def entry(kind: EntryKind, **values: object) -> EntryIn:
    return EntryIn(external_id="e", kind=kind, at=AT, **values)  # type: ignore[arg-type]  # the right types, said by a test


def test_entries_become_events() -> None:
    assert entry_event(entry(EntryKind.OPEN, principal_cents=1)) == "purchase"
    assert entry_event(entry(EntryKind.OPEN, principal_cents=1, sale="R")) is None
    assert entry_event(entry(EntryKind.OPEN, gift_cents=1)) is None
    assert entry_event(entry(EntryKind.CONSUME, uses=-1)) == "card_used"
    assert entry_event(entry(EntryKind.TOP_UP, principal_cents=1)) == "card_topped_up"
    assert entry_event(entry(EntryKind.CLOSE)) == "card_closed"
    assert entry_event(entry(EntryKind.ADJUST, principal_cents=1)) is None


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("e.principalCents", entry(EntryKind.ADJUST, principal_cents=10**16)),
        ("e.uses", entry(EntryKind.ADJUST, uses=10_001)),
        ("e.frozen", entry(EntryKind.FREEZE)),
        ("e.frozen", entry(EntryKind.ADJUST, frozen=False)),
        ("e.expiresOn", entry(EntryKind.EXTEND)),
        ("e", entry(EntryKind.CONSUME, uses=1)),
        ("e", entry(EntryKind.EXPIRE, gift_cents=1)),
        ("e", entry(EntryKind.TOP_UP, principal_cents=-1)),
        ("e", entry(EntryKind.REFUND, uses=-1)),
    ],
)
def test_entries_keep_their_sign_and_fields(field: str, bad: EntryIn) -> None:
    with pytest.raises(Invalid) as caught:
        check_entry(bad, "e")
    assert caught.value.field == field


def test_ids_and_instants() -> None:
    check_id("code", "R-1/2 中文")
    for bad in ("", "  ", "x" * 129, "a\tb", "\ud800"):
        with pytest.raises(Invalid):
            check_id("code", bad)
    check_instant("at", AT)
    for at in (AT.replace(tzinfo=None), AT.replace(year=1969)):
        with pytest.raises(Invalid):
            check_instant("at", at)
