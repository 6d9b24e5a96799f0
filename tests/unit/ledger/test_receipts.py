"""A receipt as the tables take it: every value under its own name."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from tasks.kernel.ids import new_ids
from tasks.ledger import journal
from tasks.ledger.inputs import LineIn, SaleIn
from tasks.ledger.receipts import Draft, Evidence, Head, Line, read_receipt, told_by
from tasks.ledger.refs import ProductRef, Refs
from tasks.people.lookups import CustomerRef, StoreRef
from tests.support.clock import shanghai

AT = shanghai("2026-03-01 23:30")
STORE, CUSTOMER, WALK_IN, ANN, BEN, CUT, OIL = new_ids(7)
REFS = Refs(
    {"S1": StoreRef(STORE, "Asia/Shanghai")},
    {"C1": CustomerRef(CUSTOMER, anonymous=False), "WALK_IN": CustomerRef(WALK_IN, anonymous=True)},
    {"ANN": ANN, "BEN": BEN},
    {"CUT": ProductRef(CUT, service=True), "OIL": ProductRef(OIL, service=False)},
)
SERVICE = LineIn(product="CUT", description="剪发", cash_cents=3, card_cents=4, tax_cents=5, staff=("ANN", "BEN"))
GOODS = LineIn(product="OIL", quantity=Decimal(2), cash_cents=20, requested=True)


def draft(*lines: LineIn, customer: str | None = "C1") -> Draft:
    return read_receipt(REFS, 7, SaleIn(external_id="R1", store="S1", at=AT, customer=customer, lines=lines))


def test_each_value_is_under_its_name() -> None:
    made = draft(GOODS, SERVICE)
    assert (made.external_id, made.places, made.followed, made.new) == ("R1", [7], True, False)
    assert made.head == Head(
        store_id=STORE,
        customer_id=CUSTOMER,
        sold_at=AT,
        sold_on=date(2026, 3, 1),
        cash_cents=23,
        card_cents=4,
        tax_cents=5,
    )
    service = Line(
        product_id=CUT,
        description="剪发",
        quantity=Decimal(1),
        cash_cents=3,
        card_cents=4,
        tax_cents=5,
        staff_id=ANN,
        requested=False,
        helpers=(BEN,),
    )
    assert made.lines[1] == service
    assert made.services == [service]
    assert made.lines[0].requested
    assert made.visit == (CUSTOMER, STORE, date(2026, 3, 1))


def test_its_event_has_the_first_person_named() -> None:
    made = draft(GOODS, SERVICE)
    made.id = UUID(int=9)
    assert made.entry() == journal.Entry(
        type="purchase",
        ledger_id=UUID(int=9),
        customer_id=CUSTOMER,
        store_id=STORE,
        staff_id=ANN,
        occurred_at=AT,
    )


def test_nobody_known_and_goods_make_no_visit() -> None:
    assert [one.visit for one in (draft(GOODS), draft(SERVICE, customer=None), draft(SERVICE, customer="WALK_IN"))] == [
        None,
        None,
        None,
    ]
    assert draft(SERVICE, customer="WALK_IN").entry() is None


def test_one_line_tells_of_a_visit_what_many_would() -> None:
    key = (CUSTOMER, STORE, date(2026, 3, 1))
    told = Evidence(at=AT, staff_id=ANN, product_id=CUT)
    assert told_by([draft(SERVICE)]) == told_by([draft(SERVICE), draft(SERVICE, SERVICE)]) == {key: told}
